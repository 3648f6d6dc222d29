"""PURE: from the volts at the converter's pin to the volts that `hal.core` judges."""

from __future__ import annotations

from dataclasses import dataclass

from tests.circuit.deck import Volts, pin_v
from tests.circuit.draws import Box, Channel, Converter

FULL = 4095  # 12 bits
GAIN, OFFSET_V, REFERENCE_V = 11.0268, -16.5, 3.0  # of docs/wiring.md
TAU_S = 0.020  # the setting, whatever the capacitor is
PERIOD_S = 0.001
ATTACK_SHARE = 200_000 / 200_100  # the bleed draws through the 100 ohm, in x1 too


@dataclass(frozen=True)
class Shown:
    """Volts of one box as the core has them: (least, mean, most) of any moment of sampling."""

    high_v: tuple[float, float, float]
    low_v: tuple[float, float, float]


def code(converter: Converter, at_pin_v: float) -> int:
    """What the converter answers."""
    share = at_pin_v / converter.ref_v
    steps = share * (FULL + 1) + converter.offset + converter.gain * share
    steps += converter.bend * (1 - (2 * share - 1) ** 2)
    return min(max(round(steps), 0), FULL)


def gain_and_offset_v(box: Box) -> tuple[float, float]:
    """`pilot.gain` and `pilot.offset_v` of this box: computed, or set by voltmeter on the high channel.

    x1 shows the source and F shows 0 V there: a hold circuit that is not fed has run empty.
    """
    if box.precise:
        return GAIN, OFFSET_V
    x1_read_v = _read_v(box, box.high, box.source_high_v * ATTACK_SHARE)
    f_read_v = _read_v(box, box.high, 0.0)
    x1_v = box.source_high_v * (1 + box.meter.gain) + box.meter.offset_v
    gain = x1_v / (x1_read_v - f_read_v)
    return gain, -gain * f_read_v


def _read_v(box: Box, channel: Channel, held_v: float) -> float:
    """On the day of the voltmeter."""
    held_v += channel.follower_offset_v + (channel.offset_v if held_v else 0.0)
    at_pin_v = pin_v(channel, held_v, box.converter.ref_v, leak=box.meter.leak)
    return code(box.converter, at_pin_v) * REFERENCE_V / FULL


def shown(box: Box, volts: Volts, duty: float) -> Shown:
    """Conversion, gain and offset, and the mean droop of this duty taken out."""
    gain, offset_v = gain_and_offset_v(box)

    def read(at_pin_v: float) -> float:
        return code(box.converter, at_pin_v) * REFERENCE_V / FULL * gain + offset_v

    high_share, low_share = _shares(duty)
    high, low = volts.high_pin_v, volts.low_pin_v
    return Shown(
        (read(high[0]) / high_share, read(high[1]) / high_share, read(high[2]) / high_share),
        (read(low[0]) / low_share, read(low[1]) / low_share, read(low[2]) / low_share),
    )


def _shares(duty: float) -> tuple[float, float]:
    """What the mean droop leaves of high and low."""
    if duty in (0.0, 1.0):
        return 1.0, 1.0
    droop = PERIOD_S / (2 * TAU_S)
    return 1 - (1 - duty) ** 2 * droop, 1 - duty**2 * droop
