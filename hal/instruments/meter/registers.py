"""PURE: which registers to ask for, and from their words to a reading that can be true."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hal.configuration.meter_map import (
    Function,
    MeterMap,
    NumberType,
    Quantity,
    SerialNumber,
    WordOrder,
    words_of,
)
from hal.contract import HouseReading, Phases, Reading

_FORMATS: dict[NumberType, str] = {  # big-endian, words already in order
    "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I",
    "int64": ">q", "uint64": ">Q", "float32": ">f", "float64": ">d",
}  # fmt: skip
_LOWEST_V = 0.5  # of nominal: less on a wired phase is a lost phase or a broken meter, never a supply
_HIGHEST_V = 300.0  # above any phase to neutral in a low-voltage grid (EN 50160: 230 V + 10 %), with room

Words = Mapping[tuple[Function, int], int]  # by function code and register


class ImplausibleError(Exception):
    """The meter's values cannot be true; the text names the quantity, the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The phases and the voltage of the wires that the meter measures."""

    phases: int
    nominal_v: float


@dataclass(frozen=True, slots=True)
class Block:
    """Registers to ask for at once; `numbers` are those that make sense alone."""

    fc: Function
    start: int
    count: int
    numbers: tuple[tuple[int, int], ...]  # first register and count of each


def blocks(meter_map: MeterMap, phases: int, max_block: int, *, of_house: bool = False) -> tuple[Block, ...]:
    """Says what one reading asks for: needed registers, neighbours together, no number cut in two."""
    found: list[Block] = []
    quantities = meter_map.of_house() if of_house else meter_map.quantities()
    for fc, start, count in sorted(_numbers(meter_map, quantities, phases)):
        last = found[-1] if found else None
        if (
            last is not None
            and (last.fc, last.start + last.count) == (fc, start)
            and last.count + count <= max_block
        ):
            found[-1] = Block(fc, last.start, last.count + count, (*last.numbers, (start, count)))
        else:
            found.append(Block(fc, start, count, ((start, count),)))
    return tuple(found)


def _numbers(
    meter_map: MeterMap, quantities: Mapping[str, Quantity], phases: int
) -> Iterator[tuple[Function, int, int]]:
    for quantity in quantities.values():
        for first in quantity.at[:phases]:
            yield meter_map.function_of(quantity), first, words_of(meter_map.type_of(quantity))


def number(meter_map: MeterMap, quantity: Quantity, index: int, words: Words) -> float:
    """Returns the number in its unit. Raises ImplausibleError for the meter's "no value"."""
    kind, first = meter_map.type_of(quantity), quantity.at[index]
    function = meter_map.function_of(quantity)
    taken = [words[function, first + offset] for offset in range(words_of(kind))]
    packed = _packed(taken, meter_map.word_order)
    raw: float = struct.unpack(_FORMATS[kind], packed)[0]
    no_value = None if quantity.nan is None else quantity.nan % (1 << 8 * len(packed))
    if not math.isfinite(raw) or int.from_bytes(packed) == no_value:
        raise ImplausibleError(f"register {first:#06x} = {raw:g}: the meter's sign for no value")
    return raw * quantity.scale


def serial_text(meter_map: MeterMap, serial: SerialNumber, words: Words) -> str | None:
    """Returns the serial number as the label prints it; None for one that was never written."""
    kind, function = meter_map.type_of(serial), meter_map.function_of(serial)
    taken = [words[function, serial.total + offset] for offset in range(words_of(kind))]
    bits = int.from_bytes(_packed(taken, meter_map.word_order))
    if bits in (0, (1 << 16 * len(taken)) - 1):
        return None
    return f"{bits:x}" if serial.base == 16 else str(bits)


def reading(meter_map: MeterMap, wiring: Wiring, words: Words, at_s: float) -> Reading:
    """Makes one whole reading; its energy is the register's, in whole steps. Raises ImplausibleError.

    Phases that the box has not are 0. Currents are magnitudes: a meter wired the other way round must not
    hide an over-current.
    """
    volts = _volts(meter_map, wiring, words)
    energy_wh = number(meter_map, meter_map.energy, 0, words)
    if energy_wh < 0:
        raise ImplausibleError(f"energy = {energy_wh:g} Wh: 0 or more")
    first, second, third = _phases(meter_map, meter_map.current, wiring, words)
    return Reading(
        at_s=at_s,
        energy_wh=round(energy_wh / meter_map.step_wh) * meter_map.step_wh,
        power_w=number(meter_map, meter_map.power, 0, words),
        current_a=(abs(first), abs(second), abs(third)),
        voltage_v=volts,
    )


def house_reading(meter_map: MeterMap, wiring: Wiring, words: Words, at_s: float) -> HouseReading:
    """Makes one reading of a house meter. Raises ImplausibleError.

    A phase that feeds the grid is as negative as its power says, volts for volts; what it draws is the
    measured current, blind current included. A meter that gives no power of each phase cannot tell: there
    the signs are those of its registers, most often none, so that feeding counts as load.
    """
    volts = _volts(meter_map, wiring, words)
    amps = _phases(meter_map, meter_map.current, wiring, words)
    watts = meter_map.phase_power
    if watts is None:
        single = wiring.phases == 1
        power_w = number(meter_map, meter_map.power, 0, words)
        each_w = (power_w, 0.0, 0.0) if single else None
    else:
        each_w = _phases(meter_map, watts, wiring, words)
        power_w = sum(each_w)
    if each_w is not None:
        l1, l2, l3 = (_signed_a(*phase) for phase in zip(amps, each_w, volts, strict=True))
        amps = (l1, l2, l3)
    return HouseReading(at_s=at_s, current_a=amps, voltage_v=volts, power_w=power_w)


def _signed_a(amps: float, watts: float, volts: float) -> float:
    return watts / volts if watts < 0 and volts > 0 else abs(amps)


def _volts(meter_map: MeterMap, wiring: Wiring, words: Words) -> Phases:
    volts = _phases(meter_map, meter_map.voltage, wiring, words)
    lowest_v = _LOWEST_V * wiring.nominal_v
    for phase, volt in enumerate(volts[: wiring.phases], start=1):
        if not lowest_v <= volt <= _HIGHEST_V:
            raise ImplausibleError(f"voltage L{phase} = {volt:g} V: {lowest_v:g} to {_HIGHEST_V:g}")
    return volts


def _phases(meter_map: MeterMap, quantity: Quantity, wiring: Wiring, words: Words) -> Phases:
    wired = range(min(wiring.phases, len(quantity.at)))
    measured = [number(meter_map, quantity, index, words) for index in wired]
    first, second, third = measured + [0.0] * (3 - len(measured))
    return (first, second, third)


def _packed(words: list[int], order: WordOrder) -> bytes:
    """Packs the most significant byte first."""
    return struct.pack(f">{len(words)}H", *(words if order == "big" else reversed(words)))
