"""PURE: what the simulated meter shows in its registers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hal.configuration.meter_map import MeterMap, NumberType, Quantity, SerialNumber
from hal.contract import Phases
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


@dataclass(frozen=True, slots=True)
class Measured:
    """What a meter measures at its place. Its currents have no sign; power has."""

    voltage_v: Phases
    current_a: Phases
    phase_w: Phases
    register_wh: int

    @property
    def power_w(self) -> float:
        """Returns the power of all phases."""
        return sum(self.phase_w)


def at_the_box(plant: Plant) -> Measured:
    """Measures what the box draws."""
    volts, amps = plant.voltage_v, plant.current_a
    apparent_va = sum(v * a for v, a in zip(volts, amps, strict=True))
    factor = plant.metered_w / apparent_va if apparent_va else 1.0
    l1, l2, l3 = (v * a * factor for v, a in zip(volts, amps, strict=True))
    return Measured(volts, amps, (l1, l2, l3), plant.register_wh)


def at_the_main_fuse(plant: Plant) -> Measured:
    """Measures what house and box draw together, or feed in."""
    volts, amps = plant.settings.nominal_voltage_v, plant.main_a
    l1, l2, l3 = amps
    there_v = (volts, volts, volts) if plant.settings.house_phases == 3 else (volts, 0.0, 0.0)
    return Measured(
        there_v, (abs(l1), abs(l2), abs(l3)), (volts * l1, volts * l2, volts * l3), plant.register_wh
    )


Place = Callable[[Plant], Measured]


def sdm630(plant: Plant, place: Place = at_the_box) -> Image:
    """Shows an Eastron SDM630, written from its protocol description and not from our table."""
    measured = place(plant)
    shown = {
        _TOTAL_POWER: measured.power_w,
        _FREQUENCY: 50.0,
        _IMPORT_KWH: measured.register_wh / 1000,
    }
    for phase in range(3):
        shown[_VOLTAGE + 2 * phase] = measured.voltage_v[phase]
        shown[_CURRENT + 2 * phase] = measured.current_a[phase]
        shown[_POWER + 2 * phase] = measured.phase_w[phase]
    inputs = dict.fromkeys(range(_INPUTS), 0)
    for register, number in shown.items():
        inputs[register], inputs[register + 1] = struct.unpack(">HH", struct.pack(">f", number))
    high, low = divmod(SERIAL_NUMBER, 0x10000)
    return {3: {_SERIAL_NUMBER: high, _SERIAL_NUMBER + 1: low}, 4: inputs}


def by_map(meter_map: MeterMap, place: Place = at_the_box) -> Face:
    """Shows just what that map asks for: for trying a box, not for finding a wrong map."""

    def face(plant: Plant) -> Image:
        image: Image = {3: {}, 4: {}}
        for quantity, numbers in _shown(meter_map, place(plant)):
            for first, number in zip(quantity.at, numbers, strict=False):
                words = _words(meter_map, quantity, number)
                image[meter_map.function_of(quantity)] |= dict(enumerate(words, first))
        return image

    return face


def _shown(meter_map: MeterMap, measured: Measured) -> Iterator[tuple[Quantity, tuple[float, ...]]]:
    yield meter_map.voltage, measured.voltage_v
    yield meter_map.current, measured.current_a
    yield meter_map.power, (measured.power_w,)
    yield meter_map.energy, (measured.register_wh,)
    if meter_map.phase_power is not None:
        yield meter_map.phase_power, measured.phase_w
    if isinstance(meter_map.serial_number, SerialNumber):
        yield meter_map.serial_number, (SERIAL_NUMBER,)


def _words(meter_map: MeterMap, quantity: Quantity, number: float) -> list[int]:
    kind, raw = meter_map.type_of(quantity), number / quantity.scale
    raw = abs(raw) if kind.startswith("uint") else raw  # such a meter shows no sign
    packed = struct.pack(_FORMATS[kind], raw if kind.startswith("float") else round(raw))
    words = list(struct.unpack(f">{len(packed) // 2}H", packed))
    return words if meter_map.word_order == "big" else words[::-1]
