"""The front end of the mock against the same circuit simulated in steps of 10 us, and its tolerances."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import exp, pi, sin
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from hal.mock.copper import Copper
from hal.mock.pilot_line import Pilot

STEP_S = 1e-5
STEPS_A_PERIOD = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of the plant; phase and duration in steps of 10 us, the duty in hundredths."""

    duty_pct: int
    state: Literal["B", "C", "D"] | None  # None: nobody there
    steps: int
    phase: int  # in which the step begins, if it is a long one


class Drawn(random.Random):
    """Draws what the test says."""

    phase = 0

    def random(self) -> float:
        return self.phase / STEPS_A_PERIOD


class SlowPilot:
    """Integrates the circuit as it is drawn: rectifier, capacitor, resistor, low-pass."""

    def __init__(self, copper: Copper) -> None:
        self._copper = copper
        self.held_v = [copper.source_high_v, 0.0]
        self.shown_v = [copper.source_high_v, 0.0]
        self._phase = 0
        self._now_s = 0.0

    def at_edge(self, piece: Piece) -> bool:
        """The last digit of the arithmetic decides whether the next half-wave has begun."""
        return self._phase % STEPS_A_PERIOD in (0, piece.duty_pct)

    def run(self, piece: Piece) -> None:
        if piece.steps >= 500:
            self._phase = piece.phase
        for _ in range(piece.steps):
            self._step(piece)

    def _step(self, piece: Piece) -> None:
        copper = self._copper
        high = self._phase % STEPS_A_PERIOD < piece.duty_pct
        hum_v = copper.hum_v * sin(2 * pi * copper.hum_hz * self._now_s + copper.hum_phase_deg * pi / 180)
        at_pilot_v = self._at_pilot_v(piece, high=high) + hum_v
        taus = copper.high_tau_s, copper.low_tau_s
        for channel, rectified_v in enumerate((at_pilot_v, -at_pilot_v)):
            faded_v = self.held_v[channel] * exp(-STEP_S / taus[channel])
            held_v = max(faded_v, rectified_v) if high == (channel == 0) else faded_v
            mean_v = (self.held_v[channel] + held_v) / 2 if held_v == faded_v else held_v
            self.held_v[channel] = held_v
            share = exp(-STEP_S / copper.low_pass_s) if copper.low_pass_s else 0.0
            seen_v = mean_v if copper.low_pass_s else held_v
            self.shown_v[channel] = seen_v + (self.shown_v[channel] - seen_v) * share
        self._phase += 1
        self._now_s += STEP_S

    def _at_pilot_v(self, piece: Piece, *, high: bool) -> float:
        copper = self._copper
        source_v = copper.source_high_v if high else copper.source_low_v
        if piece.state is None or not high:
            return source_v
        load_ohm = copper.load_ohm(piece.state)
        return source_v - (source_v - copper.diode_v) * copper.series_ohm / (load_ohm + copper.series_ohm)


pieces = st.builds(
    Piece,
    st.sampled_from([0, 10, 17, 27, 33, 53, 85, 100]),
    st.sampled_from(["B", "C", "D", None]),
    st.one_of(st.integers(1, 499), st.integers(500, 1200)),
    st.integers(0, STEPS_A_PERIOD - 1),
)


def wide(low_pass_s: float) -> st.SearchStrategy[Copper]:
    """Far beyond what is allowed."""
    return st.builds(
        Copper,
        source_high_v=st.floats(10.5, 13.5),
        source_low_v=st.floats(-13.5, -10.5),
        series_factor=st.floats(0.9, 1.1),
        r2_factor=st.floats(0.9, 1.1),
        s2_factor=st.floats(0.9, 1.1),
        ventilated_factor=st.floats(0.9, 1.1),
        diode_v=st.floats(0.5, 0.8),
        high_tau_s=st.floats(0.003, 0.040),
        low_tau_s=st.floats(0.003, 0.040),
        low_pass_s=st.just(low_pass_s),
    )


def most_apart_v(copper: Copper, story: list[Piece]) -> float:
    """Between the mock and the simulation, after any piece."""
    rng = Drawn()
    pilot, slow = Pilot(set(), copper, rng), SlowPilot(copper)
    apart_v = 0.0
    for piece in story:
        rng.phase = piece.phase
        pilot.step(piece.duty_pct / 100, piece.state, connected=True, dt_s=piece.steps * STEP_S)
        slow.run(piece)
        if slow.at_edge(piece):
            break
        high_v, low_v = pilot.shown_v
        apart_v = max(apart_v, abs(high_v - slow.shown_v[0]), abs(low_v + slow.shown_v[1]))
    return apart_v


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([0.0, 0.0005, 0.001, 0.002]).flatmap(wide), st.lists(pieces, min_size=1, max_size=5))
def test_the_formulas_are_the_circuit(copper: Copper, story: list[Piece]) -> None:
    assert most_apart_v(copper, story) < 0.003  # 2 mV are what the mock forgets on purpose
