"""Each judgement with its limit and its time, and how each fault ends."""

from __future__ import annotations

import pytest

from hal.contract import FaultRef
from hal.core.faults.ledger import FaultLedger
from hal.core.persistent_state import PersistentState
from tests.hal.core.bench import Bench


def test_did_not_close_350_ms_after_the_command() -> None:
    bench = Bench().offered()
    bench.mirror_follows = False
    bench.car = "C"
    bench.until(lambda b: b.closed(), 1.0)
    bench.run(0.33)
    assert bench.closed()
    bench.run(0.04)
    assert not bench.closed()
    assert bench.faults == ["did_not_close"]


def test_a_mirror_contact_that_bounces_for_100_ms_is_not_judged() -> None:
    bench = Bench().offered()
    bench.mirror_follows = False
    bench.car = "C"
    bench.until(lambda b: b.closed(), 1.0)
    bench.run(0.3)
    bench.mirror_closed = True
    bench.run(1.0)
    assert bench.closed()
    assert bench.faults == []


def test_welded_350_ms_after_the_command_and_only_a_person_clears_it() -> None:
    bench = Bench().charging()
    bench.mirror_follows = False
    bench.car = "B"
    bench.until(lambda b: not b.closed(), 0.1)
    bench.run(0.33)
    assert bench.faults == []
    bench.run(0.04)
    assert bench.faults == ["welded"]
    assert bench.pilot() == "x1"
    bench.mirror_closed, bench.car = False, "A"
    bench.run(40.0, dt_s=0.02)
    assert bench.faults == ["welded"]


def test_welded_at_the_start() -> None:
    bench = Bench()
    bench.mirror_closed, bench.mirror_follows = True, False
    bench.run(0.4)
    assert bench.faults == ["welded"]


def test_welded_by_current_3_s_after_opening() -> None:
    bench = Bench().charging()
    bench.current_a = 16.0
    bench.car = "B"
    bench.until(lambda b: not b.closed(), 0.1)
    bench.run(2.9)
    assert bench.faults == []
    bench.run(0.2)
    assert bench.faults == ["welded"]


def test_current_of_an_old_reading_or_of_half_an_ampere_is_no_weld() -> None:
    bench = Bench().charging()
    bench.current_a, bench.reading_at_s = 16.0, bench.now_s
    bench.car = "B"
    bench.run(6.0)
    bench.current_a, bench.reading_at_s = 0.5, None
    bench.run(1.0)
    assert "welded" not in bench.faults


@pytest.mark.parametrize("low_v", [-8.8, -10.4, -1.6])
def test_diode_missing_after_100_ms(low_v: float) -> None:
    bench = Bench().charging()
    bench.low_v = low_v
    bench.run(0.09)
    assert bench.faults == []
    bench.run(0.04)
    assert not bench.closed()
    assert bench.faults == ["diode_missing"]
    bench.low_v = -11.9
    bench.run(5.0)
    assert bench.faults == ["diode_missing"]
    bench.unplug().run(0.2)
    assert bench.faults == []


@pytest.mark.parametrize("low_v", [-9.5, -5.0, 0.0, -14.5])
def test_a_low_side_that_no_diode_leaves_opens_at_the_second_sample(low_v: float) -> None:
    bench = Bench().charging()
    bench.low_v = low_v
    bench.tick()
    assert bench.closed()
    bench.tick()
    assert not bench.closed()
    assert "diode_seen" in bench.view().withheld_by or bench.faults == []


def test_the_low_side_means_nothing_in_x1() -> None:
    bench = Bench()
    bench.limit_a = 0.0
    bench.plug_in().run(5.0)
    assert bench.faults == []


def test_the_low_side_is_not_judged_just_after_a_duty_change() -> None:
    bench = Bench().run(5.0).plug_in()
    bench.low_v = -8.8
    bench.until(lambda b: b.pilot() == 16.0, 1.0)
    bench.run(0.11)
    assert bench.faults == []
    bench.run(0.02)
    assert bench.faults == ["diode_missing"]


def test_above_13_5_v_for_100_ms_clears_itself_a_second_later() -> None:
    bench = Bench().run(5.0)
    bench.high_v = 13.6
    bench.run(0.09)
    assert bench.faults == []
    bench.run(0.04)
    assert bench.faults == ["pilot_out_of_range"]
    bench.high_v = 13.5
    bench.run(0.95)
    assert bench.faults == ["pilot_out_of_range"]
    bench.run(0.1)
    assert bench.faults == []


@pytest.mark.parametrize(("state", "fault"), [("D", "ventilation"), ("E", "pilot_short")])
def test_d_and_e_are_faults_after_500_ms(state: str, fault: str) -> None:
    bench = Bench().offered()
    bench.car = "D" if state == "D" else "E"
    bench.run(0.5)
    assert bench.faults == []
    assert bench.pilot() == "x1"
    bench.run(0.05)
    assert bench.faults == [fault]


def test_an_implausible_plug_is_a_fault_after_500_ms() -> None:
    bench = Bench().run(5.0).plug_in(ohm=40.0)
    bench.run(0.5)
    assert bench.faults == []
    bench.run(0.05)
    assert bench.faults == ["proximity_implausible"]


def test_over_current_for_7_s() -> None:
    bench = Bench().charging()
    bench.run(5.0)
    bench.current_a = 18.2
    bench.run(6.95)
    assert bench.closed()
    bench.run(0.1)
    assert not bench.closed()
    assert bench.faults == ["over_current"]


def test_10_percent_and_half_an_ampere_are_allowed() -> None:
    bench = Bench().charging()
    bench.current_a = 18.05
    bench.run(10.0)
    assert bench.closed()


def test_a_car_has_5_s_to_follow_a_reduction() -> None:
    bench = Bench().charging()
    bench.run(6.0)
    bench.current_a = 16.0
    bench.limit_a = 10.0
    bench.run(11.9)
    assert bench.closed()
    bench.run(0.2)
    assert bench.faults == ["over_current"]


def test_readings_over_3_s_old_are_no_over_current() -> None:
    bench = Bench().charging()
    bench.run(5.0)
    bench.current_a = 20.0
    bench.run(4.0)
    bench.reading_at_s = bench.now_s
    bench.run(3.2)
    bench.reading_at_s = None
    bench.run(2.6)
    assert bench.closed()
    bench.run(0.6)
    assert bench.faults == ["meter_lost", "over_current"]


def test_a_temperature_fault_does_not_open() -> None:
    bench = Bench().charging()
    bench.contacts_c = 75.0
    bench.run(2.0)
    assert bench.closed()
    assert bench.faults == ["over_temperature"]


def test_a_lock_that_fails_is_a_fault_until_unplugged() -> None:
    bench = Bench().run(5.0)
    bench.lock_follows = False
    bench.plug_in().run(30.0, dt_s=0.02)
    assert bench.faults == ["lock_failed"]
    bench.unplug().run(0.3)
    assert bench.faults == []


def test_a_bolt_that_does_not_come_back_is_only_reported() -> None:
    bench = Bench().offered()
    bench.lock_follows = False
    bench.car = "A"
    bench.run(30.0, dt_s=0.02)
    assert bench.faults == ["unlock_failed"]
    assert "no_fault" not in bench.view().withheld_by


def test_occurrences_rise() -> None:
    bench = Bench().run(5.0)
    for occurrence in (1, 2, 3):
        bench.residual_current()
        assert bench.view().faults[0].occurrence == occurrence
        bench.rcm_healthy = True
        bench.run(0.2)


def test_a_person_clears_no_other_kind() -> None:
    ledger = FaultLedger(PersistentState(), 0.0)
    ledger.add("diode_missing", 1.0)
    ledger.clear([FaultRef("diode_missing", 1)], set())
    assert ledger.stands("diode_missing")


@pytest.mark.parametrize("low_v", [-1.4, 0.0])
def test_no_low_side_at_all_is_the_boxs_own_fault(low_v: float) -> None:
    bench = Bench().charging()
    bench.low_v = low_v
    bench.run(0.09)
    assert not bench.closed()
    assert bench.faults == []
    bench.run(0.05)
    assert bench.faults == ["pilot_circuit"]


def test_a_low_side_that_stays_in_x1_after_200_and_100_ms() -> None:
    bench = Bench().charging()
    bench.shows_low_v = -11.9
    bench.run(5.0)
    assert bench.closed()
    bench.limit_a = 0.0
    bench.run(0.28)
    assert bench.faults == []
    bench.run(0.05)
    assert bench.faults == ["pilot_circuit"]
    assert not bench.closed()


def test_a_low_side_that_has_decayed_to_3_v_is_well() -> None:
    bench = Bench()
    bench.shows_low_v = -2.9
    bench.limit_a = 0.0
    bench.plug_in().run(5.0)
    assert bench.faults == []


def test_below_minus_13_5_v_for_100_ms_is_out_of_range() -> None:
    bench = Bench().charging()
    bench.low_v = -13.6
    bench.run(0.09)
    assert bench.closed()
    bench.run(0.04)
    assert bench.faults == ["pilot_out_of_range"]


def test_a_pilot_that_is_not_measured_for_50_ms_opens() -> None:
    bench = Bench().charging()
    bench.cp_age_s = 0.04
    bench.tick()
    assert bench.closed()
    bench.cp_age_s = 0.06
    bench.tick()
    assert not bench.closed()
    assert bench.faults == ["pilot_circuit"]


def test_three_readings_that_fail_open() -> None:
    bench = Bench().charging()
    bench.cp_age_s = 0.01
    bench.run(0.02)
    assert bench.closed()
    bench.tick()
    assert not bench.closed()
    assert bench.faults == ["pilot_circuit"]


def test_a_converter_that_does_not_measure_opens_at_once() -> None:
    bench = Bench().charging()
    bench.cp_alive = False
    bench.tick()
    assert not bench.closed()
    assert bench.faults == ["pilot_circuit"]


def test_a_residual_current_for_30_ms() -> None:
    bench = Bench().charging()
    for _ in range(10):
        bench.rcm_healthy = False
        bench.run(0.02)
        bench.rcm_healthy = True
        bench.run(0.08)
    assert bench.closed()
    bench.rcm_healthy = False
    bench.run(0.03)
    assert not bench.closed()
    assert bench.faults == ["rcm_trip"]


def test_a_meter_without_a_reading_for_3_s_is_reported() -> None:
    bench = Bench().charging()
    bench.reading_at_s = bench.now_s
    bench.run(3.0)
    assert bench.faults == []
    bench.run(0.05)
    assert bench.faults == ["meter_lost"]
    assert bench.closed()
    bench.reading_at_s = None
    bench.run(10.0)
    assert bench.faults == ["meter_lost"]
    bench.run(1.1)
    assert bench.faults == []


def test_a_meter_that_comes_and_goes_is_one_loss_until_it_was_well_for_10_s() -> None:
    bench = Bench().charging()
    bench.current_a = None
    bench.tick()
    since_s = bench.view().faults[0].since_s
    for _ in range(5):
        bench.current_a = 0.0
        bench.run(9.9, dt_s=0.02)
        bench.current_a = None
        bench.run(0.1)
    assert [(fault.id, fault.since_s) for fault in bench.view().faults] == [("meter_lost", since_s)]


def test_a_meter_that_goes_silent_is_reported() -> None:
    bench = Bench().charging()
    bench.current_a = None
    bench.tick()
    assert bench.faults == ["meter_lost"]


def test_a_meter_that_was_never_there_is_missed_after_30_s() -> None:
    bench = Bench()
    bench.current_a = None
    bench.run(29.9, dt_s=0.02)
    assert bench.faults == []
    bench.run(0.2)
    assert bench.faults == ["meter_lost"]


def test_a_meter_is_missed_3_s_after_the_instruments_have_spoken_first() -> None:
    """The readings are missed, whoever is silent: the meter, or later `hal.instruments` itself."""
    bench = Bench()
    bench.current_a = None
    bench.run(5.0)
    bench.instruments_speak = True
    bench.run(2.9)
    assert bench.faults == []
    bench.instruments_speak = False
    bench.run(0.2)
    assert bench.faults == ["meter_lost"]


def test_the_first_reading_is_believed_at_once() -> None:
    bench = Bench()
    bench.current_a = None
    bench.instruments_speak = True
    bench.run(2.0)
    bench.current_a = 0.0
    bench.run(5.0)
    assert bench.faults == []


def test_a_reader_stays_lost_while_the_instruments_restart() -> None:
    bench = Bench().charging()
    bench.reader_healthy = False
    bench.run(3.1)
    bench.reader_healthy = None  # nobody says anything
    bench.run(5.0)
    assert bench.faults == ["reader_lost"]
    bench.reader_healthy = True
    bench.run(1.1)
    assert bench.faults == []


def test_a_reader_that_nobody_speaks_of_is_not_lost() -> None:
    bench = Bench().charging()
    bench.reader_healthy = False
    bench.run(2.0)
    bench.reader_healthy = None
    bench.run(5.0)
    assert bench.faults == []


def test_what_the_instruments_say_is_reported_and_opens_nothing() -> None:
    bench = Bench().charging()
    bench.meter_implausible = bench.under_voltage = True
    bench.reader_healthy = bench.state_kept = False
    bench.run(2.9)
    assert set(bench.faults) == {"meter_implausible", "under_voltage", "state_not_kept"}
    bench.run(0.2)
    assert set(bench.faults) == {"meter_implausible", "under_voltage", "state_not_kept", "reader_lost"}
    assert bench.closed()
    bench.meter_implausible = bench.under_voltage = False
    bench.reader_healthy = bench.state_kept = True
    bench.run(1.1)
    assert bench.faults == []


def test_a_mirror_contact_that_drops_while_closed_opens_at_the_third_sample() -> None:
    bench = Bench().charging()
    bench.mirror_follows, bench.mirror_closed = False, False
    bench.run(0.02)
    assert bench.closed()
    bench.tick()
    assert not bench.closed()
    assert bench.faults == ["did_not_close"]
