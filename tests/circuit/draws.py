"""PURE: boxes and cars drawn within the tolerances of docs/wiring.md, by a seed and a number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

State = Literal["A", "B", "C", "D", "E"]
STATES: tuple[State, ...] = ("A", "B", "C", "D", "E")
# IEC 61851-1 Table A.3 for B, C, D. Without a car nothing; a short is a crushed cable with the car behind it.
CAR_OHM: dict[State, float] = {"A": 1e9, "B": 2740.0, "C": 882.0, "D": 246.0, "E": 2740.0}
NO_SHORT_OHM, WORST_SHORT_OHM = 1e9, 100.0

SOURCE = 0.05
SERIES = 0.03
CAR = 0.03
REFERENCE = 0.002  # LM4040-3.0 B
PRECISE_DIVIDER, SET_DIVIDER = 0.001, 0.01
TAU = 0.10
COLDEST_C, HOTTEST_C = 0.0, 60.0
CABLE_M = 10.0
CAR_PF = 2400.0  # IEC 61851-1 Table A.2, at second hand: the car's capacitor at most
BOX_PF = (300.0, 1600.0)  # the same table: the box's own
OFFSET_V = 0.005  # TL07xH: 4 mV at most at 25 C, 2 uV/K
INPUT_A = 2e-9  # TL07xH: 120 pA at most at 25 C, doubled each 10 K up to 60 C
CONVERTER_LEAK_A = 1e-6  # MCP3208: at most, over its whole temperature
# MCP3208-C: offset 3, gain 5, integral nonlinearity 2 steps at most.
CONVERTER_OFFSET, CONVERTER_GAIN, CONVERTER_BEND = 3.0, 5.0, 2.0
METER_GAIN, METER_OFFSET_V = 0.005, 0.02  # a voltmeter of 0.5 % and 2 digits, range 20 V
SOURCE_FEEDBACK_OHM = 10_000.0  # r1 beside r2 of docs/circuits/pilot.lib


@dataclass(frozen=True)
class Channel:
    """One peak-hold with its divider and converter input."""

    hold_nf: float
    area: float  # of the diode: forward voltage and leakage of one specimen
    offset_v: float
    follower_offset_v: float
    top_ohm: float
    to_ref_ohm: float
    to_0_ohm: float
    leak_a: float


@dataclass(frozen=True)
class Converter:
    """The MCP3208 with its reference; errors in steps."""

    ref_v: float
    offset: float
    gain: float
    bend: float


@dataclass(frozen=True)
class Voltmeter:
    """What the builder's meter does wrong, and the share of the leak that was there on that day."""

    gain: float
    offset_v: float
    leak: float


@dataclass(frozen=True)
class Box:
    """One circuit, one cable, one car."""

    state: State
    precise: bool  # divider of 0.1 %, as computed; else 1 %, set once by voltmeter
    temp_c: float
    source_high_v: float
    source_low_v: float
    series_ohm: float
    car_ohm: float
    car_pf: float
    box_pf: float
    cable_m: float
    short_ohm: float
    source_offset_v: float
    gbw_hz: float
    slew_v_s: float
    drop_v: float
    input_a: float
    high: Channel
    low: Channel
    converter: Converter
    meter: Voltmeter


def drawn(seed: str, state: State, number: int) -> Box:
    """The same box for the same words. Each part stands at an end of its tolerance as often as inside it."""
    rng = random.Random(f"{seed} {state} {number}")
    precise = number % 2 == 0
    reference_v = 3.0 * (1 + _off(rng, REFERENCE))
    return Box(
        state=state,
        precise=precise,
        temp_c=_between(rng, COLDEST_C, HOTTEST_C),
        source_high_v=12 * (1 + _off(rng, SOURCE)),
        source_low_v=-12 * (1 + _off(rng, SOURCE)),
        series_ohm=1000 * (1 + _off(rng, SERIES)),
        car_ohm=CAR_OHM[state] * (1 + _off(rng, CAR)),
        car_pf=0.0 if state == "A" else _between(rng, 0.0, CAR_PF),
        box_pf=_between(rng, *BOX_PF),
        cable_m=_between(rng, 0.0, CABLE_M),
        short_ohm=_between(rng, 0.1, WORST_SHORT_OHM) if state == "E" else NO_SHORT_OHM,
        source_offset_v=_off(rng, OFFSET_V),
        gbw_hz=_between(rng, 3e6, 5.25e6),  # the sheet gives a typical value only
        slew_v_s=_between(rng, 13e6, 20e6),  # the same
        drop_v=_between(rng, 0.2, 1.0),
        input_a=_off(rng, INPUT_A),
        high=_channel(rng, precise=precise),
        low=_channel(rng, precise=precise),
        converter=Converter(
            reference_v, _off(rng, CONVERTER_OFFSET), _off(rng, CONVERTER_GAIN), _off(rng, CONVERTER_BEND)
        ),
        meter=Voltmeter(_off(rng, METER_GAIN), _off(rng, METER_OFFSET_V), rng.random()),
    )


def _channel(rng: random.Random, *, precise: bool) -> Channel:
    within = PRECISE_DIVIDER if precise else SET_DIVIDER
    return Channel(
        hold_nf=100 * (1 + _off(rng, TAU)),
        area=_between(rng, 0.5, 2.0),
        offset_v=_off(rng, OFFSET_V),
        follower_offset_v=_off(rng, OFFSET_V),
        top_ohm=110_000 * (1 + _off(rng, within)),
        to_ref_ohm=20_000 * (1 + _off(rng, within)),
        to_0_ohm=24_300 * (1 + _off(rng, within)),
        leak_a=_off(rng, CONVERTER_LEAK_A),
    )


def exact(state: State, *, source_v: float = 12.0, hold_nf: float = 100.0) -> Box:
    """Every part at its value, 25 C, 5 m of cable."""
    channel = Channel(hold_nf, 1.0, 0.0, 0.0, 110_000, 20_000, 24_300, 0.0)
    short_ohm = 1.0 if state == "E" else NO_SHORT_OHM
    return Box(
        state=state,
        precise=True,
        temp_c=25.0,
        source_high_v=source_v,
        source_low_v=-source_v,
        series_ohm=1000.0,
        car_ohm=CAR_OHM[state],
        car_pf=0.0 if state == "A" else 1000.0,
        box_pf=470.0,
        cable_m=5.0,
        short_ohm=short_ohm,
        source_offset_v=0.0,
        gbw_hz=5.25e6,
        slew_v_s=20e6,
        drop_v=0.5,
        input_a=0.0,
        high=channel,
        low=channel,
        converter=Converter(ref_v=3.0, offset=0.0, gain=0.0, bend=0.0),
        meter=Voltmeter(gain=0.0, offset_v=0.0, leak=1.0),
    )


def _off(rng: random.Random, within: float) -> float:
    return _between(rng, -within, within)


def _between(rng: random.Random, least: float, most: float) -> float:
    inside = rng.uniform(least, most)
    return rng.choice((least, most, inside, inside))
