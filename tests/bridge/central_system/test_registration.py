"""OCPP 1.6 4.2: whether we are accepted, and when to ask again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bridge.central_system.registration import Registration
from bridge.core.now import Now


def now(at_s: float) -> Now:
    return Now(at_s, datetime(2026, 1, 1, tzinfo=UTC))


def asked(at_s: float = 100.0) -> Registration:
    registration = Registration()
    registration.connected()
    assert registration.due(now(at_s))
    registration.asked(now(at_s))
    return registration


def test_silence_and_callerror_are_asked_again_after_120_s() -> None:
    registration = asked()
    assert not registration.due(now(219.9))
    assert registration.due(now(220.0))


def test_silence_and_callerror_are_asked_again_on_each_new_connection() -> None:
    registration = asked()
    registration.connected()
    assert registration.due(now(101.0))


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@pytest.mark.parametrize(("interval_s", "again_s"), [(30, 130.0), (0, 220.0), (3600, 3700.0)])
def test_an_interval_is_kept_over_new_connections(status: str, interval_s: int, again_s: float) -> None:
    registration = asked()
    registration.answered(status, interval_s, now(100.0))
    registration.connected()
    assert not registration.due(now(again_s - 0.1))
    assert registration.due(now(again_s))


@pytest.mark.parametrize(
    ("status", "accepted", "answers"),
    [("Accepted", True, True), ("Pending", False, True), ("Rejected", False, False)],
)
def test_what_each_answer_allows(status: str, accepted: bool, answers: bool) -> None:
    registration = asked()
    registration.answered(status, 60, now(100.0))
    assert (registration.accepted, registration.answers) == (accepted, answers)


def test_before_any_answer_calls_are_answered_and_nothing_is_sent() -> None:
    registration = asked()
    assert (registration.accepted, registration.answers) == (False, True)


def test_accepted_is_never_asked_again() -> None:
    registration = asked()
    registration.answered("Accepted", 10, now(100.0))
    registration.connected()
    assert not registration.due(now(1e9))


@pytest.mark.parametrize(
    ("status", "interval_s", "rest_s"),
    [("Rejected", 60, None), ("Rejected", 61, 61.0), ("Rejected", 0, 120.0), ("Pending", 600, None)],
)
def test_only_a_rejection_for_more_than_60_s_is_waited_out_without_a_link(
    status: str, interval_s: int, rest_s: float | None
) -> None:
    registration = asked()
    registration.answered(status, interval_s, now(100.0))
    assert registration.rest_s(now(100.0)) == rest_s


def test_a_triggered_answer_counts_like_any_other() -> None:
    registration = asked()
    registration.answered("Accepted", 60, now(100.0))
    registration.answered("Rejected", 600, now(200.0))
    assert not registration.answers
    assert registration.rest_s(now(200.0)) == 600.0
