"""The other netlists of docs/circuits: power-on, the contactor's driver, the proximity pilot, latency."""

from __future__ import annotations

import math

import pytest

from hal.configuration.line_sections import Adc, Proximity
from hal.core.plug.proximity_pilot import cable_rating_a
from tests.circuit.spice import MISSING, installed, measured, netlist

pytestmark = pytest.mark.skipif(not installed(), reason=MISSING)

PULL_IN_A = 0.5 * 24 / 576  # a relay of 24 V pulls in at half its voltage at the earliest (makers: 70 %)
LATCHED_V = 0.01  # of what the pin shows in the end


def test_from_power_on_to_the_program_the_pilot_is_never_above_0_v() -> None:
    """State F without a PWM, whatever floats; the first thing after it is x1 (9 V: a car in B)."""
    found = measured(netlist("power_on.cir"))
    assert found["before_most_v"] < 1.0  # the positive rail comes 1 ms before the negative one
    assert found["floating_v"] == pytest.approx(-12, abs=0.6)
    assert found["driver_v"] == pytest.approx(-12, abs=0.6)
    assert found["x1_v"] == pytest.approx(9, abs=0.5)
    assert found["ref_v"] == pytest.approx(3.0, abs=0.006)


def test_a_pi_that_pulls_the_pin_up_does_not_turn_the_pilot_on() -> None:
    """50 kohm up against 10 kohm down stay below the buffer's threshold of 0.8 V at least."""
    found = measured(netlist("power_on.cir", gpio_pull="3.3"))
    assert found["undriven_gpio_v"] < 0.8
    assert found["floating_v"] == pytest.approx(-12, abs=0.6)


@pytest.mark.parametrize("rise", ["1m", "20u"])
def test_a_floating_pin_leaves_the_coil_dead(rise: str) -> None:
    """Also where the 24 V come at once, which the transistor's own capacitance couples to its gate."""
    found = measured(netlist("contactor.cir", coil_rise=rise))
    assert found["floating_gate_v"] < 0.8  # the lowest threshold of an IRLZ44N at 60 C
    assert found["floating_coil_a"] < 0.1 * PULL_IN_A


def test_without_its_pull_down_the_contactor_may_close_by_itself() -> None:
    """The control: it is the 10 kohm that hold it."""
    found = measured(netlist("contactor.cir", pull_down="10meg"))
    assert found["floating_coil_a"] > PULL_IN_A


def test_the_driver_closes_and_lets_go() -> None:
    """On: the whole 24 V are on the coil. Off: within 10 ms, and the transistor (55 V) stays whole."""
    found = measured(netlist("contactor.cir"))
    assert found["on_coil_a"] == pytest.approx(24 / 576, rel=0.02)
    assert found["off_coil_a"] < 0.05 * found["on_coil_a"]
    assert found["highest_drain_v"] < 55


@pytest.mark.parametrize("rail", [3.3 * 0.95, 3.3 * 1.05])
@pytest.mark.parametrize(("plug_ohm", "rating_a"), [(1500, 13), (680, 20), (220, 32), (100, 63)])
@pytest.mark.parametrize("off", [0.96, 1.04])
def test_each_plug_is_read_on_a_rail_that_is_off(
    plug_ohm: int, rating_a: int, off: float, rail: float
) -> None:
    """Plug +- 3 % and pull-up +- 1 %, rail +- 5 %, the converter's leak: the rating is the plug's."""
    found = measured(netlist("proximity.cir", plug_ohm=f"{plug_ohm * off}", rail=f"{rail}", leak="1u"))
    assert cable_rating_a(_ohm(found["latched_v"])) == rating_a


@pytest.mark.parametrize("rail", [3.3 * 0.95, 3.3, 3.3 * 1.05])
def test_an_empty_socket_is_read_as_empty(rail: float) -> None:
    """The pin is above the converter's reference then, and the converter shows that."""
    found = measured(netlist("proximity.cir", rail=f"{rail}"))
    assert cable_rating_a(_ohm(found["empty_v"])) is None


def test_the_largest_filter_settles_before_the_rating_is_latched() -> None:
    """5 ms (50 kohm, 100 nF): within 1 % after 200 ms; the circuit of 1 ms within 20 ms."""
    largest = measured(netlist("proximity.cir", filter_ohm="50k"))
    ours = measured(netlist("proximity.cir"))
    assert largest["latched_v"] == pytest.approx(ours["latched_v"], rel=LATCHED_V)
    assert ours["after_20ms_v"] == pytest.approx(ours["latched_v"], rel=LATCHED_V)


def _ohm(at_pin_v: float) -> float:
    """By the settings of a box built by docs/wiring.md."""
    proximity = Proximity()
    shown_v = min(at_pin_v, Adc().max_voltage_v)
    across_v = proximity.supply_v - shown_v
    return proximity.pull_up_ohm * shown_v / across_v if across_v > 0 else math.inf


def test_how_late_the_converter_sees_a_car_that_leaves_c() -> None:
    """Just after a pulse, the worst moment: a rise comes with the next pulse, a short with the decay."""
    found = measured(netlist("latency.cir"))
    late_s = {name: at_s - 0.0052 for name, at_s in found.items()}
    assert late_s["opened_s"] < 0.002
    assert late_s["unplugged_s"] < 0.003
    assert late_s["short_leaves_c_s"] < 0.008
    assert 0.025 < late_s["short_is_e_s"] < 0.035
