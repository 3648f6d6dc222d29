"""Each reason to open at once, alone, and the 6 s that an ended offer leaves the car."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hal.contract import Vehicle
from hal.core.rules import BoxRules
from tests.hal.core.bench import FIXED, NO_PLUG_OHM, QUICK, Bench, wish

TWO_SAMPLES_S = 0.02


@pytest.mark.parametrize("state", ["A", "B", "D", "E"])
def test_opens_at_the_second_sample_outside_c(state: Vehicle) -> None:
    """IEC 61851-1 Table A.6 sequence 8.1: 100 ms; two samples of 10 ms are its share here."""
    bench = Bench().charging()
    bench.car = state
    bench.tick()
    assert bench.closed()
    bench.tick()
    assert not bench.closed()


def test_two_different_states_outside_c_open_too() -> None:
    bench = Bench().charging()
    bench.car = "D"
    bench.tick()
    bench.car = "E"
    bench.tick()
    assert not bench.closed()


def test_a_single_sample_outside_c_does_not_open() -> None:
    bench = Bench().charging()
    for car in ("A", "B", "D", "E"):
        for _ in range(50):
            bench.car = car
            bench.tick()
            bench.car = "C"
            bench.run(0.09)
    assert bench.closed()


def test_a_fault_opens_at_once() -> None:
    bench = Bench().charging()
    bench.late_s = 0.5
    bench.tick()
    assert not bench.closed()
    assert bench.faults == ["loop_late"]
    assert bench.view().counters.openings_under_load == 1


def test_a_lost_plug_opens() -> None:
    bench = Bench().charging()
    bench.pp_ohm = NO_PLUG_OHM
    bench.run(TWO_SAMPLES_S)
    assert not bench.closed()
    assert bench.faults == ["plug_lost"]


def test_a_lost_lock_opens() -> None:
    bench = Bench().charging()
    bench.lock_closed, bench.lock_follows = False, False
    bench.run(TWO_SAMPLES_S)
    assert not bench.closed()
    assert bench.faults == ["lock_opened"]


def test_one_sample_of_a_lost_lock_does_not_open() -> None:
    bench = Bench().charging()
    bench.lock_closed, bench.lock_follows = False, False
    bench.tick()
    bench.lock_closed = True
    bench.run(0.1)
    assert bench.closed()


def test_a_lost_rating_opens() -> None:
    bench = Bench().charging()
    bench.pp_ohm = 40.0
    bench.run(TWO_SAMPLES_S)
    assert not bench.closed()
    assert bench.faults == ["rating_lost"]


def test_a_normal_unplug_is_no_fault() -> None:
    bench = Bench().charging()
    bench.pp_ohm, bench.car = NO_PLUG_OHM, "A"
    bench.run(0.1)
    assert not bench.closed()
    assert bench.faults == []


def test_an_ended_offer_leaves_the_car_6_s() -> None:
    """IEC 61851-1 Table A.6 sequence 10.2."""
    bench = Bench().charging()
    bench.limit_a = 0.0
    bench.tick()
    assert bench.pilot() == "x1"
    bench.run(5.9)
    assert bench.closed()
    bench.run(0.15)
    assert not bench.closed()
    assert bench.view().counters.openings_under_load == 1


def test_a_car_that_leaves_c_after_x1_opens_without_load() -> None:
    bench = Bench().charging()
    bench.limit_a = None
    bench.run(2.0)
    bench.car = "B"
    bench.run(TWO_SAMPLES_S)
    assert not bench.closed()
    assert bench.view().counters.openings_under_load == 0


def test_a_wish_lapses() -> None:
    bench = Bench().charging()
    bench.asks = wish(16.0, until_s=bench.now_s + 1.0)
    bench.run(0.98)
    assert bench.pilot() == 16.0
    bench.run(0.04)
    assert bench.pilot() == "x1"


def test_a_wish_lives_for_60_s_at_most() -> None:
    bench = Bench().charging()
    bench.asks = wish(16.0, until_s=bench.now_s + 1000.0)
    bench.run(59.9, dt_s=0.02)
    assert bench.pilot() == 16.0
    bench.run(0.2)
    assert bench.pilot() == "x1"


def test_stop_offers_nothing_for_good_and_opens_after_6_s() -> None:
    """SIGTERM."""
    bench = Bench().charging()
    bench.evse.stop()
    bench.tick()
    assert bench.pilot() == "x1"
    assert bench.closed()
    bench.run(6.1)
    assert not bench.closed()
    bench.car = "B"
    bench.run(1.0)
    bench.car = "C"
    bench.run(10.0, dt_s=0.02)
    assert bench.pilot() == "x1"
    assert "wish" in bench.view().withheld_by


def test_a_resumed_offer_keeps_the_contactor() -> None:
    bench = Bench().charging()
    bench.limit_a = 0.0
    bench.run(1.0)
    bench.limit_a = 16.0
    bench.run(6.0)
    assert bench.closed()
    assert bench.pilot() == 16.0


def test_a_late_tick_opens_while_closed_only() -> None:
    bench = Bench().offered()
    bench.late_s = 0.5
    bench.run(0.1)
    assert bench.faults == []
    bench.late_s = 0.0
    bench.car = "C"
    bench.until(lambda b: b.closed(), 1.0)
    bench.late_s = 0.1
    bench.run(0.1)
    assert bench.closed()
    bench.late_s = 0.101
    bench.tick()
    assert not bench.closed()
    assert bench.faults == ["loop_late"]


def test_a_fault_that_opens_in_c2_shows_f_for_300_ms_then_x1() -> None:
    """IEC 61851-1 Table A.5."""
    bench = Bench().charging()
    bench.late_s = 0.5
    bench.tick()
    assert bench.pilot() == "F"
    bench.run(0.29)
    assert bench.pilot() == "F"
    assert bench.view().vehicle == "C"
    bench.run(0.02)
    assert bench.pilot() == "x1"
    bench.run(0.1)
    assert bench.view().vehicle == "C"


def test_f_after_a_fault_can_be_left_out() -> None:
    bench = Bench(replace(QUICK, fault_f_s=0.0)).charging()
    bench.late_s = 0.5
    assert bench.tick().pilot == "x1"


def test_a_box_with_a_fixed_cable_needs_neither_lock_nor_proximity() -> None:
    bench = Bench(FIXED).charging()
    assert bench.drive.lock_motor is None
    assert bench.view().lock is None
    assert bench.view().cable_rating_a == 20.0
    bench.limit_a = 32.0
    bench.run(6.0)
    assert bench.pilot() == 20.0
    assert bench.view().limited_by == "cable"


def test_the_opening_is_measured_to_the_mirror_contact() -> None:
    bench = Bench().charging()
    bench.mirror_follows = False
    bench.car = "B"
    bench.until(lambda b: not b.closed(), 0.1)
    bench.run(0.04)
    bench.mirror_closed = False
    bench.tick()
    assert bench.view().counters.last_open_ms == pytest.approx(50.0)


def test_a_person_clears_only_that_occurrence_and_only_when_the_cause_is_gone() -> None:
    bench = Bench().charging()
    bench.mirror_follows = False
    bench.car = "B"
    bench.run(1.0)
    assert bench.faults == ["welded"]
    bench.asks = bench.clearing("welded", 1)
    bench.tick()
    assert bench.faults == ["welded"]
    bench.mirror_closed = False
    bench.asks = bench.clearing("welded", 2)
    bench.run(0.1)
    assert bench.faults == ["welded"]
    bench.asks = bench.clearing("welded", 1)
    bench.tick()
    assert bench.faults == []


@pytest.mark.parametrize("rules", [QUICK, FIXED])
def test_a_trip_outlasts_a_loose_pilot(rules: BoxRules) -> None:
    """Until the plug is gone: socket: no plug, too; fixed cable: A for 2 s."""
    bench = Bench(rules).charging()
    bench.rcm_healthy = True
    bench.residual_current()
    bench.rcm_healthy = True
    bench.car = "A"
    bench.run(1.9)
    assert bench.faults == ["rcm_trip"]
    bench.car = "C"
    bench.run(5.0)
    assert bench.faults == ["rcm_trip"]
    bench.unplug().run(2.3)
    assert bench.faults == []


def test_a_pilot_shorted_to_its_supply_is_no_unplugging() -> None:
    bench = Bench(FIXED).charging()
    bench.rcm_healthy = True
    bench.residual_current()
    bench.rcm_healthy = True
    bench.high_v = 15.0
    bench.run(5.0)
    assert bench.faults == ["rcm_trip", "pilot_out_of_range"]
    bench.high_v, bench.car = None, "B"
    bench.run(5.0)
    assert bench.faults == ["rcm_trip"]
    bench.unplug().run(2.3)
    assert bench.faults == []


def test_a_tick_late_by_more_than_its_share_judges_by_its_own_sample() -> None:
    bench = Bench().charging()
    bench.late_s = 0.031
    bench.run(0.5)
    assert bench.closed()
    bench.car = "B"
    bench.tick()
    assert not bench.closed()
    assert bench.faults == []
