"""PURE: every tolerance of the copper of box and car; the defaults are the reference front end, exact."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from hal.mock.plant.names import unknown

SERIES_OHM = 1000.0  # IEC 61851-1 Table A.2, behind the source
R2_OHM = 2740.0  # IEC 61851-1 Table A.3: in the car, behind its diode
S2_OHM = 1300.0  # beside it once S2 is closed
VENTILATED_OHM = 270.0  # in place of that, for a car that asks for ventilation
# The divider at the converter's pin (docs/wiring.md): to the hold circuit, to VREF, to 0 V.
TO_HOLD_OHM, TO_VREF_OHM, TO_ZERO_OHM = 110_000.0, 20_000.0, 24_300.0
VREF_V = 3.0

CarState = Literal["B", "C", "D"]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The tolerances of the parts, each a share of its value; `drawn` draws evenly within them."""

    source: float = 0.05
    series: float = 0.03
    car: float = 0.03  # each of its resistors
    reference: float = 0.002  # a reference part; 0.03 for a 3.3 V rail
    divider: float = 0.001  # each of its resistors; 1 % ones are set by a voltmeter
    hold_tau: float = 0.10
    pull_up: float = 0.01


@dataclass(frozen=True, slots=True)
class Copper:
    """The parts of one box and one car. A `factor` multiplies the part's value, an `error` is a share of the
    reading."""

    source_high_v: float = 12.0
    source_low_v: float = -12.0
    series_factor: float = 1.0  # of the 1 kohm
    r2_factor: float = 1.0  # of the car's 2.74 kohm
    s2_factor: float = 1.0  # of its 1.3 kohm
    ventilated_factor: float = 1.0  # of its 270 ohm
    diode_v: float = 0.7  # a silicon diode at some mA: 0.55 to 0.75 V
    high_tau_s: float = 0.020  # 100 nF and 200 kohm
    low_tau_s: float = 0.020
    low_pass_s: float = 0.001  # 100 nF at the pin with the divider; 0: missing, the sawtooth itself is read
    high_gain_error: float = 0.0  # of the divider
    high_offset_error_v: float = 0.0  # at the pilot
    low_gain_error: float = 0.0
    low_offset_error_v: float = 0.0
    reference_error: float = 0.0  # of the converter; the divider's middle comes from the same part
    noise_v: float = 0.0  # rms, of each reading
    hum_v: float = 0.0  # amplitude on the pilot
    hum_hz: float = 50.0
    hum_phase_deg: float = 0.0  # at the plant's second 0
    mirror_bounce_s: float = 0.0  # for so long after a movement the mirror contact reads anything
    contactor_bounce_s: float = 0.0  # for so long after closing the main contacts close and open
    pull_up_error: float = 0.0  # of the proximity pilot

    @property
    def series_ohm(self) -> float:
        """Returns the ohms between source and pilot."""
        return SERIES_OHM * self.series_factor

    def load_ohm(self, state: CarState) -> float:
        """Returns what the car puts between pilot and earth."""
        r2_ohm = R2_OHM * self.r2_factor
        match state:
            case "B":
                return r2_ohm
            case "C":
                return _beside(r2_ohm, S2_OHM * self.s2_factor)
            case "D":
                return _beside(r2_ohm, VENTILATED_OHM * self.ventilated_factor)

    @classmethod
    def drawn(cls, rng: random.Random, within: Tolerance | None = None) -> Copper:
        """Draws another box and car within those tolerances: without hum, noise and bounce."""
        within = within or Tolerance()
        reference_error = _off(rng, within.reference)
        high, low = _divider(rng, within.divider), _divider(rng, within.divider)
        return cls(
            source_high_v=12.0 * (1 + _off(rng, within.source)),
            source_low_v=-12.0 * (1 + _off(rng, within.source)),
            series_factor=1 + _off(rng, within.series),
            r2_factor=1 + _off(rng, within.car),
            s2_factor=1 + _off(rng, within.car),
            ventilated_factor=1 + _off(rng, within.car),
            diode_v=rng.uniform(0.55, 0.75),
            high_tau_s=0.020 * (1 + _off(rng, within.hold_tau)),
            low_tau_s=0.020 * (1 + _off(rng, within.hold_tau)),
            high_gain_error=high[0],
            high_offset_error_v=high[1],
            low_gain_error=low[0],
            low_offset_error_v=low[1],
            reference_error=reference_error,
            pull_up_error=_off(rng, within.pull_up),
        )

    def read_v(self, high_v: float, low_v: float) -> tuple[float, float]:
        """Returns what the box makes of the volts behind the two holds, by its nominal gain and offset."""
        reference = 1 + self.reference_error
        return (
            high_v * (1 + self.high_gain_error) / reference + self.high_offset_error_v,
            low_v * (1 + self.low_gain_error) / reference + self.low_offset_error_v,
        )


# What `changed` accepts: far beyond what is legal, within what the formulas can bear.
BOUNDS: dict[str, tuple[float, float]] = {
    "source_high_v": (0.0, 15.0), "source_low_v": (-15.0, 0.0), "series_factor": (0.5, 2.0),
    "r2_factor": (0.5, 2.0), "s2_factor": (0.5, 2.0), "ventilated_factor": (0.5, 2.0),
    "diode_v": (0.0, 1.5), "high_tau_s": (0.0005, 1.0), "low_tau_s": (0.0005, 1.0),
    "low_pass_s": (0.0, 0.1), "high_gain_error": (-0.2, 0.2), "high_offset_error_v": (-2.0, 2.0),
    "low_gain_error": (-0.2, 0.2), "low_offset_error_v": (-2.0, 2.0), "reference_error": (-0.2, 0.2),
    "noise_v": (0.0, 5.0), "hum_v": (0.0, 12.0), "hum_hz": (1.0, 1000.0), "hum_phase_deg": (-360.0, 360.0),
    "mirror_bounce_s": (0.0, 1.0), "contactor_bounce_s": (0.0, 1.0), "pull_up_error": (-0.5, 0.5),
}  # fmt: skip


def changed(copper: Copper, parts: Mapping[str, float]) -> Copper:
    """Returns it with these parts in place. Raises ValueError, with what there is, for one that cannot be."""
    for name, value in parts.items():
        if name not in BOUNDS:
            raise ValueError(unknown("part", name, BOUNDS))
        least, most = BOUNDS[name]
        if not least <= value <= most:
            raise ValueError(f"{name} = {value:g}: must be {least:g} to {most:g}")
    return replace(copper, **parts)


def gain_and_offset_v(to_hold_ohm: float, to_vref_ohm: float, to_zero_ohm: float) -> tuple[float, float]:
    """Returns gain and offset of a divider of three resistors: V at pilot = V at pin * gain + offset."""
    gain = to_hold_ohm * (1 / to_hold_ohm + 1 / to_vref_ohm + 1 / to_zero_ohm)
    return gain, -VREF_V * to_hold_ohm / to_vref_ohm


def _divider(rng: random.Random, within: float) -> tuple[float, float]:
    """Returns gain and offset error of a divider that is read as if its resistors were exact."""
    nominal_gain, nominal_offset_v = gain_and_offset_v(TO_HOLD_OHM, TO_VREF_OHM, TO_ZERO_OHM)
    ohms = (TO_HOLD_OHM, TO_VREF_OHM, TO_ZERO_OHM)
    gain, offset_v = gain_and_offset_v(*(ohm * (1 + _off(rng, within)) for ohm in ohms))
    return nominal_gain / gain - 1, nominal_offset_v - offset_v * nominal_gain / gain


def _off(rng: random.Random, within: float) -> float:
    return rng.uniform(-within, within)


def _beside(one_ohm: float, other_ohm: float) -> float:
    return one_ohm * other_ohm / (one_ohm + other_ohm)
