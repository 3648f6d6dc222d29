"""PURE: from the volts at the converter's pin to the volts that `hal.core` judges, by its own functions."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hal.configuration.line_sections import Adc, Pilot
from hal.core.control_pilot.levels import high_side_v, low_side_v
from hal.core.signals import PilotOffer
from tests.circuit.deck import Volts, pin_v
from tests.circuit.draws import Box, Channel, Converter

FULL = 4095  # 12 bits
PILOT, ADC = Pilot(), Adc()  # the settings of a box built by docs/wiring.md
ATTACK_SHARE = 200_000 / 200_100  # the bleed draws through the 100 ohm, in x1 too

Span = tuple[float, float, float]  # least, mean and most of any moment of sampling


@dataclass(frozen=True)
class Shown:
    """Volts of one box as the core has them."""

    high_v: Span
    low_v: Span


def code(converter: Converter, at_pin_v: float) -> int:
    """What the converter answers."""
    share = at_pin_v / converter.ref_v
    steps = share * (FULL + 1) + converter.offset + converter.gain * share
    steps += converter.bend * (1 - (2 * share - 1) ** 2)
    return min(max(round(steps), 0), FULL)


def gain_and_offset_v(box: Box) -> tuple[float, float]:
    """`pilot.gain` and `pilot.offset_v` of this box: as computed, or set by voltmeter.

    By voltmeter: the high channel in x1 and the low channel in F, so that both ends are right.
    """
    if box.precise:
        return PILOT.gain, PILOT.offset_v
    x1_read_v = read_in_rest_v(box, box.high, box.source_high_v, leak=box.meter.leak)
    f_read_v = read_in_rest_v(box, box.low, box.source_low_v, leak=box.meter.leak)
    x1_v, f_v = (
        at_pilot_v * (1 + box.meter.gain) + box.meter.offset_v
        for at_pilot_v in (box.source_high_v, box.source_low_v)
    )
    gain = (x1_v - f_v) / (x1_read_v - f_read_v)
    return gain, x1_v - gain * x1_read_v


def read_in_rest_v(box: Box, channel: Channel, pilot_v: float, *, leak: float = 1.0) -> float:
    """At the converter, without PWM and without a car; as algebra. `leak`: the share of it that flows."""
    held_v = pilot_v * ATTACK_SHARE + channel.offset_v + channel.follower_offset_v
    at_pin_v = pin_v(channel, held_v, box.converter.ref_v, leak=leak)
    return code(box.converter, at_pin_v) * ADC.max_voltage_v / FULL


def converted_v(box: Box, at_pin_v: float) -> float:
    """What `hal.safety` hands to the core: the droop is still in it."""
    gain, offset_v = gain_and_offset_v(box)
    return code(box.converter, at_pin_v) * ADC.max_voltage_v / FULL * gain + offset_v


def shown(box: Box, volts: Volts, offer: PilotOffer) -> Shown:
    """Conversion, gain and offset as `hal.safety` has them, then the droop as `hal.core` takes it out."""

    def high_v(at_pin_v: float) -> float:
        return high_side_v(converted_v(box, at_pin_v), offer, PILOT.hold_s)

    def low_v(at_pin_v: float) -> float:
        return low_side_v(converted_v(box, at_pin_v), offer, PILOT.hold_s)

    high, low = volts.high_pin_v, volts.low_pin_v
    return Shown(
        (high_v(high[0]), high_v(high[1]), high_v(high[2])),
        (low_v(low[0]), low_v(low[1]), low_v(low[2])),
    )


def any_moment(rng: random.Random, span: Span) -> float:
    """Between least and most, and on average the mean."""
    least_v, mean_v, most_v = span
    below = rng.random() * (most_v - least_v) < most_v - mean_v
    return rng.uniform(least_v, mean_v) if below else rng.uniform(mean_v, most_v)
