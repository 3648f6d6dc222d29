"""What docs/wiring.md forbids, simulated: each variant does the harm that the page says."""

from __future__ import annotations

import pytest

from hal.core.control_pilot.levels import A_ABOVE_V, E_AT_V
from tests.circuit.spice import MISSING, installed, measured, netlist

pytestmark = pytest.mark.skipif(not installed(), reason=MISSING)


@pytest.fixture(scope="module")
def volts() -> dict[str, float]:
    """Of docs/circuits/forbidden.cir."""
    return measured(netlist("forbidden.cir"))


def test_the_right_circuit_is_right(volts: dict[str, float]) -> None:
    """The control: what is judged is what stands on the pilot."""
    assert volts["right_v"] == pytest.approx(volts["pilot_right_v"], abs=0.03)


def test_a_passive_diode_loads_the_pilot_and_shows_too_little(volts: dict[str, float]) -> None:
    """The pilot loses 0.3 V by the hold's charge, the diode takes the rest: A is all but B."""
    assert volts["pilot_passive_v"] < volts["pilot_right_v"] - 0.3
    assert volts["passive_v"] < A_ABOVE_V + 0.7


def test_feedback_from_the_capacitor_shows_too_much(volts: dict[str, float]) -> None:
    """By 0.1 V and more, as much as all tolerances leave."""
    assert volts["feedback_v"] > volts["pilot_feedback_v"] + 0.1


def test_a_divider_as_bleed_shows_a_voltage_of_its_own(volts: dict[str, float]) -> None:
    """In F, where nothing is there to hold, it shows more than a short may."""
    assert volts["unbuffered_v"] > E_AT_V


def test_a_middle_from_another_source_moves_every_reading(volts: dict[str, float]) -> None:
    """A rail that is 3 % high adds half a volt."""
    assert volts["foreign_v"] > volts["right_v"] + 0.45
