"""The core on copper within its tolerances: no state taken for another, no good car refused, and hum."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.contract import Vehicle
from hal.core.control_pilot.hum import Hum
from hal.core.rules import BoxRules
from hal.mock.plant.copper import Copper, Tolerance
from hal.mock.plant.plant import Outputs, Plant, PlantSettings
from tests.campaigns import many
from tests.hal.core.world import Asked, World, cheap

RULES = cheap(BoxRules(socket=False, installation_max_a=32.0, fixed_cable_rating_a=32.0))
SETTINGS = PlantSettings(socket=False, car_max_a=32.0)


def world_of(copper: Copper, limit_a: float, seed: int = 0) -> World:
    """A box with a car that does not ask yet, offered this much."""
    world = World(RULES, SETTINGS, copper=copper, seed=seed)
    world.ask(Asked(limit_a))
    world.plant.pause()
    world.run(2.0)
    world.plant.plug_in()
    world.run(4.0)
    return world


def charging(copper: Copper, limit_a: float = 16.0, seed: int = 0) -> World:
    world = world_of(copper, limit_a, seed)
    world.plant.ready()
    world.run(2.5)
    assert _closed(world), world.evse.view()
    return world


def under_hum(volts: float, hertz: float, phase_deg: float, *, seed: int) -> World:
    """A car that charges at 16 A, on copper that is drawn."""
    drawn = replace(Copper.drawn(Random(seed)), hum_v=volts, hum_hz=hertz, hum_phase_deg=phase_deg)
    return charging(drawn, seed=seed)


def _closed(world: World) -> bool:
    return world.plant.contacts_closed


def _state(world: World) -> Vehicle:
    return world.evse.view().vehicle


def faults_of(world: World) -> set[str]:
    return {fault.id for fault in world.evse.view().faults} - {"pilot_source"}


@pytest.mark.part
@settings(max_examples=many(25, 80), deadline=None)
@given(st.integers(0, 1_000_000), st.sampled_from([6.0, 16.0, 32.0]))
def test_b_is_b_c_charges_and_an_unplug_is_seen(seed: int, limit_a: float) -> None:
    drawn = replace(Copper.drawn(Random(seed)), noise_v=0.02)
    world = world_of(drawn, limit_a, seed)
    assert _state(world) == "B"
    world.plant.ready()
    world.run(2.5)
    assert _closed(world), world.evse.view()
    for _ in range(200):
        world.tick()
        assert world.evse.view().vehicle == "C"
    assert faults_of(world) == set()
    world.plant.pause()
    world.run(2.5)
    assert _state(world) == "B"
    assert not _closed(world)
    world.plant.ready()
    world.run(4.0)
    world.plant.plug_out()
    world.run(0.1)
    assert _state(world) == "A"
    assert not _closed(world)
    assert faults_of(world) == set()


@pytest.mark.parametrize("source_v", [11.4, 12.6])
@pytest.mark.parametrize("tau_s", [0.018, 0.022])
@pytest.mark.parametrize("parts", [0.97, 1.03])
@pytest.mark.parametrize("limit_a", [6.0, 32.0])
def test_the_corners(source_v: float, tau_s: float, parts: float, limit_a: float) -> None:
    corner = Copper(
        source_high_v=source_v, source_low_v=-source_v, series_factor=2 - parts, r2_factor=parts,
        s2_factor=parts, high_tau_s=tau_s, low_tau_s=tau_s, high_offset_error_v=0.05 * (parts - 1) / 0.03,
    )  # fmt: skip
    world = charging(corner, limit_a)
    world.run(5.0)
    assert _closed(world)
    assert faults_of(world) == set()
    world.plant.plug_out()
    world.run(0.1)
    assert not _closed(world)


def test_heat_that_lowers_the_offer_at_every_tick_hides_no_car() -> None:
    """Each step of 0.1 A would be a tick that is not judged, if it were counted as a change of the duty."""
    world = charging(Copper(), 32.0)
    for tick in range(100):
        world.ask(Asked(31.0 - tick * 0.1))
        world.tick()
    world.plant.plug_out()
    for tick in range(6):
        world.ask(Asked(20.0 - tick * 0.1))
        world.tick()
    assert not world.evse.view().contactor_commanded


HUM = [(hertz, phase) for hertz in (49.9, 50.0, 50.1, 59.9, 60.0, 60.1) for phase in (0.0, 77.0)]


@pytest.mark.part
@pytest.mark.parametrize(("hertz", "phase_deg"), HUM)
@pytest.mark.parametrize("seed", range(1, many(2, 3)))
def test_a_charging_car_bears_1_2_volts_of_hum(hertz: float, phase_deg: float, seed: int) -> None:
    """A beat of 0.1 Hz is through after 10 s; `make rhythms` runs the hour."""
    world = under_hum(1.2, hertz, phase_deg, seed=seed)
    world.run(10.0)
    assert world.evse.view().contactor_commanded
    assert world.evse.view().counters.closings == 1


@pytest.mark.parametrize(("hertz", "phase_deg"), HUM)
@pytest.mark.parametrize("leaves", ["pause", "plug out"])
def test_a_car_that_leaves_c_is_seen_within_100_ms_under_3_volts_of_hum(
    hertz: float, phase_deg: float, leaves: str
) -> None:
    """The observer asserts the 100 ms at each tick."""
    world = charging(Copper(), 16.0)
    world.plant.copper = replace(world.plant.copper, hum_v=3.0, hum_hz=hertz, hum_phase_deg=phase_deg)
    leave = world.plant.pause if leaves == "pause" else world.plant.plug_out
    leave()
    world.run(3.0)
    assert not _closed(world)


@pytest.mark.parametrize("hertz", [50.0, 60.0])
def test_more_hum_opens_twice_and_then_stays_open_with_volts_and_hertz(hertz: float) -> None:
    world = charging(Copper(), 16.0)
    world.plant.copper = replace(world.plant.copper, hum_v=3.0, hum_hz=hertz, hum_phase_deg=90.0)
    world.run(30.0)
    view = world.evse.view()
    assert not _closed(world)
    assert "pilot_noise" in faults_of(world)
    assert view.counters.closings <= 2
    assert f"near {hertz:g} Hz" in view.notes[0]
    world.plant.copper = Copper()
    world.run(10.0)
    assert not _closed(world)
    world.plant.plug_out()
    world.run(3.0)
    assert faults_of(world) == set()


def test_a_car_that_pauses_again_and_again_is_no_noise() -> None:
    world = charging(Copper())
    for _ in range(6):
        world.plant.pause()
        world.run(2.5)
        world.plant.ready()
        world.run(6.0)
        assert _closed(world)
    assert faults_of(world) == set()


@pytest.mark.parametrize(("hertz", "phase_deg"), [(50.05, 100.0), (49.95, 200.0)])
def test_a_car_that_pauses_under_1_2_volts_of_hum_is_no_noise(hertz: float, phase_deg: float) -> None:
    """In B the hold shows up to 1 V of it: more than what opens a car in C."""
    world = under_hum(1.2, hertz, phase_deg, seed=101)
    for _ in range(5):
        world.plant.pause()
        world.plant.car.current_a = 0.0
        world.run(0.5)
        assert not _closed(world)
        world.plant.ready()
        world.run(4.0)
        assert _closed(world)
    assert faults_of(world) == set()


def test_a_pause_as_each_16_readings_may_show_it_is_no_noise() -> None:
    """Of a car in B: 1.05 V either way around the least that a B reads in the mean; around C it is noise."""
    for mean_v, noisy in ((8.3, False), (9.3, False), (7.9, True), (6.5, True)):
        hum, found = Hum(), False
        for opening in range(2):
            hum.opened(float(opening))
            for number in range(16):
                high_v = mean_v + 1.05 * (-1) ** number
                found = hum.feed(high_v, opening + 0.01 * number, listens=True)
            hum.feed(mean_v, opening + 0.5, listens=False)
        assert found is noisy, mean_v


def test_the_reading_of_a_good_a_stays_below_the_limit() -> None:
    """13.2 V, as the edges were computed; the limit is 13.5 V."""
    most_v = 0.0
    for seed in range(300):
        plant = Plant(SETTINGS, Copper.drawn(Random(seed), Tolerance(reference=0.03)), seed)
        for _ in range(5):
            plant.step(Outputs(duty=1.0, contactor=False), 0.02)
        most_v = max(most_v, plant.cp_high_v)
    assert 12.6 < most_v < 13.2
