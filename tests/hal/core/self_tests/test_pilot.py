"""The self test of the pilot: F, x1 and the time constant of its holds."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.contract import Vehicle
from hal.core.control_pilot.levels import is_pwm
from hal.core.rules import BoxRules
from hal.mock.plant.copper import Copper, Tolerance
from hal.mock.plant.plant import PlantSettings
from tests.hal.core.bench import FIXED, QUICK, Bench
from tests.hal.core.world import World, cheap


def _tested(bench: Bench) -> Bench:
    bench.until(lambda b: b.pilot() == "F", 1.0)
    return bench.run(3.0)


def test_the_start_shows_f_then_x1_then_10_percent_in_a() -> None:
    bench = Bench()
    assert bench.until(lambda b: b.pilot() == "F", 1.0) == pytest.approx(0.5, abs=0.05)
    assert bench.until(lambda b: b.pilot() == "x1", 1.0) == pytest.approx(0.3, abs=0.02)
    assert bench.until(lambda b: b.pilot() == 6.0, 1.0) == pytest.approx(0.8, abs=0.02)
    assert bench.view().pilot_offer == "x1"
    assert bench.until(lambda b: b.pilot() == "x1", 2.0) == pytest.approx(1.1, abs=0.02)
    for _ in range(1000):
        assert bench.tick().pilot == "x1"
    assert bench.faults == []


def test_its_pwm_is_no_offer() -> None:
    """Somebody who comes just then, asks at once and is believed is offered nothing before 3 s of x1."""
    bench = Bench(FIXED)
    bench.until(lambda b: is_pwm(b.pilot()), 2.0)
    bench.car = "C"
    bench.until(lambda b: b.pilot() == "x1", 0.07)
    for _ in range(295):
        assert bench.tick().pilot == "x1"
        assert not bench.closed()


def test_a_pilot_that_is_out_of_range_ends_the_test_and_makes_it_due() -> None:
    bench = Bench()
    bench.until(lambda b: is_pwm(b.pilot()), 2.0)
    bench.high_v = 15.0
    bench.until(lambda b: b.pilot() == "x1", 0.14)
    assert bench.faults == ["pilot_out_of_range"]
    for _ in range(300):
        assert bench.tick().pilot == "x1"
    bench.high_v = None
    bench.until(lambda b: b.pilot() == "F", 2.0)


def test_each_car_that_has_left_is_followed_by_a_test() -> None:
    bench = Bench().charging().unplug()
    assert bench.until(lambda b: b.pilot() == "F", 1.0) == pytest.approx(0.5, abs=0.1)
    bench.run(5.0)
    bench.plug_in().run(0.2)
    bench.unplug()
    bench.until(lambda b: b.pilot() == "F", 1.0)


def test_a_pilot_that_is_open_for_a_moment_is_not_tested() -> None:
    bench = Bench(FIXED).offered()
    bench.car = "A"
    for _ in range(99):
        assert bench.tick().pilot != "F"
    bench.car = "B"
    for _ in range(300):
        assert bench.tick().pilot != "F"


def test_a_car_postpones_the_test() -> None:
    bench = Bench()
    bench.limit_a = 0.0
    bench.plug_in()
    for _ in range(1000):
        assert bench.tick().pilot == "x1"
    bench.unplug()
    bench.until(lambda b: b.pilot() == "F", 1.0)


@pytest.mark.parametrize("f_low_v", [0.0, -10.7, -13.3])
def test_f_must_read_minus_12_v(f_low_v: float) -> None:
    bench = Bench()
    bench.f_low_v = f_low_v
    _tested(bench)
    assert bench.faults == ["pilot_circuit"]
    assert f"F reads {f_low_v:.2f} V" in bench.view().notes[0]
    bench.f_low_v = -12.0
    bench.run(7.0)
    assert bench.faults == ["pilot_circuit"]
    bench.run(6.0)
    assert bench.faults == []
    assert bench.view().notes == ()


@pytest.mark.parametrize(
    ("high_v", "faults"),
    [
        (10.7, ["pilot_circuit"]),
        (11.1, ["pilot_source"]),
        (11.3, []),
        (12.7, []),
        (12.9, ["pilot_source"]),
        (13.3, ["pilot_circuit"]),
    ],
)
def test_x1_must_read_12_v(high_v: float, faults: list[str]) -> None:
    bench = Bench()
    bench.until(lambda b: b.pilot() == "F", 1.0)
    bench.until(lambda b: b.pilot() == "x1", 1.0)
    bench.high_v = high_v
    bench.run(2.5)
    assert bench.faults == faults
    assert [f"x1 reads {high_v:.2f} V" in note for note in bench.view().notes] == [True] * len(faults)


def test_a_source_that_is_off_is_told_and_charges() -> None:
    bench = Bench()
    bench.f_low_v = -11.0
    bench.charging()
    assert bench.faults == ["pilot_source"]
    assert bench.closed()


@pytest.mark.parametrize("hold_s", [0.010, 0.014, 0.026, 0.030])
def test_a_time_constant_that_is_wrong_by_30_percent_is_refused_with_its_value(hold_s: float) -> None:
    bench = Bench()
    bench.hold_s = hold_s
    _tested(bench)
    assert bench.faults == ["pilot_circuit"]
    assert f"a time constant of {hold_s * 1000:.1f} ms, must be 16.0 to 24.0 ms" in bench.view().notes[0]


@pytest.mark.parametrize("hold_s", [0.018, 0.022])
def test_a_time_constant_that_is_wrong_by_10_percent_is_accepted(hold_s: float) -> None:
    bench = Bench()
    bench.hold_s = hold_s
    assert _tested(bench).faults == []


def test_another_time_constant_can_be_set() -> None:
    bench = Bench(replace(QUICK, hold_s=0.028))
    bench.hold_s = 0.028
    assert _tested(bench).faults == []


RULES = cheap(BoxRules(socket=True, installation_max_a=16.0))


def _faults_of(copper: Copper, seed: int) -> tuple[set[str], tuple[str, ...]]:
    world = World(RULES, PlantSettings(), copper=copper, seed=seed)
    world.run(4.0)
    view = world.evse.view()
    return {fault.id for fault in view.faults}, view.notes


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_000_000), st.booleans())
def test_every_good_circuit_passes(seed: int, rail: bool) -> None:
    """`rail`: a reference of 3 %, as the 3.3 V of the Pi; the source may be warned of."""
    drawn = Copper.drawn(Random(seed), Tolerance(reference=0.03 if rail else 0.002))
    faults, notes = _faults_of(replace(drawn, noise_v=0.02), seed)
    assert faults <= {"pilot_source"}, notes


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_000_000), st.sampled_from([0.5, 0.7, 1.3, 1.6]))
def test_a_circuit_with_another_time_constant_is_refused(seed: int, times: float) -> None:
    drawn = Copper.drawn(Random(seed), Tolerance(hold_tau=0.0))
    wrong = replace(drawn, high_tau_s=0.020 * times, low_tau_s=0.020 * times, noise_v=0.02)
    faults, notes = _faults_of(wrong, seed)
    assert "pilot_circuit" in faults
    assert "time constant" in notes[0]


@pytest.mark.parametrize("seed", range(10))
def test_a_missing_low_pass_is_named(seed: int) -> None:
    faults, notes = _faults_of(Copper(low_pass_s=0.0), seed)
    assert faults == {"pilot_circuit"}
    assert "100 nF" in notes[0]


@pytest.mark.parametrize("hum_hz", [50.0, 60.0])
def test_hum_of_1_volt_spoils_no_verdict(hum_hz: float) -> None:
    for phase_deg in range(0, 360, 40):
        hum = Copper(hum_v=1.0, hum_hz=hum_hz, hum_phase_deg=phase_deg)
        assert _faults_of(hum, phase_deg)[0] == set()


def test_f_must_pull_the_high_side_down() -> None:
    bench = Bench()
    bench.high_v = 12.0
    assert _tested(bench).faults == ["pilot_circuit"]


def test_a_low_side_that_decays_in_x1_is_no_failure() -> None:
    bench = Bench()
    bench.until(lambda b: b.pilot() == "F", 1.0)
    bench.until(lambda b: b.pilot() == "x1", 1.0)
    bench.shows_low_v = -2.0
    bench.run(0.15)
    bench.shows_low_v = 0.0
    bench.run(1.0)
    assert bench.faults == []


@pytest.mark.parametrize("car", ["B", "C"])
def test_a_car_that_comes_at_any_tick_of_the_test_gives_no_verdict(car: Vehicle) -> None:
    """Its first reading is 3 V or more below the others: in the last ticks it alone would fail the test."""
    bench = Bench()
    bench.until(lambda b: b.pilot() == "F", 1.0)
    for ticks in range(230):  # F, x1, PWM, and a little of what follows
        came = deepcopy(bench).plug_in()
        came.car = car
        came.run(0.3)
        assert came.faults == [], f"a car came {ticks} ticks after F began"
        bench.tick()


@pytest.mark.parametrize("after_s", [0.05, 0.25, 0.45, 0.95, 1.5, 2.2, 2.4])
def test_a_car_that_comes_in_the_test_is_offered_its_current(after_s: float) -> None:
    bench = Bench()
    bench.until(lambda b: b.pilot() == "F", 1.0)
    bench.run(after_s)
    bench.plug_in()
    bench.until(lambda b: b.pilot() == 16.0, 6.0)


def test_a_pilot_that_decays_passes_and_can_be_seen_to_fail() -> None:
    world = World(cheap(QUICK), PlantSettings())
    world.run(3.0)
    assert world.evse.view().faults == ()
    world.fault("minus_lost")
    world.evse.ask_for_test("pilot")
    world.run(3.0)
    assert [fault.id for fault in world.evse.view().faults] == ["pilot_circuit"]


def test_a_test_can_be_asked_for() -> None:
    bench = Bench().run(5.0)
    bench.evse.ask_for_test("pilot")
    bench.until(lambda b: b.pilot() == "F", 0.1)
    bench.run(2.0).plug_in().run(1.0)
    bench.evse.ask_for_test("pilot")
    for _ in range(100):
        assert bench.tick().pilot != "F"
