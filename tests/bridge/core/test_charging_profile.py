"""One charging profile, by tables: what it says, from when and until when, and what watts come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bridge.core.charging_profile import NEVER, ChargingProfile, Mains, Period, Span, moment

T = 1_767_225_600  # 2026-01-01T00:00:00Z
DAY_S = 86_400
THREE = (Period(0, 10.0), Period(100, 6.0), Period(200, 0.0))
TEN, SIX, NOTHING = THREE
MAINS = Mains(3, 230.0)


def profile(**changed: Any) -> ChargingProfile:
    fields = {
        "profile_id": 1, "connector_id": 1, "purpose": "TxDefaultProfile", "stack_level": 0,
        "kind": "Absolute", "unit": "A", "periods": THREE, "received_at": T,
    }  # fmt: skip
    return ChargingProfile(**{**fields, **changed})


@pytest.mark.parametrize(
    ("elapsed_s", "period", "until_s"),
    [(-1, None, 0), (0, TEN, 100), (99, TEN, 100), (100, SIX, 200), (199, SIX, 200), (200, NOTHING, NEVER)],
)
def test_periods_begin_in_their_second_and_the_last_goes_on(
    elapsed_s: int, period: Period | None, until_s: float
) -> None:
    assert profile(start_at=T).span(0, T + elapsed_s) == Span(period, T + until_s)


@pytest.mark.parametrize(
    ("elapsed_s", "period", "until_s"), [(100, SIX, 150), (149, SIX, 150), (150, None, NEVER)]
)
def test_a_duration_ends_the_schedule(elapsed_s: int, period: Period | None, until_s: float) -> None:
    assert profile(start_at=T, duration_s=150).span(0, T + elapsed_s) == Span(period, T + until_s)


@pytest.mark.parametrize(
    ("elapsed_s", "period", "until_s"),
    [
        (-1, None, 0),  # the first recurrence is startSchedule: nothing before it
        (0, TEN, 100),
        (300, NOTHING, DAY_S),
        (DAY_S - 1, NOTHING, DAY_S),
        (DAY_S, TEN, DAY_S + 100),
        (10 * DAY_S + 150, SIX, 10 * DAY_S + 200),
    ],
)
def test_what_recurs_begins_anew_each_day(elapsed_s: int, period: Period | None, until_s: float) -> None:
    daily = profile(kind="Recurring", recurrency="Daily", start_at=T)
    assert daily.span(0, T + elapsed_s) == Span(period, T + until_s)
    longer = profile(kind="Recurring", recurrency="Daily", start_at=T, duration_s=DAY_S + 50)
    assert longer.span(0, T + elapsed_s) == Span(period, T + until_s), "cut at the recurrence"


def test_a_recurring_schedule_that_is_shorter_leaves_a_gap_until_the_next() -> None:
    weekly = profile(kind="Recurring", recurrency="Weekly", start_at=T, duration_s=150)
    assert weekly.span(0, T + 7 * DAY_S + 149) == Span(SIX, T + 7 * DAY_S + 150)
    assert weekly.span(0, T + 7 * DAY_S + 150) == Span(None, T + 14 * DAY_S)


def test_what_recurs_without_a_start_begins_at_its_receipt_and_again_each_day() -> None:
    daily = profile(kind="Recurring", recurrency="Daily", duration_s=150)
    assert daily.span(0, T) == Span(TEN, T + 100)
    assert daily.span(0, T + 150) == Span(None, T + DAY_S)
    assert daily.span(0, T + DAY_S + 100) == Span(SIX, T + DAY_S + 150)


def test_relative_counts_from_where_it_is_told_and_absolute_without_a_start_from_its_receipt() -> None:
    assert profile(kind="Relative").span(T + 50, T + 160) == Span(SIX, T + 250)
    assert profile(kind="Relative", start_at=T).span(T + 50, T + 160) == Span(SIX, T + 250)
    assert profile().span(T + 50, T + 160) == Span(SIX, T + 200)


def test_a_clock_that_is_set_back_leaves_what_has_begun_in_its_first_second() -> None:
    assert profile(kind="Relative").span(T + 50, T) == Span(TEN, T + 100)
    assert profile().span(0, T - 3600) == Span(TEN, T - 3500)


def test_valid_to_is_exclusive_and_valid_from_inclusive() -> None:
    bounded = profile(start_at=T, valid_from=T + 50, valid_to=T + 120)
    assert bounded.span(0, T + 49) == Span(None, T + 50)
    assert bounded.span(0, T + 50) == Span(TEN, T + 100)
    assert bounded.span(0, T + 119) == Span(SIX, T + 120)
    assert bounded.span(0, T + 120) == Span(None, NEVER)


@pytest.mark.parametrize(
    ("watts", "number_phases", "mains", "limit_a"),
    [
        (4140.0, None, MAINS, 6.0),
        (4139.9, None, MAINS, 5.9),
        (11_109.0, 3, MAINS, 16.1),  # 16.1 has no exact binary form
        (3680.0, 1, MAINS, 16.0),
        (3680.0, None, Mains(1, 230.0), 16.0),  # never more phases than are wired
        (3680.0, 3, Mains(1, 230.0), 16.0),
        (11_040.0, None, Mains(3, 240.0), 15.3),
        (0.0, None, MAINS, 0.0),
    ],
)
def test_watts_become_amps_rounded_down(
    watts: float, number_phases: int | None, mains: Mains, limit_a: float
) -> None:
    assert Period(0, watts, number_phases).limit_a("W", mains) == limit_a


@pytest.mark.parametrize("deci_volts", [2300, 2317, 2194, 2409])
def test_every_whole_ampere_comes_back_from_its_watts(deci_volts: int) -> None:
    for amps in range(81):
        for phases in (1, 3):
            watts = amps * phases * deci_volts / 10
            assert Period(0, watts, phases).limit_a("W", Mains(3, deci_volts / 10)) == amps


def test_amps_are_taken_as_they_are() -> None:
    assert Period(0, 13.7, 1).limit_a("A", MAINS) == 13.7


def test_the_same_id_or_the_same_place_is_replaced() -> None:
    new = profile(profile_id=1, stack_level=2)
    assert new.replaces(profile(profile_id=1, purpose="ChargePointMaxProfile", connector_id=0))
    assert new.replaces(profile(profile_id=2, stack_level=2))
    assert not new.replaces(profile(profile_id=2, stack_level=3))
    assert not new.replaces(profile(profile_id=2, stack_level=2, connector_id=0))
    assert not new.replaces(profile(profile_id=2, stack_level=2, purpose="TxProfile"))


def test_a_moment_is_the_second_it_lies_in() -> None:
    assert moment(datetime(2026, 1, 1, tzinfo=UTC)) == T
    assert moment(datetime(2026, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC)) == T
    assert moment(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == T
    assert moment(datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-14)))) > T
    with pytest.raises(ValueError, match="no time zone"):
        moment(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
