"""docs/wiring.md shows the last full run, and what it shows is enough."""

from __future__ import annotations

from hal.configuration.line_sections import Adc, Pilot, Proximity
from tests.circuit.campaign import DRAWS, SEED
from tests.circuit.deck import pin_v
from tests.circuit.draws import exact
from tests.circuit.margins import DIVIDERS, LIMITS
from tests.circuit.page import PAGE, REFUSED_V, block, stored


def test_the_page_shows_the_stored_run() -> None:
    """`make circuit` writes both."""
    assert block(stored()) in PAGE.read_text(encoding="utf-8")


def test_the_stored_run_is_a_full_one() -> None:
    """A short one does not write the page's table."""
    run = stored()
    assert (run.seed, run.draws) == (SEED, DRAWS)
    assert set(run.full) == set(DIVIDERS)


def test_real_cars_keep_their_distance_in_the_full_run() -> None:
    """At least 0.1 V from every edge; below that the circuit would have to be refused."""
    run = stored()
    for divider, offers in run.full.items():
        for offer, row in offers.items():
            for limit in LIMITS:
                if limit.name in row:
                    assert row[limit.name] >= REFUSED_V, (divider, offer, limit.name)


def test_the_settings_are_those_of_the_circuit() -> None:
    """Gain, offset and reference by default are the divider of docs/circuits."""
    channel, pilot, reference_v = exact("A").high, Pilot(), Adc().max_voltage_v
    for volts in (-12.6, 0.0, 12.6):
        at_pin_v = pin_v(channel, volts, reference_v)
        assert 0 < at_pin_v < reference_v
        assert abs(at_pin_v * pilot.gain + pilot.offset_v - volts) < 0.01
    assert (Proximity().pull_up_ohm, Proximity().supply_v) == (330.0, 3.3)
