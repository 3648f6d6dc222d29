"""What the makes of meter show, written down from other sources than our table."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hal.configuration.meter_map import MeterName, model_names
from hal.contract import Reading
from hal.instruments.meter.registers import Wiring, Words
from hal.mock.serial.meter_face import Image

FOLDER = Path(__file__).with_name("meters")
AT_S = 7.5


@dataclass(frozen=True)
class MeterFixture:
    """One meter at one moment."""

    source: str
    one_source: bool
    shipped: str | None  # "unit, baud 8N1" where a source tells
    image: Image
    reading: Reading  # with the register's energy and the serial number

    @property
    def words(self) -> Words:
        """As a reader gets them."""
        return {
            (3 if function == 3 else 4, register): word
            for function, words in self.image.items()
            for register, word in words.items()
        }

    @property
    def wiring(self) -> Wiring:
        """Of a box with as many phases as the meter."""
        return Wiring(phases=1 if self.reading.voltage_v[1] == 0 else 3, nominal_v=230.0)


def load(name: MeterName) -> MeterFixture:
    """The fixture of that model."""
    told = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    return MeterFixture(
        source=told["source"],
        one_source=told["one_source"],
        shipped=told.get("shipped"),
        image=_image(told["words"]),
        reading=_reading(told["reading"]),
    )


def _image(tables: dict[str, dict[str, list[int]]]) -> Image:
    image: Image = {3: {}, 4: {}}
    for function, rows in tables.items():
        for register, words in rows.items():
            image[int(function)] |= dict(enumerate(words, int(register, 16)))
    return image


def _reading(told: dict[str, Any]) -> Reading:
    return Reading(
        at_s=AT_S,
        energy_wh=told["energy_wh"],
        power_w=told["power_w"],
        current_a=tuple(told["current_a"]),
        voltage_v=tuple(told["voltage_v"]),
        meter_serial=told.get("serial"),
    )


FIXTURES = {name: load(name) for name in model_names()}
