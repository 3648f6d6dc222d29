"""PURE: in which order a bus is asked who is there, and which makes can be behind an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from hal.configuration.meter_map import MeterName
from hal.contract import Reading
from hal.instruments.meter.answer import framed

_LIKELY = (1, 126, 2, 3, 4, 5, 10, 20)  # units as shipped, then what people number
_NEAR, _LAST = 32, 247  # Modbus over Serial Line V1.02, 2.2: units 1 to 247
_INPUT, _HOLDING = 4, 3
_PLAUSIBLE_A, _PLAUSIBLE_W = 200.0, 150_000.0  # above any meter of a wallbox
_APPARENT = 1.2  # real power is at most volts times amperes, with room for two readings at two moments


class Setting(NamedTuple):
    """How the line is opened."""

    baud: int
    parity: Literal["N", "E", "O"]
    stop_bits: Literal[1, 2]

    def __str__(self) -> str:
        return f"{self.baud} baud, 8{self.parity}{self.stop_bits}"


# What no make is shipped with, but meters in the field are set to.
_ALSO = (
    Setting(19200, "N", 1),
    Setting(38400, "N", 1),
    Setting(4800, "N", 1),
    Setting(115200, "N", 1),
    Setting(9600, "O", 1),
    Setting(9600, "N", 2),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One request: registers 0 and 1, which any device answers, or refuses."""

    setting: Setting
    unit: int
    function: int

    @property
    def frame(self) -> bytes:
        """Returns the request as it is sent."""
        return framed(bytes((self.unit, self.function, 0, 0, 0, 2)))


@dataclass(slots=True)
class Heard:
    """The settings and units that have answered."""

    units: dict[int, Setting] = field(default_factory=dict)

    @property
    def settings(self) -> list[Setting]:
        """Returns the settings at which somebody answered."""
        return list(dict.fromkeys(self.units.values()))


def settings(shipped: Sequence[Setting]) -> list[Setting]:
    """Lists what the makes are shipped with, the most frequent first, then what is met besides."""
    return list(dict.fromkeys([*(setting for setting, _ in Counter(shipped).most_common()), *_ALSO]))


def questions(all_settings: Sequence[Setting], heard: Heard) -> Iterator[Question]:
    """Yields what to ask next; `heard` grows meanwhile. The last are asked only while there is time."""
    for setting in all_settings:
        yield from _ask(setting, _LIKELY, heard)
    answered = heard.settings
    for setting in answered:
        yield from _ask(setting, range(1, _NEAR + 1), heard)
    if not answered:
        for units in (range(1, _NEAR + 1), range(_NEAR + 1, _LAST + 1)):
            for setting in all_settings:
                yield from _ask(setting, units, heard)


def _ask(setting: Setting, units: Sequence[int], heard: Heard) -> Iterator[Question]:
    """Asks a silent unit the other way too, if it is one as shipped: some makes know one function only."""
    for unit in units:
        if unit not in heard.units:
            yield Question(setting, unit, _INPUT)
        if unit not in heard.units and unit in _LIKELY[:2]:
            yield Question(setting, unit, _HOLDING)


def can_be(reading: Reading) -> bool:
    """Says whether a meter in front of a wallbox can show this, and not chance in other registers."""
    apparent_va = sum(volt * amp for volt, amp in zip(reading.voltage_v, reading.current_a, strict=True))
    return (
        max(reading.current_a) <= _PLAUSIBLE_A
        and abs(reading.power_w) <= min(_PLAUSIBLE_W, apparent_va * _APPARENT + 50.0)
        and reading.energy_wh < 10**9
    )


def best(found: dict[MeterName, Reading]) -> dict[MeterName, Reading]:
    """Keeps those that show most: a meter of three phases answers as one of a single phase too."""
    most = max((sum(volt > 0 for volt in one.voltage_v) for one in found.values()), default=0)
    return {name: one for name, one in found.items() if sum(volt > 0 for volt in one.voltage_v) == most}
