"""wallbox.toml: reader, thermometer and lamp."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.configuration.file import ConfigError
from hal.configuration.wallbox_file import load, new_file
from hal.contract import WALLBOX_FILE

BEFORE = """\
[installation]
max_current_a = 16
phases = 3
[cable]
kind = "fixed"
rating_a = 32
[contactor]
pin = 17
mirror_pin = 27
[meter]
model = "eastron_sdm630"
port = "/dev/ttyUSB0"
"""
LAMP = "[lamp]\nred_pin = 12\ngreen_pin = 13\nblue_pin = 19\n"


def faults(folder: Path, more: str) -> list[str]:
    path = folder / WALLBOX_FILE
    path.write_text(BEFORE + more)
    try:
        load(path, mock=False)
    except ConfigError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize("more", [
    LAMP,
    LAMP + 'active = "low"',
    '[temperature]\nsensor = "28-01191ed1f4d7"',
    '[reader]\nmodel = "pn532"\nport = "/dev/ttyS0"',
    '[reader]\nmodel = "id12la"\nport = "/dev/ttyS0"\nbaud = 19200',
])  # fmt: skip
def test_good_ones(tmp_path: Path, more: str) -> None:
    assert faults(tmp_path, more) == []


@pytest.mark.parametrize(("more", "said"), [
    (LAMP.replace("12", "27"), "lamp.red_pin = 27: GPIO 27 is already contactor.mirror_pin; choose another"),
    (LAMP.replace("13", "12"), "lamp.green_pin = 12: GPIO 12 is already lamp.red_pin"),
    (LAMP.replace("19", "28"), "lamp.blue_pin = 28: must be a whole number, 0 to 27"),
    ("[lamp]\nred_pin = 12\ngreen_pin = 13\n", "lamp.blue_pin: is missing"),
    ('[temperature]\nsensor = "28-01"', 'temperature.sensor = "28-01": must be auto, or 28- and twelve hex'),
    ('[temperature]\nsensor = "10-000802824e58"', "must be auto, or 28-"),
    ('[temperature]\nsensor = "../etc/passwd"', "must be auto, or 28-"),
    ('[reader]\nmodel = "mfrc522"\nport = "/dev/ttyS0"', '"id12la", "line", "pn532" or "rdm6300"'),
    ('[reader]\nmodel = "pn532"\nport = "/dev/ttyS0"\nbaud = 9601', "reader.baud = 9601: must be"),
])  # fmt: skip
def test_bad_ones_are_named(tmp_path: Path, more: str, said: str) -> None:
    found = faults(tmp_path, more)
    assert len(found) == 1
    assert said in found[0]


def test_a_new_mock_box_has_thermometer_and_lamp(tmp_path: Path) -> None:
    path = tmp_path / WALLBOX_FILE
    path.write_text(new_file(mock=True))
    box = load(path, mock=True)
    assert box.temperature is not None
    assert box.lamp is not None
