"""PURE: what a make of meter says in its registers, and whether that can be true. Makes are rows of data."""

from __future__ import annotations

import math
import struct
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from hal.contract import Phases, Reading

MODELS_FILE = Path(__file__).with_name("meters.toml")
_FORMATS = {  # big-endian, words already in order
    "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I",
    "int64": ">q", "uint64": ">Q", "float32": ">f", "float64": ">d",
}  # fmt: skip
_HIGHEST_V = 300.0  # above any phase to neutral in a low-voltage grid (EN 50160: 230 V + 10 %), with room

NumberType = Literal["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


class ImplausibleError(Exception):
    """What the meter says cannot be; the text names the quantity, the value and what is allowed."""


class Quantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a quantity stands: one register for a sum, one for each phase."""

    at: tuple[int, ...]
    scale: float = 1.0  # raw times scale is in V, A, W or Wh
    type: NumberType | None = None  # None: the model's
    fc: Literal[3, 4] | None = None  # None: the model's
    nan: int | None = None  # the raw number that means "no value"


class MeterModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One make of meter."""

    names: tuple[str, ...]
    fc: Literal[3, 4]  # 3 = read holding registers, 4 = read input registers
    type: NumberType
    word_order: Literal["big", "little"]  # which word of a number comes first; bytes in a word are big-endian
    gap_ms: int  # least time between two requests
    step_wh: int  # the register's resolution
    blocks: tuple[tuple[int, int], ...]  # what one reading asks for: first register, count
    voltage: Quantity
    current: Quantity
    power: Quantity  # of all phases together
    energy: Quantity  # imported
    serial_number: Quantity | None = None


@cache
def models() -> dict[str, MeterModel]:
    """All makes by name. Raises msgspec.ValidationError for a row that is not one."""
    return msgspec.convert(tomllib.loads(MODELS_FILE.read_text()), dict[str, MeterModel])


def number(model: MeterModel, quantity: Quantity, index: int, words: Mapping[int, int]) -> float:
    """The number in its unit. Raises ImplausibleError for the model's "no value"."""
    form = _FORMATS[quantity.type or model.type]
    first = quantity.at[index]
    taken = [words[first + offset] for offset in range(struct.calcsize(form) // 2)]
    if model.word_order == "little":
        taken.reverse()
    raw: float = struct.unpack(form, struct.pack(f">{len(taken)}H", *taken))[0]
    if raw == quantity.nan or not math.isfinite(raw):
        raise ImplausibleError(f"register {first:#06x} = {raw}: no number")
    return raw * quantity.scale


def reading(model: MeterModel, words: Mapping[int, int], at_s: float, serial: str | None) -> Reading:
    """One whole reading; energy in whole steps of the register. Raises ImplausibleError."""
    volts = _phases(model, model.voltage, words)
    for phase, volt in enumerate(volts, start=1):
        if not 0 <= volt <= _HIGHEST_V:
            raise ImplausibleError(f"voltage L{phase} = {volt:g} V: 0 to {_HIGHEST_V:g}")
    energy_wh = number(model, model.energy, 0, words)
    if energy_wh < 0:
        raise ImplausibleError(f"energy = {energy_wh:g} Wh: 0 or more")
    return Reading(
        at_s=at_s,
        energy_wh=round(energy_wh / model.step_wh) * model.step_wh,
        power_w=number(model, model.power, 0, words),
        current_a=_phases(model, model.current, words),
        voltage_v=volts,
        meter_serial=serial,
    )


class EnergyGuard:
    """Imported energy never runs back by more than the register's step, as long as the meter is the same."""

    def __init__(self, step_wh: int) -> None:
        self._step_wh = step_wh
        self._last_wh: int | None = None

    def check(self, energy_wh: int) -> None:
        """Raises ImplausibleError; what it refuses does not count. A start of the process begins anew."""
        if self._last_wh is not None and energy_wh < self._last_wh - self._step_wh:
            raise ImplausibleError(
                f"energy = {energy_wh} Wh: {self._last_wh} before; restart hal.instruments for another meter"
            )
        self._last_wh = energy_wh


def _phases(model: MeterModel, quantity: Quantity, words: Mapping[int, int]) -> Phases:
    measured = [number(model, quantity, index, words) for index in range(len(quantity.at))]
    first, second, third = measured + [0.0] * (3 - len(measured))
    return (first, second, third)
