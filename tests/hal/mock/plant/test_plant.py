"""The plant is physics: volts as the tables of IEC 61851-1 give them, travel times, energy that adds up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.core.control_pilot.levels import band, duty
from hal.mock.plant.fault_names import FAULTS
from hal.mock.plant.plant import CABLE_OHM, NO_PLUG_OHM, Outputs, Plant, PlantSettings

X1 = Outputs(1.0, contactor=False)
X2 = Outputs(duty(16), contactor=False)
ON = Outputs(duty(16), contactor=True)


def run(plant: Plant, outputs: Outputs, for_s: float, dt_s: float = 0.01) -> Plant:
    """In steps of `dt_s`."""
    for _ in range(round(for_s / dt_s)):
        plant.step(outputs, dt_s)
    return plant


def mirror(plant: Plant) -> bool:
    """Read anew each time."""
    return plant.mirror_closed


def charging(settings_: PlantSettings | None = None) -> Plant:
    plant = Plant(settings_ or PlantSettings())
    plant.plug_in()
    run(plant, X2, 2.0)
    return run(plant, ON, 5.0)


@pytest.mark.parametrize(
    ("outputs", "plugged", "high_v", "low_v"),
    [
        (X1, False, 12.0, 0.0),
        (X2, False, 11.84, -11.98),
        (Outputs(0.0, contactor=False), False, 0.0, -12.0),
        (X1, True, 8.98, 0.0),
        (Outputs(duty(6), contactor=False), True, 5.87, -12.0),
    ],
)
def test_what_the_channels_show(outputs: Outputs, plugged: bool, high_v: float, low_v: float) -> None:
    plant = Plant(PlantSettings())
    if plugged:
        plant.plug_in()
    run(plant, outputs, 2.0)
    assert plant.cp_high_v == pytest.approx(high_v, abs=0.05)
    assert plant.cp_low_v == pytest.approx(low_v, abs=0.05)


@pytest.mark.parametrize("amps", [6, 10, 16, 32, 63])
@pytest.mark.parametrize("fault", ["", "ventilation", "diode"])
def test_the_droop_never_leaves_the_band(amps: float, fault: str) -> None:
    plant = Plant(PlantSettings())
    plant.plug_in()
    if fault:
        plant.fault(fault)
    outputs = Outputs(duty(amps), contactor=False)
    plant.step(outputs, 0.01)
    assert band(plant.cp_high_v, in_c=False) == "B"
    run(plant, outputs, 2.0)
    assert band(plant.cp_high_v, in_c=False) == ("D" if fault == "ventilation" else "C")
    assert (-13.5 <= plant.cp_low_v <= -10.5) == (fault != "diode")


def test_a_falling_peak_decays_with_20_ms_a_rising_one_is_there_behind_the_low_pass() -> None:
    plant = run(Plant(PlantSettings()), X1, 0.1)
    plant.fault("cp_short")
    run(plant, X1, 0.020, dt_s=0.0005)
    assert plant.cp_high_v == pytest.approx(12 * 0.368 * 20 / 19, abs=0.02)
    plant.clear("cp_short")
    run(plant, X1, 0.005, dt_s=0.0005)
    assert plant.cp_high_v == pytest.approx(12.0, abs=0.06)


@pytest.mark.parametrize("rating", [13, 20, 32, 63])
def test_the_plug_tells_its_rating(rating: int) -> None:
    plant = Plant(PlantSettings(cable_rating_a=rating))
    assert plant.pp_ohm == NO_PLUG_OHM
    plant.plug_in()
    assert plant.pp_ohm == CABLE_OHM[rating]
    assert Plant(PlantSettings(socket=False)).pp_ohm is None


def test_contactor_travel_and_mirror_contact() -> None:
    plant = Plant(PlantSettings())
    run(plant, ON, 0.014, dt_s=0.001)
    assert not mirror(plant)
    run(plant, ON, 0.002, dt_s=0.001)
    assert mirror(plant)
    run(plant, X2, 0.009, dt_s=0.001)
    assert mirror(plant)
    run(plant, X2, 0.002, dt_s=0.001)
    assert not mirror(plant)


def test_the_bolt_travels_200_ms_and_holds_the_plug() -> None:
    plant = Plant(PlantSettings())
    plant.plug_in()
    lock, unlock = Outputs(1.0, contactor=False, lock_forward=True), Outputs(1.0, False, lock_backward=True)
    assert not run(plant, lock, 0.19).lock_closed
    assert run(plant, lock, 0.02).lock_closed
    assert plant.plug_out() == "the lock holds the plug: end the session first, or use unplug-at-car"
    run(plant, unlock, 0.21)
    assert plant.plug_out() is None
    assert plant.plug_out() == "no car is plugged in"


def test_the_car_follows_within_5_s_and_stops_within_3() -> None:
    plant = charging(PlantSettings(car_max_a=32))
    assert plant.current_a == pytest.approx((16.0, 16.0, 16.0), abs=0.001)
    run(plant, Outputs(duty(32), contactor=True), 5.0)
    assert plant.current_a[0] == pytest.approx(32.0, abs=0.001)
    run(plant, Outputs(duty(6), contactor=True), 5.0)
    assert plant.current_a[0] == pytest.approx(6.0, abs=0.001)
    run(plant, Outputs(1.0, contactor=True), 3.0)
    assert plant.current_a == (0.0, 0.0, 0.0)
    assert not plant.s2_closed


def test_current_needs_contactor_pilot_and_car() -> None:
    plant = charging()
    assert plant.power_w == pytest.approx(3 * 230 * 16, rel=0.001)
    plant.pause()
    run(plant, ON, 3.0)
    assert plant.power_w == 0
    assert not plant.s2_closed
    plant.ready()
    run(plant, ON, 5.0)
    assert plant.power_w > 0
    run(plant, X2, 0.02)
    assert plant.power_w == 0


@pytest.mark.parametrize(("box", "car", "phases"), [(1, 3, 1), (3, 1, 1), (3, 3, 3)])
def test_phases(box: int, car: int, phases: int) -> None:
    plant = charging(PlantSettings(phases=3 if box == 3 else 1, car_phases=3 if car == 3 else 1))
    assert sum(amps > 0 for amps in plant.current_a) == phases
    assert sum(volts > 0 for volts in plant.voltage_v) == box


def test_energy_adds_up_in_register_battery_and_ledger() -> None:
    plant = charging(PlantSettings(energy_factor=60.0, battery_wh=30_000))
    for _ in range(60):
        plant.step(ON, 1.0)
    received_wh = plant.energy_wh - 12_345_000
    assert received_wh == pytest.approx(11_040 * 64 / 60, rel=0.02)
    assert plant.register_wh == 12_345_000 + received_wh // 10 * 10
    assert plant.ledger[-1].received_wh == pytest.approx(received_wh)
    assert plant.ledger[-1].unplugged_s is None
    assert plant.state_of_charge_pct == pytest.approx(40 + received_wh / 300)


def test_a_full_battery_tapers_then_stops() -> None:
    plant = charging(PlantSettings(battery_wh=1000, state_of_charge_pct=75))
    amps = []
    while plant.s2_closed and plant.now_s < 1000:
        plant.step(ON, 0.5)
        amps.append(plant.current_a[0])
    assert plant.state_of_charge_pct == 100
    assert amps == sorted(amps, reverse=True)


def test_register_and_ledger_go_on_after_a_restore() -> None:
    before = charging()
    after = Plant(PlantSettings())
    after.restore(before.snapshot())
    assert after.register_wh == before.register_wh
    assert after.ledger[0].unplugged_s == before.now_s
    assert after.plug_in() is None
    assert len(after.ledger) == 2


def test_a_sleeping_car_wakes_after_3_s_of_f() -> None:
    plant = Plant(PlantSettings())
    plant.fault("asleep")
    plant.plug_in()
    run(plant, X2, 10.0)
    assert not plant.s2_closed
    run(plant, Outputs(0.0, contactor=False), 4.0)
    run(plant, X2, 2.0)
    assert plant.s2_closed


def test_an_unknown_fault_names_those_there_are() -> None:
    plant = Plant(PlantSettings())
    for act in (plant.fault, plant.clear):
        with pytest.raises(
            ValueError, match=r"no fault 'wled'; did you mean weld\? There are adc_stuck, asleep"
        ):
            act("wled")


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_comes_and_goes(name: str) -> None:
    plant = charging()
    plant.fault(name)
    run(plant, ON, 0.5)
    assert name in plant.faults
    plant.clear(name)
    run(plant, ON, 6.0)
    assert not plant.faults
    if name != "lock_forced":
        assert plant.power_w > 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.0005, 1.0), min_size=1, max_size=30))
def test_the_size_of_the_steps_hardly_matters(steps: list[float]) -> None:
    """Any dt from 0.5 ms to 1 s."""
    coarse, fine = charging(), charging()
    for dt_s in steps:
        coarse.step(ON, dt_s)
        run(fine, ON, dt_s, dt_s / max(1, round(dt_s / 0.005)))
    assert coarse.energy_wh == pytest.approx(fine.energy_wh, abs=0.01)
    assert coarse.now_s == pytest.approx(fine.now_s)
