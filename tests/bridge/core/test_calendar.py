"""What time it is: who is believed, what is remembered, and that nothing without a date is a timestamp."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.calendar import BUILT_AT, CLOCK, LAST, Calendar, Seen
from bridge.core.now import SINCE_BOOT, Now, is_dated, timestamp
from bridge.core.reporting.clock_aligned_data import ClockAligned
from bridge.core.rows import Remembered

TRUTH = datetime(2026, 4, 17, 12, tzinfo=UTC)  # when the boot began
NEVER_SET = SINCE_BOOT


def seen(s: float, off: timedelta = timedelta(0), *, synchronized: bool = False) -> Seen:
    return Seen(s, TRUTH + timedelta(seconds=s) + off, synchronized)


def lost(s: float) -> Seen:
    return Seen(s, NEVER_SET + timedelta(seconds=s), synchronized=False)


def at(s: float) -> datetime:
    return TRUTH + timedelta(seconds=s)


def tell(calendar: Calendar, text: str, s: float = 10.0, *, accepted: bool = True) -> Now:
    return calendar.heard(text, calendar.now(lost(s)), accepted=accepted)


def test_the_clock_that_a_time_server_sets_is_right() -> None:
    calendar = Calendar("boot", None)
    assert calendar.now(seen(5.0, synchronized=True)) == Now(5.0, at(5))


def test_a_clock_that_nobody_set_is_not_asked() -> None:
    now = Calendar("boot", None).now(seen(5.0))
    assert now == Now(5.0, SINCE_BOOT + timedelta(seconds=5))
    assert not now.dated


@pytest.mark.parametrize("year", [1970, 2024, 2099, 2106])
def test_a_time_that_cannot_be_is_no_time_whoever_says_it(year: int) -> None:
    calendar, aligned = Calendar("boot", None), ClockAligned()
    for second in range(0, 121, 30):
        system = datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        now = calendar.now(Seen(float(second), system, synchronized=True))
        assert not calendar.heard(system.isoformat(), now, accepted=False).dated
        assert aligned.due(60, now.utc) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-17T12:00:10Z", "2026-04-17T12:00:10.000Z", "2026-04-17T12:00:10.0000000Z",
        "2026-04-17T14:00:10+02:00", "2026-04-17T12:00:10", "2026-04-17 07:00:10-0500",
    ],
)  # fmt: skip
def test_a_central_system_may_write_its_time_in_many_ways(text: str) -> None:
    calendar = Calendar("boot", None)
    assert tell(calendar, text) == Now(10.0, at(10))
    assert calendar.now(lost(70.0)) == Now(70.0, at(70))  # then CLOCK_MONOTONIC counts


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-45T99:99:99Z", "1776427210", "0001-01-01T00:00:00+14:00", "\0" * 50]
)
def test_garbage_is_said_once_and_never_fatal(text: str) -> None:
    calendar = Calendar("boot", None)
    assert not tell(calendar, text).dated
    assert not tell(calendar, text, 20.0).dated
    _, notes = calendar.drain()
    assert [note.split(" is not used")[0] for note in notes if "is not used" in note] == [
        f"the Central System's time {text[:40]!r}"
    ]
    assert len([note for note in notes if "NOBODY KNOWS THE TIME" in note]) == 1


def test_the_last_resort_is_loud_and_estimated_and_gives_way() -> None:
    calendar = Calendar("boot", None)
    now = calendar.heard("garbage", calendar.now(seen(10.0)), accepted=True)
    assert now == Now(10.0, at(10), estimated=True)
    assert any("NOBODY KNOWS THE TIME" in note for note in calendar.drain()[1])
    assert tell(calendar, "2026-04-17T12:30:20Z", 20.0) == Now(20.0, at(1820))


def test_whoever_has_not_accepted_us_is_no_reason_for_the_last_resort() -> None:
    calendar = Calendar("boot", None)
    assert not calendar.heard("garbage", calendar.now(seen(10.0)), accepted=False).dated


@pytest.mark.parametrize(("off_s", "reported"), [(60, 0), (-60, 0), (61, 1), (-61, 1), (3600, 1)])
def test_against_a_time_server_a_central_system_is_reported_not_used(off_s: int, reported: int) -> None:
    calendar = Calendar("boot", None)
    for s in (10.0, 20.0):
        now = calendar.now(seen(s, synchronized=True))
        assert calendar.heard(at(s + off_s).isoformat(), now, accepted=True) == now
    notes = calendar.drain()[1]
    assert len(notes) == reported
    assert all(f"differs by {abs(off_s)} s" in note and "2026-04-17 12:00:10" in note for note in notes)


def test_what_a_time_server_said_outlives_the_network_and_a_clock_that_is_set() -> None:
    calendar = Calendar("boot", None)
    calendar.now(seen(5.0, synchronized=True))
    assert calendar.now(seen(4000.0, timedelta(days=3650))) == Now(4000.0, at(4000))
    assert tell(calendar, "2027-01-01T00:00:00Z", 4100.0) == Now(4100.0, at(4100))


def test_a_restarted_program_knows_the_time_of_its_boot_and_of_no_other() -> None:
    calendar = Calendar("boot", None)
    tell(calendar, "2026-04-17T12:00:10Z")
    (change,), _ = calendar.drain()
    assert isinstance(change, Remembered)
    assert change.name == CLOCK
    assert Calendar("boot", change.value).now(lost(100.0)) == Now(100.0, at(100))
    assert not Calendar("another", change.value).now(lost(100.0)).dated


@pytest.mark.parametrize(
    "text", ["", "[]", "[1, 2, 3]", '["boot", "gossip", "2026-01-01T00:00:00+00:00", 1]']
)
def test_what_another_version_remembered_is_forgotten(text: str) -> None:
    assert not Calendar("boot", text).now(lost(1.0)).dated


def test_a_clock_that_runs_costs_one_write_and_one_that_jumps_another() -> None:
    calendar = Calendar("boot", None)
    for s in range(0, 100_000, 1000):
        calendar.now(seen(float(s), timedelta(milliseconds=s % 3000), synchronized=True))
    assert len(calendar.drain()[0]) == 1
    calendar.now(seen(100_000.0, timedelta(hours=1), synchronized=True))
    assert len(calendar.drain()[0]) == 1


clocks = st.builds(
    Seen,
    st.floats(0, 1e8),
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.booleans(),
)
words = st.text(max_size=30) | st.datetimes().map(lambda moment: moment.isoformat())


@given(st.lists(st.tuples(clocks, st.none() | words, st.booleans()), max_size=20))
def test_whatever_the_clocks_say_time_is_possible_or_unknown_and_once_known_stays(
    events: list[tuple[Seen, str | None, bool]],
) -> None:
    calendar, known = Calendar("boot", None), False
    for number, (clock, word, accepted) in enumerate(sorted(events, key=lambda event: event[0].s)):
        now = calendar.now(clock)
        if word is not None:
            now = calendar.heard(word, now, accepted=accepted)
        assert now.s == clock.s
        assert now.dated or (not known and now.utc == SINCE_BOOT + timedelta(seconds=clock.s)), number
        assert not now.dated or BUILT_AT <= now.utc < LAST + timedelta(days=1200)
        known = now.dated


@given(st.floats(0, 9e8))
def test_nothing_without_a_date_is_a_timestamp(since_boot_s: float) -> None:
    moment = SINCE_BOOT + timedelta(seconds=since_boot_s)
    assert not is_dated(moment)
    with pytest.raises(ValueError, match="after a boot is no timestamp"):
        timestamp(moment)


@given(st.floats(0, 1e7), st.floats(0, 1e7))
def test_a_moment_of_this_boot_gets_its_date_once(moment_s: float, now_s: float) -> None:
    now = Now(now_s, at(now_s))
    placed = now.place(SINCE_BOOT + timedelta(seconds=moment_s))
    assert abs(placed - at(moment_s)) <= timedelta(microseconds=2)
    assert now.place(placed) == placed
