"""What the pilot shows and when it may change."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.core.evse import _tenth_below
from tests.hal.core.bench import QUICK, Bench, wish


def test_x1_for_3_s_after_a_start() -> None:
    bench = Bench().plug_in()
    bench.run(2.95)
    assert bench.pilot() == "x1"
    bench.run(0.1)
    assert bench.pilot() == 16.0


def test_x1_for_3_s_between_two_offers() -> None:
    bench = Bench().offered()
    bench.limit_a = 0.0
    bench.tick()
    bench.limit_a = 16.0
    bench.run(2.95)
    assert bench.pilot() == "x1"
    bench.run(0.1)
    assert bench.pilot() == 16.0


def test_x1_is_never_delayed() -> None:
    bench = Bench().offered()
    bench.limit_a = 10.0
    assert bench.tick().pilot == 10.0
    bench.limit_a = 0.0
    assert bench.tick().pilot == "x1"


def test_a_reduction_is_immediate_and_an_increase_waits_5_s_from_the_last_change() -> None:
    bench = Bench().offered()
    bench.run(6.0)
    bench.limit_a = 10.0
    assert bench.tick().pilot == 10.0
    bench.limit_a = 20.0
    bench.run(4.95)
    assert bench.pilot() == 10.0
    bench.run(0.1)
    assert bench.pilot() == 20.0
    bench.limit_a = 10.0
    assert bench.tick().pilot == 10.0


def test_nothing_is_offered_in_a_or_without_a_car() -> None:
    bench = Bench().run(10.0)
    assert bench.pilot() == "x1"


def test_below_6_a_is_x1() -> None:
    bench = Bench().offered()
    bench.limit_a = 5.99
    assert bench.tick().pilot == "x1"


@pytest.mark.parametrize(
    ("ohm", "wished", "offered", "by"),
    [
        (1500, 32, 13.0, "cable"),
        (680, 32, 20.0, "cable"),
        (220, 99, 32.0, "cable"),
        (100, 11.19, 11.1, "wish"),
    ],
)
def test_the_least_limit_wins_and_is_named(ohm: float, wished: float, offered: float, by: str) -> None:
    bench = Bench().run(5.0)
    bench.limit_a = wished
    bench.plug_in(ohm).run(1.0)
    assert bench.pilot() == offered
    assert bench.view().limited_by == by


def test_the_installation_limits() -> None:
    bench = Bench(replace(QUICK, installation_max_a=16.0)).run(5.0)
    bench.limit_a = 32.0
    bench.plug_in().run(1.0)
    assert bench.pilot() == 16.0


def test_heat_lowers_the_offer_in_a_line_then_stops_it() -> None:
    bench = Bench().run(5.0)
    bench.limit_a = 32.0
    bench.contacts_c = 70.0
    bench.plug_in().run(1.0)
    assert bench.pilot() == 32.0
    bench.contacts_c = 77.5
    assert bench.tick().pilot == 19.0
    bench.contacts_c = 84.99
    assert bench.tick().pilot == 6.0
    bench.contacts_c = 85.0
    assert bench.tick().pilot == "x1"
    bench.contacts_c = 81.0
    bench.run(4.0)
    assert bench.pilot() == "x1"
    bench.contacts_c = 79.0
    bench.run(4.0)
    assert bench.pilot() == 16.4
    assert bench.faults == ["over_temperature"]
    bench.contacts_c = None
    bench.run(6.0)
    assert bench.pilot() == 16.4


def test_a_car_from_a_to_c_without_b_gets_10_a_in_this_plug_in() -> None:
    """IEC 61851-1 A.2.3."""
    bench = Bench().run(5.0)
    bench.pp_ohm, bench.car = 220.0, "C"
    bench.run(1.0)
    assert bench.pilot() == 10.0
    assert bench.view().limited_by == "simplified_pilot"
    bench.car = "B"
    bench.run(6.0)
    assert bench.pilot() == 10.0
    bench.unplug().run(2.0)
    bench.plug_in().run(4.0)
    assert bench.pilot() == 16.0


def test_a_start_beside_a_car_in_c_is_not_a_jump() -> None:
    bench = Bench()
    bench.pp_ohm, bench.car = 220.0, "C"
    bench.run(4.0)
    assert bench.pilot() == 16.0


def test_wake_up_once_after_30_s_of_x2_without_c() -> None:
    """IEC 61851-1 A.5.3: F for 4 s, x1, x2 again."""
    bench = Bench().run(5.0).plug_in()
    bench.until(lambda b: b.pilot() == 16.0, 1.0)
    assert bench.until(lambda b: b.pilot() == "F", 30.1) == pytest.approx(30.0, abs=0.03)
    assert bench.view().vehicle == "B"
    assert bench.until(lambda b: b.pilot() == "x1", 5.0) == pytest.approx(4.0, abs=0.03)
    assert bench.view().vehicle == "B"
    assert bench.until(lambda b: b.pilot() == 16.0, 5.0) == pytest.approx(3.0, abs=0.03)
    for _ in range(3500):
        assert bench.tick(0.02).pilot == 16.0


def test_a_relay_cuts_the_pilot_in_place_of_f() -> None:
    bench = Bench(replace(QUICK, has_cp_relay=True)).run(5.0).plug_in()
    bench.until(lambda b: b.pilot() == 16.0, 1.0)
    assert bench.until(lambda b: not b.drive.cp_connected, 30.1) == pytest.approx(30.0, abs=0.03)
    assert bench.pilot() == "x1"
    assert bench.until(lambda b: b.drive.cp_connected, 5.0) == pytest.approx(4.0, abs=0.03)
    assert bench.view().vehicle == "B"
    assert bench.until(lambda b: b.pilot() == 16.0, 5.0) == pytest.approx(3.0, abs=0.03)
    for _ in range(2000):
        assert bench.tick(0.02).cp_connected


def test_a_relay_closes_with_the_end_of_the_offer() -> None:
    bench = Bench(replace(QUICK, has_cp_relay=True)).offered()
    bench.until(lambda b: not b.drive.cp_connected, 31.0)
    bench.limit_a = 0.0
    assert bench.tick().cp_connected


def test_no_wake_up_once_the_car_was_in_c() -> None:
    bench = Bench().charging()
    bench.car = "B"
    for _ in range(2000):
        assert bench.tick(0.02).pilot == 16.0


def test_a_wake_up_ends_with_the_offer() -> None:
    bench = Bench().offered()
    bench.until(lambda b: b.pilot() == "F", 31.0)
    bench.limit_a = 0.0
    assert bench.tick().pilot == "x1"


@given(st.floats(min_value=6.0, max_value=80.0))
def test_a_tenth_below_is_never_above(amps: float) -> None:
    tenth = _tenth_below(amps)
    assert tenth <= amps
    assert amps - tenth < 0.1 + 1e-9
    assert tenth == pytest.approx(round(tenth * 10) / 10, abs=0)


def test_a_whole_tenth_stays_as_it_is() -> None:
    for tenths in range(60, 801):
        assert _tenth_below(tenths / 10) == tenths / 10


def test_an_unrated_plug_is_offered_nothing() -> None:
    bench = Bench().offered()
    bench.pp_ohm = 40.0
    bench.run(0.1)
    assert bench.pilot() == "x1"


def test_nothing_is_offered_in_a_with_a_locked_cable() -> None:
    bench = Bench().run(5.0)
    bench.pp_ohm = 220.0
    bench.asks = msgspec.structs.replace(wish(16.0, until_s=bench.now_s + 10.0), cable="permanent")
    bench.run(5.0)
    assert bench.view().lock == "locked"
    assert bench.pilot() == "x1"
