"""The real drivers on the mock's line map and PWM folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.core.signals import Drive, PilotOffer
from hal.mock.pi.board import BoardFactory
from hal.mock.pi.line_map import FILE_NAME, FLOATING, HIGH, LOW
from hal.safety.lines.lines import Lines, PilotOutput, Wiring, low_lines
from hal.safety.lines.pwm import PERIOD_NS, Pwm
from tests.hal.safety.rig import (
    BACKWARD,
    CONNECT,
    CONTACTOR,
    DIMMING,
    FEEDBACK,
    FIXED_BOX,
    FORWARD,
    FULL_BOX,
    MIRROR,
    RCM,
    RCM_TEST,
    STOP,
    TRIP,
    WATCHDOG,
    Rig,
)


@pytest.fixture
def rig(runtime_dir: Path) -> Iterator[Rig]:
    rig = Rig(runtime_dir)
    yield rig
    rig.close()


def duty_ns(rig: Rig) -> int:
    return rig.pwm.poll(rig.now_s).duty_ns


def test_claims_the_lines_safe(rig: Rig) -> None:
    outputs = [CONTACTOR, FORWARD, BACKWARD]
    assert [(rig.line_map.is_output(line), rig.line_map.driven_high(line)) for line in outputs] == [
        (True, False)
    ] * 3
    assert rig.pwm.wave.on
    assert rig.pwm.wave.duty_ns == rig.pwm.wave.period_ns == PERIOD_NS


@pytest.mark.parametrize(
    ("offer", "expected_ns"),
    [("x1", PERIOD_NS), ("F", 0), (6.0, 100_000), (16.0, 266_666), (32.0, 533_333)],
)
def test_pilot_shows_the_offer(rig: Rig, offer: PilotOffer, expected_ns: int) -> None:
    rig.lines.pilot.show(offer)
    assert duty_ns(rig) == pytest.approx(expected_ns, abs=1)


def test_pilot_never_shows_what_was_not_meant(rig: Rig) -> None:
    for offer in ("x1", 16.0, "x1", 6.0, 32.0, 13.0, "x1"):
        rig.lines.pilot.show(offer)
        rig.step(0.02)
    rig.lines.make_safe()
    rig.step(0.02)
    assert rig.pwm.violations == []


def test_pilot_writes_only_changes(rig: Rig, runtime_dir: Path) -> None:
    duty_file = runtime_dir / "pwm" / "pwmchip0" / "pwm0" / "duty_cycle"
    rig.lines.pilot.show(16.0)
    duty_file.write_text("untouched\n")
    rig.lines.pilot.show(16.0)
    assert duty_file.read_text() == "untouched\n"
    rig.lines.pilot.show("x1")
    assert duty_file.read_text().startswith("1000000\n")


def test_an_offer_below_6_amps_is_no_duty(rig: Rig) -> None:
    with pytest.raises(ValueError):
        rig.lines.pilot.show(3.0)


def test_reads_the_pilot(rig: Rig) -> None:
    assert rig.reads_v() == pytest.approx((12.0, 0.0), abs=0.03)
    rig.plant.plug_in()
    rig.lines.pilot.show(16.0)
    rig.step(0.5)
    assert rig.reads_v() == pytest.approx((rig.plant.cp_high_v, rig.plant.cp_low_v), abs=0.03)


@pytest.mark.parametrize("ohm", [100.0, 220.0, 680.0, 1500.0])
def test_reads_the_plug(rig: Rig, ohm: float) -> None:
    rig.line_map.put_adc(2, round(4095 * (3.3 / 3.0) * ohm / (ohm + 330)))
    assert rig.lines.read_analogue(rig.now_s).pp_ohm == pytest.approx(ohm, rel=0.01)


def test_an_open_proximity_input_is_no_plug(rig: Rig) -> None:
    """It stands at its supply of 3.3 V, above the 3.0 V that the converter can show."""
    rig.line_map.put_adc(2, 4095)
    assert (rig.lines.read_analogue(rig.now_s).pp_ohm or 0.0) > 2460  # what a plug has at most


def test_drives_the_contactor_and_reads_its_mirror(rig: Rig) -> None:
    assert not rig.lines.contactor.reads_closed()
    rig.lines.contactor.drive(closed=True)
    assert rig.line_map.driven_high(CONTACTOR)
    assert not rig.lines.contactor.reads_closed()  # not the command: the contacts have not moved yet
    rig.step(0.1)
    assert rig.lines.contactor.reads_closed()
    rig.lines.contactor.drive(closed=False)
    rig.step(0.1)
    assert not rig.lines.contactor.reads_closed()


def test_a_cut_mirror_wire_reads_closed(rig: Rig) -> None:
    rig.line_map.put_input(MIRROR, FLOATING)
    assert rig.lines.contactor.reads_closed()


def test_a_cut_mirror_wire_reads_closed_with_the_other_polarity(runtime_dir: Path) -> None:
    rig = Rig(runtime_dir, FIXED_BOX)
    assert not rig.lines.contactor.reads_closed()
    rig.line_map.put_input(MIRROR, FLOATING)
    assert rig.lines.contactor.reads_closed()
    rig.close()


def test_runs_the_lock_one_way_at_a_time(rig: Rig) -> None:
    assert rig.lines.lock is not None
    seen = []
    for motor in ("lock", "unlock", "lock", None):
        rig.lines.lock.drive(motor)
        seen.append((rig.line_map.driven_high(FORWARD), rig.line_map.driven_high(BACKWARD)))
    assert seen == [(True, False), (False, True), (True, False), (False, False)]


def test_a_cut_lock_feedback_reads_unlocked(rig: Rig) -> None:
    assert rig.lines.lock is not None
    rig.line_map.put_input(FEEDBACK, HIGH)
    assert rig.lines.lock.reads_locked()
    rig.line_map.put_input(FEEDBACK, FLOATING)
    assert not rig.lines.lock.reads_locked()
    rig.line_map.put_input(FEEDBACK, LOW)
    assert not rig.lines.lock.reads_locked()


def test_a_fixed_cable_has_neither_lock_nor_proximity(runtime_dir: Path) -> None:
    rig = Rig(runtime_dir, FIXED_BOX)
    assert rig.lines.lock is None
    assert rig.lines.read_analogue(rig.now_s).pp_ohm is None
    rig.close()


def test_make_safe_lowers_everything(rig: Rig) -> None:
    assert rig.lines.lock is not None
    rig.lines.contactor.drive(closed=True)
    rig.lines.lock.drive("unlock")
    rig.lines.pilot.show(16.0)
    rig.lines.make_safe()
    assert not any(rig.line_map.driven_high(line) for line in (CONTACTOR, FORWARD, BACKWARD))
    assert duty_ns(rig) == PERIOD_NS


def test_make_safe_opens_the_contactor_when_the_pilot_cannot_be_written(runtime_dir: Path) -> None:
    rig = Rig(runtime_dir)
    rig.lines.contactor.drive(closed=True)
    unwritable = Pwm(rig.wiring.pwm_folder)
    rig.lines.pilot = PilotOutput(unwritable, rig.box.pilot, rig.wiring.factory)
    rig.lines.pilot.show(16.0)
    unwritable.close()
    with pytest.raises(OSError):
        rig.lines.make_safe()
    assert not rig.line_map.driven_high(CONTACTOR)
    rig.close()


def test_takes_over_a_running_pilot_without_an_unmeant_state(runtime_dir: Path) -> None:
    rig = Rig(runtime_dir)
    rig.lines.pilot.show(16.0)
    rig.step(0.02)
    factory = BoardFactory(runtime_dir / FILE_NAME)
    again = Lines(rig.box, Wiring(factory, rig.wiring.pwm_folder, ()))
    rig.step(0.02)
    assert duty_ns(rig) == PERIOD_NS
    assert rig.pwm.violations == []
    again.close()
    rig.close()


@pytest.fixture
def full(runtime_dir: Path) -> Iterator[Rig]:
    rig = Rig(runtime_dir, FULL_BOX)
    yield rig
    rig.close()


def test_the_pilot_is_connected_only_once_it_shows_x1(full: Rig) -> None:
    assert full.line_map.driven_high(CONNECT)
    assert full.pwm.wave.duty == 1.0
    full.lines.pilot.connect(connected=False)
    assert not full.line_map.driven_high(CONNECT)


def test_a_dead_box_has_a_pilot_that_is_cut(full: Rig) -> None:
    """The relay falls with its line: the car sees no pilot."""
    full.plant.plug_in()
    full.lines.pilot.show(16.0)
    full.step(0.5)
    assert full.plant.s2_closed
    full.line_map.make_input(CONNECT)
    full.step(0.5)
    assert not full.plant.s2_closed


def test_the_watchdog_line_has_an_edge_at_each_tick_while_closed(full: Rig) -> None:
    seen = []
    for closed in (True, True, True, True, False, False):
        full.lines.drive(Drive("x1", close_contactor=closed))
        seen.append(full.line_map.driven_high(WATCHDOG))
    assert seen == [True, False, True, False, False, False]


@pytest.mark.parametrize("bridged", [False, True])
def test_held_back_edges_close_only_a_circuit_that_is_bridged(full: Rig, bridged: bool) -> None:
    if bridged:
        full.plant.fault("pump_bridged")
    for _ in range(15):
        full.lines.drive(Drive("x1", close_contactor=True, watchdog_edges=False))
        full.step(0.01)
        assert full.line_map.driven_high(CONTACTOR)
        assert not full.line_map.driven_high(WATCHDOG)
    assert full.plant.contacts_closed is bridged


def test_without_edges_the_contactor_falls(full: Rig) -> None:
    for _ in range(20):
        full.lines.drive(Drive("x1", close_contactor=True))
        full.step(0.01)
    assert full.plant.contacts_closed
    full.step(0.08)
    assert full.plant.contacts_closed
    for _ in range(10):
        full.step(0.01)
    assert full.line_map.driven_high(CONTACTOR)  # the line alone holds nothing
    assert not full.plant.contacts_closed


def test_drives_trip_and_test_as_told(full: Rig) -> None:
    full.lines.drive(Drive("x1", close_contactor=False, rcm_test=True, trip=True))
    assert (full.line_map.driven_high(RCM_TEST), full.line_map.driven_high(TRIP)) == (True, True)
    full.lines.drive(Drive("x1", close_contactor=False))
    assert (full.line_map.driven_high(RCM_TEST), full.line_map.driven_high(TRIP)) == (False, False)


@pytest.mark.parametrize(("level", "healthy"), [(HIGH, True), (LOW, False), (FLOATING, False)])
def test_a_cut_wire_of_the_residual_current_monitor_is_a_trip(full: Rig, level: int, healthy: bool) -> None:
    full.line_map.put_input(RCM, level)
    assert full.lines.rcm is not None
    assert full.lines.rcm.reads_healthy() is healthy


@pytest.mark.parametrize(("level", "pressed"), [(LOW, False), (HIGH, True), (FLOATING, True)])
def test_a_cut_wire_of_the_stop_button_is_pressed(full: Rig, level: int, pressed: bool) -> None:
    full.line_map.put_input(STOP, level)
    assert full.lines.stop is not None
    assert full.lines.stop.reads_pressed() is pressed


@pytest.mark.parametrize(("level", "dimmed"), [(LOW, False), (HIGH, True), (FLOATING, True)])
def test_a_cut_wire_of_the_dimming_input_is_dimmed(full: Rig, level: int, dimmed: bool) -> None:
    full.line_map.put_input(DIMMING, level)
    assert full.lines.dimming is not None
    assert full.lines.dimming.reads_dimmed() is dimmed


def test_a_box_without_the_optional_lines_takes_all_that_the_core_decides(rig: Rig) -> None:
    rig.lines.drive(Drive("x1", close_contactor=False, cp_connected=False, rcm_test=True, trip=True))
    assert (rig.lines.rcm, rig.lines.stop, rig.lines.dimming) == (None, None, None)


def test_all_outputs_but_the_solenoid_are_low_once_nobody_drives_the_box(full: Rig) -> None:
    outputs = {line for line in range(28) if full.line_map.is_output(line)}
    assert set(low_lines(full.box)) == outputs
    assert low_lines(full.box)[0] == CONTACTOR
