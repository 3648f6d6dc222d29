"""Energy by day: nothing is counted twice, nothing is lost, and what is uncertain says so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.local.history.days import GAP_S, Register, counted

DAY_S = 86_400.0


def register(at_s: float, energy_wh: int, serial: str | None = "A") -> Register:
    return Register(serial, energy_wh, at_s, f"day {int(at_s // DAY_S)}")


READINGS = st.lists(st.tuples(st.floats(1.0, 3 * DAY_S), st.integers(0, 500)), min_size=1, max_size=40)


@given(READINGS)
def test_every_wh_of_one_register_counts_once(steps: list[tuple[float, int]]) -> None:
    at_s, energy_wh, last, total_wh = 0.0, 1000, register(0.0, 1000), 0
    for passed_s, flowed_wh in steps:
        at_s, energy_wh = at_s + passed_s, energy_wh + flowed_wh
        now = register(at_s, energy_wh)
        parts = counted(last, now)
        total_wh += sum(part.energy_wh for part in parts)
        over_midnight = last.day != now.day and flowed_wh > 0 and passed_s > GAP_S
        assert all(part.whole for part in parts) is not over_midnight
        last = now
    assert total_wh == energy_wh - 1000


def test_the_first_day_is_not_whole() -> None:
    assert [part.whole for part in counted(None, register(5.0, 1000))] == [False]


def test_another_meter_and_another_count_add_nothing() -> None:
    before = register(0.0, 1000)
    for now in (register(60.0, 2000, "B"), register(60.0, 900), register(60.0, 900_000)):
        parts = counted(before, now)
        assert sum(part.energy_wh for part in parts) == 0
        assert not any(part.whole for part in parts)
