"""PURE: where a meter keeps its numbers: the schema of `[meter.map]` and of each row of meters.toml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

NumberType = Literal["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
WordOrder = Literal["big", "little"]
Function = Literal[3, 4]  # Modbus Application Protocol V1.1b3, 6.3 and 6.4
Address = Annotated[int, Meta(ge=0, le=0xFFFF)]

MeterName = Literal[
    "eastron_sdm630", "eastron_sdm72d_m_v2", "eastron_sdm120", "eastron_sdm230", "abb_b23", "abb_b21",
    "carlo_gavazzi_em24_rs485", "carlo_gavazzi_em340", "carlo_gavazzi_em540", "chint_dtsu666", "orno_we514",
    "orno_we516", "inepro_pro380", "klefr_693x_694x", "klefr_6924", "schneider_iem3155", "siemens_pac2200",
    "own",
]  # fmt: skip
_WORDS: dict[NumberType, int] = {
    "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2, "int64": 4, "uint64": 4, "float64": 4,
}  # fmt: skip
OWN = "own"  # the meter that [meter.map] describes
SHIPPED_UNIT = {"siemens_pac2200": 126}  # of meters.toml, where it is not 1
SINGLE_PHASE = ("eastron_sdm120", "eastron_sdm230", "abb_b21", "orno_we514")


class _Number(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the registers of one quantity have in common."""

    scale: Annotated[
        float, Meta(ge=-1e6, le=1e6, description="the register's number times this is in unit")
    ] = 1.0
    type: Annotated[NumberType | None, Meta(description="only if it differs from the map's")] = None
    fc: Annotated[Function | None, Meta(description="only if it differs from the map's")] = None
    nan: Annotated[int | None, Meta(description="the number that means no value; -1 is all bits set")] = None


class PhaseNumbers(_Number, frozen=True):
    """One number for each phase the meter has."""

    l1: Annotated[Address, Meta(description="first register of L1, counted from 0", examples=[0])]
    l2: Annotated[Address | None, Meta(description="first register of L2")] = None
    l3: Annotated[Address | None, Meta(description="first register of L3")] = None

    @property
    def at(self) -> tuple[int, ...]:
        """Returns the first register of each phase."""
        return tuple(register for register in (self.l1, self.l2, self.l3) if register is not None)


class TotalNumber(_Number, frozen=True):
    """One number for all phases together."""

    total: Annotated[Address, Meta(description="first register, counted from 0", examples=[0])]

    @property
    def at(self) -> tuple[int, ...]:
        """Returns the address of its first register."""
        return (self.total,)


class SerialNumber(TotalNumber, frozen=True):
    """The number on the meter's label; with it a replaced meter is noticed."""

    base: Annotated[Literal[10, 16], Meta(description="how the label prints it")] = 10


Quantity = PhaseNumbers | TotalNumber


class MeterMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Registers of a meter, for model = "own". Volts, amperes, watts and watt-hours after `scale`."""

    fc: Annotated[Function, Meta(description="3 = holding registers, 4 = input registers", examples=[4])]
    type: Annotated[NumberType, Meta(description="of a number in the registers", examples=["float32"])]
    word_order: Annotated[
        WordOrder, Meta(description="big = most significant word first; bytes in a word always are so")
    ] = "big"
    step_wh: Annotated[
        int, Meta(ge=1, le=1000, description="the step in which the energy register counts")
    ] = 1
    rolls_over_wh: Annotated[
        Annotated[int, Meta(ge=10**6)] | None,
        Meta(description="the energy at which it begins at 0 again; not needed for an integer's full range"),
    ] = None
    voltage: Annotated[PhaseNumbers, Meta(description="phase to neutral, V")]
    current: Annotated[PhaseNumbers, Meta(description="A")]
    power: Annotated[TotalNumber, Meta(description="drawn, of all phases, W")]
    energy: Annotated[TotalNumber, Meta(description="drawn in total, of all phases, Wh")]
    phase_power: Annotated[
        PhaseNumbers | None,
        Meta(description="drawn from each phase, W, negative to the grid; asked of a house meter only"),
    ] = None
    serial_number: Annotated[SerialNumber | None, Meta(description="of the meter, if it reports one")] = None

    @property
    def phases(self) -> Literal[1, 3]:
        """Says how many phases it measures."""
        return 3 if len(self.voltage.at) == 3 else 1

    def type_of(self, quantity: Quantity) -> NumberType:
        """Returns the type of the quantity's registers."""
        return quantity.type or self.type

    def function_of(self, quantity: Quantity) -> Function:
        """Returns the function that reads its registers."""
        return quantity.fc or self.fc

    def quantities(self) -> dict[str, Quantity]:
        """Returns what every reading needs, by name."""
        return {
            "voltage": self.voltage, "current": self.current, "power": self.power, "energy": self.energy
        }  # fmt: skip

    def of_house(self) -> dict[str, Quantity]:
        """Returns what a reading of a house meter needs, by name: with the sign of each phase, if it can."""
        if self.phase_power is None:
            return {"voltage": self.voltage, "current": self.current, "power": self.power}
        return {"voltage": self.voltage, "current": self.current, "phase_power": self.phase_power}

    def every_quantity(self) -> dict[str, Quantity]:
        """Returns all that the map describes, but the serial number, by name."""
        return self.quantities() | self.of_house()


def words_of(kind: NumberType) -> int:
    """Says how many registers a number takes."""
    return _WORDS[kind]


def broken(meter_map: MeterMap) -> Iterator[tuple[str, str]]:
    """Yields what in a map cannot be: the key below the map, and why."""
    if len(meter_map.voltage.at) == 2:
        yield "voltage", "needs l2 and l3, or neither; a meter has one phase or three"
    if len(meter_map.current.at) != len(meter_map.voltage.at):
        yield "current", "needs the same phases as the voltage"
    if meter_map.phase_power is not None and len(meter_map.phase_power.at) != len(meter_map.voltage.at):
        yield "phase_power", "needs the same phases as the voltage"
    yield from _scales(meter_map)
    yield from _registers(meter_map)


def _scales(meter_map: MeterMap) -> Iterator[tuple[str, str]]:
    for name, quantity in meter_map.every_quantity().items():
        if quantity.scale == 0 or (quantity.scale < 0 and name in ("voltage", "energy")):
            yield f"{name}.scale", "must be more than 0; only power and current may change their sign"


def _registers(meter_map: MeterMap) -> Iterator[tuple[str, str]]:
    """Demands that each register belongs to one number, and that a number ends before they do."""
    taken: dict[tuple[int, int], str] = {}
    for name, quantity in meter_map.every_quantity().items():
        width = words_of(meter_map.type_of(quantity))
        for key, first in zip(("total",) if isinstance(quantity, TotalNumber) else ("l1", "l2", "l3"),
                              quantity.at, strict=False):  # fmt: skip
            place = f"{name}.{key}"
            registers = [(meter_map.function_of(quantity), first + offset) for offset in range(width)]
            if first + width > 0x10000:
                yield place, f"a number of {width} registers ends after 65535"
            elif others := sorted({taken[register] for register in registers if register in taken}):
                yield place, f"its {width} registers overlap those of {others[0]}"
            taken |= dict.fromkeys(registers, place)


def model_names() -> tuple[MeterName, ...]:
    """Lists all that meters.toml describes."""
    return tuple(name for name in get_args(MeterName) if name != OWN)
