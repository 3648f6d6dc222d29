"""The front end of the mock against the same circuit simulated in steps of 10 us, and its tolerances."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace
from math import exp, pi, sin
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.configuration.line_sections import Pilot as PilotWiring
from hal.mock.plant.copper import BOUNDS, Copper, Tolerance, changed, gain_and_offset_v
from hal.mock.plant.pilot_line import Pilot
from hal.mock.plant.plant import Outputs, Plant, PlantSettings

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
        end_s = self._now_s + STEP_S
        hum_v = copper.hum_v * sin(2 * pi * copper.hum_hz * end_s + copper.hum_phase_deg * pi / 180)
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


hums = st.fixed_dictionaries(
    {"hum_v": st.floats(0.1, 3.0), "hum_hz": st.floats(45, 65), "hum_phase_deg": st.floats(0, 360)}
)


@settings(max_examples=60, deadline=None)
@given(wide(0.001), hums, st.lists(pieces, min_size=1, max_size=4))
def test_hum_passes_the_circuit_as_it_would(
    copper: Copper, hum: dict[str, float], story: list[Piece]
) -> None:
    assert most_apart_v(replace(copper, **hum), story) < 0.050  # slices of 0.5 ms at up to 1.2 V a ms


def ratio_at_6_a(copper: Copper) -> float:
    """Mean reading of an empty pilot at 10 % to that in x1, as the self test of a box measures it."""
    plant = Plant(PlantSettings(), copper)
    readings = []
    for duty in (1.0, 0.1):
        plant.step(Outputs(duty, contactor=False), 0.5)
        volts = []
        for _ in range(400):
            plant.step(Outputs(duty, contactor=False), 0.01)
            volts.append(plant.cp_high_v)
        readings.append(sum(volts) / len(volts))
    return readings[1] / readings[0]


@pytest.mark.parametrize(("tau_ms", "ratio"), [(20, 0.980), (15, 0.973), (10, 0.961), (5, 0.924)])
def test_the_droop_of_a_time_constant(tau_ms: float, ratio: float) -> None:
    """Of 1 ms, 0.1 without droop and 0.9 of an exponential; the rule of 1 - 0.81 / (2 tau) is a line."""
    assert ratio_at_6_a(Copper(high_tau_s=tau_ms / 1000)) == pytest.approx(ratio, abs=0.001)


@pytest.mark.parametrize(("low_pass_s", "least_v", "most_v"), [(0.001, 0.05, 0.16), (0.0, 0.45, 0.54)])
def test_a_reading_is_of_any_age(low_pass_s: float, least_v: float, most_v: float) -> None:
    """Without the low-pass the whole sawtooth of 4.4 % is seen, with it a ripple."""
    plant = Plant(PlantSettings(), Copper(low_pass_s=low_pass_s), seed=7)
    plant.step(Outputs(0.1, contactor=False), 0.5)
    seen_v = []
    for _ in range(500):
        plant.step(Outputs(0.1, contactor=False), 0.01)
        seen_v.append(plant.cp_high_v)
    assert least_v < max(seen_v) - min(seen_v) < most_v


def test_the_same_seed_is_the_same_plant() -> None:
    def told(seed: int) -> list[float]:
        plant, seen_v = Plant(PlantSettings(), Copper(noise_v=0.1), seed), []
        for _ in range(20):
            plant.step(Outputs(0.1, contactor=False), 0.01)
            seen_v.append(plant.cp_high_v)
        return seen_v

    assert told(1) == told(1) != told(2)


def test_the_divider_of_the_reference_circuit_is_the_default_of_the_settings() -> None:
    gain, offset_v = gain_and_offset_v(110_000, 20_000, 24_300)
    assert (round(gain, 2), round(offset_v, 2)) == (11.03, -16.50)
    assert (PilotWiring().gain, PilotWiring().offset_v) == (11.03, -16.50)


@given(st.integers(0, 10_000), st.sampled_from([Tolerance(), Tolerance(reference=0.03, divider=0.01)]))
def test_what_is_drawn_lies_within_the_tolerances(seed: int, within: Tolerance) -> None:
    copper = Copper.drawn(random.Random(seed), within)
    assert abs(copper.source_high_v / 12 - 1) <= within.source
    assert abs(copper.source_low_v / -12 - 1) <= within.source
    for factor in (copper.series_factor, copper.r2_factor, copper.s2_factor, copper.ventilated_factor):
        assert abs(factor - 1) <= within.car
    for tau_s in (copper.high_tau_s, copper.low_tau_s):
        assert abs(tau_s / 0.020 - 1) <= within.hold_tau + 1e-9
    assert changed(Copper(), {part.name: getattr(copper, part.name) for part in fields(copper)}) == copper
    # A pilot that is known, through the divider: 0.1 % of three resistors and 0.2 % of the reference.
    worst_v = 12 * (2 * within.divider + within.reference) * 1.1 + 16.5 * 2 * within.divider * 1.1
    assert copper.read_v(12.0, -12.0) == pytest.approx((12.0, -12.0), abs=worst_v)


def test_draws_differ() -> None:
    drawn = [Copper.drawn(random.Random(seed)) for seed in range(50)]
    for part in ("source_high_v", "r2_factor", "diode_v", "high_tau_s", "low_gain_error", "reference_error"):
        assert len({getattr(copper, part) for copper in drawn}) == 50


def test_every_part_has_bounds_and_the_reference_circuit_is_within() -> None:
    assert set(BOUNDS) == {part.name for part in fields(Copper)}
    for name, (least, most) in BOUNDS.items():
        assert least <= getattr(Copper(), name) <= most
        assert getattr(changed(Copper(), {name: most}), name) == most
        with pytest.raises(ValueError, match=f"^{name} = .*: must be .* to {most:g}$"):
            changed(Copper(), {name: most + 1})


def test_a_part_that_is_none_is_answered_with_the_list() -> None:
    with pytest.raises(ValueError, match=r"no part 'hum'; did you mean hum_v\? There are source_high_v"):
        changed(Copper(), {"hum": 2.0})
    with pytest.raises(ValueError, match="hum_v = nan"):
        changed(Copper(), {"hum_v": float("nan")})
