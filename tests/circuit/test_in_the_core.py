"""A car's visit on simulated copper: what the netlist shows in each state goes into the real `Evse`."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from hal.contract import Vehicle
from tests.circuit.campaign import SEED
from tests.circuit.deck import Volts, deck, volts
from tests.circuit.draws import CAR_OHM, NO_SHORT_OHM, STATES, Box, State, drawn
from tests.circuit.shown import any_moment, converted_v
from tests.circuit.spice import MISSING, installed, measured
from tests.hal.core.bench import FIXED, Bench
from tests.hal.core.world import fraction

pytestmark = pytest.mark.skipif(not installed(), reason=MISSING)

OFFERS_A = (6.0, 20.0)  # `FIXED` has a cable of 20 A
OPENS_IN_S = 0.06  # of the 100 ms of IEC 61851-1 Table A.6 sequence 8.1, before driver and contactor
Copper = dict[tuple[State, float], Volts]  # by state and share of the period


class Visit:
    """A bench whose volts are those of one drawn box."""

    def __init__(self, number: int, offer_a: float) -> None:
        self.bench = Bench(FIXED)
        self.bench.hold_s = math.inf  # the droop is in the readings already
        self.bench.limit_a = offer_a
        self.box = drawn(SEED, "B", number)
        self._rng = random.Random(number)
        self._copper = _copper(self.box, (0.0, fraction(6.0), fraction(offer_a), 1.0))

    def run(self, car: State, for_s: float) -> None:
        """Lets ticks pass with this car."""
        for _ in range(round(for_s / 0.01)):
            self.tick(car)

    def tick(self, car: State) -> None:
        """One, with readings of any moment."""
        now = self._copper[car, fraction(self.bench.pilot())]
        self.bench.high_v = converted_v(self.box, any_moment(self._rng, now.high_pin_v))
        self.bench.shows_low_v = converted_v(self.box, any_moment(self._rng, now.low_pin_v))
        self.bench.tick()

    def opens_in_s(self, car: State) -> float:
        """From this car's first tick."""
        for tick in range(100):
            self.tick(car)
            if not self.bench.closed():
                return tick * 0.01
        return math.inf

    @property
    def vehicle(self) -> Vehicle:
        """As judged."""
        return self.bench.view().vehicle


def _copper(box: Box, shares: tuple[float, ...]) -> Copper:
    """This box with a car in each state."""
    boxes = {state: _with_car(box, state) for state in STATES}
    found: Copper = {}
    for share in dict.fromkeys(shares):
        results = measured(deck(list(boxes.values()), share))
        found |= {(state, share): volts(results, at) for at, state in enumerate(boxes)}
    return found


def _with_car(box: Box, state: State) -> Box:
    """Each resistor of the car is off by the same share."""
    off = box.car_ohm / CAR_OHM["B"]
    short_ohm = 50.0 if state == "E" else NO_SHORT_OHM
    return replace(box, state=state, car_ohm=CAR_OHM[state] * off, short_ohm=short_ohm)


@pytest.mark.parametrize("offer_a", OFFERS_A)
@pytest.mark.parametrize("number", range(4))
def test_a_visit_is_judged_right(number: int, offer_a: float) -> None:
    """Plugged in, charged for a minute, S2 opened, gone: each state by its name, and no fault."""
    visit = Visit(number, offer_a)
    visit.run("A", 3.0)
    assert (visit.vehicle, visit.bench.faults) == ("A", [])
    visit.run("B", 4.0)
    assert visit.vehicle == "B"
    visit.run("C", 2.0)
    for _ in range(6000):
        visit.tick("C")
        assert visit.bench.closed()
    assert (visit.vehicle, visit.bench.faults) == ("C", [])
    assert visit.opens_in_s("B") <= OPENS_IN_S
    visit.run("A", 1.0)
    assert (visit.vehicle, visit.bench.faults) == ("A", [])


@pytest.mark.parametrize("left_for", ["A", "B", "D", "E"])
@pytest.mark.parametrize("offer_a", OFFERS_A)
def test_each_way_out_of_c_opens(left_for: State, offer_a: float) -> None:
    """Unplugged, S2 open, ventilation, short."""
    visit = Visit(1, offer_a)
    visit.run("A", 3.0)
    visit.run("B", 4.0)
    visit.run("C", 2.0)
    assert visit.bench.closed()
    assert visit.opens_in_s(left_for) <= OPENS_IN_S
