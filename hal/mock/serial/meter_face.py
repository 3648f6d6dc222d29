"""PURE: what the simulated meter shows in its registers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from hal.configuration.meter_map import MeterMap, NumberType, Quantity, SerialNumber
from hal.mock.plant.plant import Plant

SERIAL_NUMBER = 63_000_001  # shown with MOCK in front wherever the box names it

Image = dict[int, dict[int, int]]  # function code, register, word
Face = Callable[[Plant], Image]

_FORMATS: dict[NumberType, str] = {
    "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I",
    "int64": ">q", "uint64": ">Q", "float32": ">f", "float64": ">d",
}  # fmt: skip
_INPUTS = 0x0160  # SDM630: input registers 0 to 0x15F; those not listed below read 0
# SDM630 Modbus protocol, input registers (function 4), each a float32, most significant word first
_VOLTAGE, _CURRENT, _POWER = 0x0000, 0x0006, 0x000C  # three phases each
_TOTAL_POWER, _FREQUENCY, _IMPORT_KWH = 0x0034, 0x0046, 0x0048
_SERIAL_NUMBER = 0xFC00  # holding register (function 3), uint32


def sdm630(plant: Plant) -> Image:
    """Shows an Eastron SDM630, written from its protocol description and not from our table."""
    volts, amps = plant.voltage_v, plant.current_a
    apparent_va = sum(v * a for v, a in zip(volts, amps, strict=True))
    factor = plant.metered_w / apparent_va if apparent_va else 1.0
    shown = {_TOTAL_POWER: plant.metered_w, _FREQUENCY: 50.0, _IMPORT_KWH: plant.register_wh / 1000}
    for phase in range(3):
        shown[_VOLTAGE + 2 * phase] = volts[phase]
        shown[_CURRENT + 2 * phase] = amps[phase]
        shown[_POWER + 2 * phase] = volts[phase] * amps[phase] * factor
    inputs = dict.fromkeys(range(_INPUTS), 0)
    for register, number in shown.items():
        inputs[register], inputs[register + 1] = struct.unpack(">HH", struct.pack(">f", number))
    high, low = divmod(SERIAL_NUMBER, 0x10000)
    return {3: {_SERIAL_NUMBER: high, _SERIAL_NUMBER + 1: low}, 4: inputs}


def by_map(meter_map: MeterMap) -> Face:
    """Shows just what that map asks for: for trying a box, not for finding a wrong map."""

    def face(plant: Plant) -> Image:
        image: Image = {3: {}, 4: {}}
        for quantity, numbers in _shown(meter_map, plant):
            for first, number in zip(quantity.at, numbers, strict=False):
                words = _words(meter_map, quantity, number)
                image[meter_map.function_of(quantity)] |= dict(enumerate(words, first))
        return image

    return face


def _shown(meter_map: MeterMap, plant: Plant) -> Iterator[tuple[Quantity, tuple[float, ...]]]:
    yield meter_map.voltage, plant.voltage_v
    yield meter_map.current, plant.current_a
    yield meter_map.power, (plant.metered_w,)
    yield meter_map.energy, (plant.register_wh,)
    if isinstance(meter_map.serial_number, SerialNumber):
        yield meter_map.serial_number, (SERIAL_NUMBER,)


def _words(meter_map: MeterMap, quantity: Quantity, number: float) -> list[int]:
    kind, raw = meter_map.type_of(quantity), number / quantity.scale
    raw = abs(raw) if kind.startswith("uint") else raw  # such a meter shows no sign
    packed = struct.pack(_FORMATS[kind], raw if kind.startswith("float") else round(raw))
    words = list(struct.unpack(f">{len(packed) // 2}H", packed))
    return words if meter_map.word_order == "big" else words[::-1]
