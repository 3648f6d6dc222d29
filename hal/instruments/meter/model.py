"""The makes of meter, rows of data, and what wallbox.toml changes about the one of this box."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from hal.configuration.meter_map import OWN, MeterMap, MeterName
from hal.configuration.sections import ModbusMeter

MODELS_FILE = Path(__file__).with_name("meters.toml")
_LONGEST_BLOCK = 125  # Modbus Application Protocol V1.1b3, 6.3: registers in one answer

Parity = Literal["N", "E", "O"]


class Shipped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The serial settings of a make as shipped."""

    unit: int = 1
    baud: int = 9600
    parity: Parity = "N"
    stop_bits: Literal[1, 2] = 1


class MeterModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One make of meter."""

    names: tuple[str, ...]
    shipped: Shipped
    map: MeterMap
    max_block: int = _LONGEST_BLOCK  # registers it gives in one answer
    gap_ms: int = 0  # least time between two requests


@dataclass(frozen=True, slots=True)
class SerialLine:
    """How a serial port is to be opened."""

    port: str
    baud: int
    parity: Parity
    stop_bits: Literal[1, 2]

    def __str__(self) -> str:
        return f"{self.port} ({self.baud} baud, 8{self.parity}{self.stop_bits})"


@dataclass(frozen=True, slots=True)
class TcpLink:
    """The address of a meter that speaks Modbus TCP."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp://{self.host}:{self.port}"


Link = SerialLine | TcpLink


@dataclass(frozen=True, slots=True)
class MeterSetup:
    """All that is needed to read one meter."""

    link: Link
    unit: int
    map: MeterMap
    max_block: int
    gap_s: float
    of_house: bool = False  # other numbers are asked of a house meter: signs, and no energy


@cache
def models() -> dict[MeterName, MeterModel]:
    """Returns all makes by name. Raises msgspec.ValidationError for a row that is not one."""
    return msgspec.convert(tomllib.loads(MODELS_FILE.read_text()), dict[MeterName, MeterModel])


def model_of(meter: ModbusMeter) -> MeterModel:
    """Returns the row of that name, or the map of wallbox.toml. Its settings are checked already."""
    if meter.model != OWN:
        return models()[meter.model]
    assert meter.map is not None
    return MeterModel(names=("own map",), shipped=Shipped(), map=meter.map)


def setup_of(meter: ModbusMeter, mock_port: str | None) -> MeterSetup:
    """Returns it as the maker ships it, where wallbox.toml says nothing else; at the mock on its pty."""
    model = model_of(meter)
    order = model.map.word_order if meter.word_order == "auto" else meter.word_order
    return MeterSetup(
        link=_link(meter, model.shipped, mock_port),
        unit=model.shipped.unit if meter.unit == "auto" else meter.unit,
        map=msgspec.structs.replace(model.map, word_order=order),
        max_block=model.max_block if meter.max_block == "auto" else meter.max_block,
        gap_s=(model.gap_ms if meter.gap_ms == "auto" else meter.gap_ms) / 1000,
    )


def _link(meter: ModbusMeter, shipped: Shipped, mock_port: str | None) -> Link:
    baud = shipped.baud if meter.baud == "auto" else meter.baud
    if mock_port is not None:
        return SerialLine(mock_port, baud, "N", 1)  # Linux gives a pty no parity
    if meter.port.startswith("tcp://"):
        address = urlsplit(meter.port)
        assert address.hostname is not None
        return TcpLink(address.hostname, address.port or 502)
    return SerialLine(
        meter.port,
        baud,
        shipped.parity if meter.parity == "auto" else meter.parity,
        shipped.stop_bits if meter.stop_bits == "auto" else meter.stop_bits,
    )
