"""The plant as unkind as copper: disturbance, bounce, a loose pilot, a car that leaves at its own end."""

from __future__ import annotations

import itertools

import pytest

from hal.mock.plant.copper import Copper
from hal.mock.plant.disturbance import INPUTS, Disturbance
from hal.mock.plant.plant import CABLE_OHM, NO_PLUG_OHM, Outputs, Plant, PlantSettings

X2 = Outputs(0.2667, contactor=False)
ON = Outputs(0.2667, contactor=True)
LOCK = Outputs(0.2667, contactor=False, lock_forward=True)


def charging(copper: Copper | None = None, *, socket: bool = True) -> Plant:
    plant = Plant(PlantSettings(socket=socket), copper)
    plant.plug_in()
    plant.step(LOCK, 2.0)
    plant.step(ON, 2.0)
    assert plant.power_w > 0
    return plant


def read(plant: Plant, name: str) -> object:
    match name:
        case "mirror":
            return plant.mirror_closed
        case "lock_feedback":
            return plant.lock_closed
        case "rcm":
            return plant.rcm_healthy
        case "stop":
            return plant.stop_pressed
        case "pp":
            return plant.pp_ohm
        case "pilot" | "pilot_b":
            return round(plant.cp_high_v / 3)
        case _:
            return round(plant.cp_low_v / 6)


GOOD_AND_BAD = {
    "mirror": (True, False), "lock_feedback": (True, False), "rcm": (True, False), "stop": (False, True),
    "pp": (CABLE_OHM[32], NO_PLUG_OHM), "pilot": (2, 4), "pilot_b": (2, 3), "diode": (-2, -1),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(INPUTS))
@pytest.mark.parametrize("pattern", ["1", "10", "01", "110", "1000", "000000000001"])
def test_samples_are_bad_by_their_pattern_from_the_first_tick_on(name: str, pattern: str) -> None:
    plant = charging()
    good, bad = GOOD_AND_BAD[name]
    assert read(plant, name) == good
    plant.disturb(name, pattern)
    for tick in range(3 * len(pattern)):
        plant.step(ON, 0.010)
        assert read(plant, name) == (bad if pattern[tick % len(pattern)] == "1" else good), tick
    assert plant.disturbed == {name: pattern}
    plant.disturb(name, "0")
    plant.step(ON, 0.010)
    assert (read(plant, name), plant.disturbed) == (good, {})


def test_what_disturbs_nothing_is_refused_with_what_there_is() -> None:
    plant = Plant(PlantSettings())
    with pytest.raises(
        ValueError, match=r"no input 'mirorr'; did you mean mirror\? There are mirror, lock_fe"
    ):
        plant.disturb("mirorr", "10")
    for pattern in ("", "12", "on", "1" * 1001):
        with pytest.raises(ValueError, match="must be 1 to 1000 digits 0 or 1"):
            plant.disturb("mirror", pattern)


def test_a_slot_is_that_of_a_tick_that_comes_up_to_half_of_it_early_or_late() -> None:
    disturbance = Disturbance("10", 5.0)
    assert [disturbance.is_bad(5.0 + at_s) for at_s in (0.006, 0.0149, 0.016, 0.0249, 0.026)] == [
        True, True, False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("step_s", [0.002, 0.010, 0.5])
def test_the_pilot_is_open_for_so_long_once(step_s: float) -> None:
    plant = charging()
    plant.open_cp(0.030)
    passed_s, open_s = 0.0, 0.0
    while passed_s < 0.5:
        plant.step(ON, 0.001)
        passed_s += 0.001
        open_s += 0.001 if plant.cp_high_v > 7.5 else 0.0
    assert 0.029 < open_s < 0.045  # and what the hold circuit takes to forget it
    plant.open_cp(0.030)
    plant.step(ON, step_s)
    plant.step(ON, 0.2)
    assert plant.cp_high_v == pytest.approx(5.9, abs=0.1)


def test_a_car_that_leaves_at_its_own_end_leaves_the_cable_in_a_socket() -> None:
    plant = charging()
    assert plant.unplug_at_car() is None
    plant.step(X2, 0.2)
    assert (plant.plugged, plant.cable_left, plant.pp_ohm) == (False, True, CABLE_OHM[32])
    assert plant.cp_high_v > 11
    assert plant.ledger[-1].unplugged_s is not None
    assert plant.unplug_at_car() == "no car is plugged in"
    assert plant.plug_out() == "the lock holds the plug: end the session first, or use unplug-at-car"
    assert plant.plug_in() is None  # at the car's end: the bolt is no obstacle
    assert (plant.cable_left, len(plant.ledger)) == (False, 2)
    plant.unplug_at_car()
    plant.step(Outputs(1.0, contactor=False, lock_backward=True), 0.5)
    assert plant.plug_out() is None
    assert (plant.cable_left, plant.pp_ohm, len(plant.ledger)) == (False, NO_PLUG_OHM, 2)


def test_at_a_fixed_cable_it_is_the_unplugging_itself() -> None:
    plant = charging(socket=False)
    assert plant.unplug_at_car() is None
    assert (plant.plugged, plant.cable_left) == (False, False)
    assert plant.plug_out() == "no car is plugged in"


def mirror_changes(bounce_s: float) -> int:
    plant = Plant(PlantSettings(), Copper(mirror_bounce_s=bounce_s))
    read_closed = []
    for _ in range(200):
        plant.step(ON, 0.001)
        read_closed.append(plant.mirror_closed)
    assert read_closed[-1]
    return sum(one != other for one, other in itertools.pairwise(read_closed))


def test_a_mirror_contact_bounces_and_comes_to_rest() -> None:
    assert mirror_changes(0.0) == 1
    assert mirror_changes(0.050) > 10


def test_main_contacts_bounce_while_they_close() -> None:
    smooth, rough = charging(), charging(Copper(contactor_bounce_s=0.5))
    for plant in (smooth, rough):
        plant.step(X2, 0.1)
        plant.step(ON, 0.1)
    assert smooth.current_a[0] > 0.5
    flows = set()
    for _ in range(30):
        rough.step(ON, 0.010)
        flows.add(rough.current_a[0] > 0)
    assert flows == {True, False}


def test_the_pull_up_of_the_proximity_pilot_is_off_by_its_error() -> None:
    plant = Plant(PlantSettings(), Copper(pull_up_error=0.02))
    plant.plug_in()
    assert plant.pp_ohm == pytest.approx(220 / 1.02)
