"""Simulates the drawn boxes: each state at each offer, some boxes a deck, some decks at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

from hal.core.signals import PilotOffer
from tests.circuit.deck import Volts, deck, volts
from tests.circuit.draws import STATES, Box, State, drawn
from tests.circuit.spice import measured
from tests.hal.core.world import fraction

SEED = "reference front end"
DRAWS = 200
TENTH = 20
OFFERS: tuple[PilotOffer, ...] = (6.0, 16.0, 32.0, 80.0, "x1")  # duties of 10, 26.7, 53.3, 96 and 100 %
BOXES_A_DECK = 4  # more are no faster, and one that does not converge costs its neighbours
_AT_A_TIME = 2


@dataclass(frozen=True)
class Case:
    """One box at one offer, and what it showed."""

    box: Box
    number: int
    offer: PilotOffer
    volts: Volts


def simulated(
    numbers: range, offers: tuple[PilotOffer, ...] = OFFERS, states: tuple[State, ...] = STATES
) -> Iterator[Case]:
    """Boxes with these numbers in each state, at each offer. Raises SpiceError."""
    batches = [range(at, min(at + BOXES_A_DECK, numbers.stop)) for at in numbers[::BOXES_A_DECK]]
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for cases in pool.map(_batch, *zip(*product(states, offers, batches), strict=True)):
            yield from cases


def _batch(state: State, offer: PilotOffer, numbers: range) -> list[Case]:
    boxes = [drawn(SEED, state, number) for number in numbers]
    results = measured(deck(boxes, fraction(offer)))
    return [Case(boxes[at], number, offer, volts(results, at)) for at, number in enumerate(numbers)]
