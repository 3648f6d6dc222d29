"""[meter] of wallbox.toml: every make, the network, an own map, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.configuration.file import ConfigError
from hal.configuration.meter_map import SINGLE_PHASE, MeterName, model_names
from hal.configuration.sections import Wallbox
from hal.configuration.wallbox_file import load, new_file
from tests.hal.configuration.test_wallbox_file import FIXED, SOCKET

MAP = """\
[meter.map]
fc = 4
type = "float32"
[meter.map.voltage]
l1 = 0
l2 = 2
l3 = 4
[meter.map.current]
l1 = 6
l2 = 8
l3 = 10
[meter.map.power]
total = 0x34
[meter.map.energy]
total = 0x48
scale = 1000
"""
OWN = SOCKET.replace("eastron_sdm630", "own") + MAP


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wallbox.toml"


def read(path: Path, text: str) -> Wallbox:
    path.write_text(text)
    return load(path, mock=False)


def faults(path: Path, text: str) -> list[str]:
    try:
        read(path, text)
    except ConfigError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize("name", model_names())
def test_a_box_of_one_phase_may_have_every_meter(path: Path, name: MeterName) -> None:
    assert faults(path, FIXED.replace("eastron_sdm630", name)) == []


@pytest.mark.parametrize("name", model_names())
def test_a_box_of_three_phases_needs_a_meter_of_three(path: Path, name: MeterName) -> None:
    found = faults(path, SOCKET.replace("eastron_sdm630", name))
    why = "measures one phase, this box has 3; choose a meter of three phases"
    said = [f'wallbox.toml:15: meter.model = "{name}": {why}']
    assert found == (said if name in SINGLE_PHASE else [])


def test_an_own_map_is_read(path: Path) -> None:
    meter_map = read(path, OWN).meter.map
    assert meter_map is not None
    assert (meter_map.fc, meter_map.type, meter_map.word_order, meter_map.phases) == (4, "float32", "big", 3)
    assert (meter_map.energy.total, meter_map.energy.scale) == (0x48, 1000.0)


def test_an_own_map_may_be_written_in_lines_of_its_own(path: Path) -> None:
    lines = """\
[meter.map]
fc = 3
type = "uint32"
word_order = "little"
voltage = { l1 = 0, scale = 0.1, nan = -1 }
current = { l1 = 0x0C, scale = 0.001, type = "uint16" }
power = { total = 0x28, fc = 4 }
energy = { total = 0x34, scale = 100, type = "uint64" }
serial_number = { total = 0x100, base = 16 }
"""
    meter = read(path, FIXED.replace("eastron_sdm630", "own") + lines).meter
    assert meter.map is not None
    assert (meter.map.voltage.nan, meter.map.current.type, meter.map.power.fc) == (-1, "uint16", 4)


@pytest.mark.parametrize(("old", "new", "said"), [
    ("l1 = 6\n", "", "wallbox.toml:24: meter.map.current.l1: is missing; must be a whole number, 0 to 65535"),
    ("total = 0x48", "total = 0x10000", "meter.map.energy.total = 65536: must be a whole number, 0 to 65535"),
    ("fc = 4", "fc = 5", "meter.map.fc = 5: must be 3 or 4"),
    ('"float32"', '"float"', 'meter.map.type = "float": must be'),
    ("l3 = 4\n", "", "meter.map.voltage: needs l2 and l3, or neither; a meter has one phase or three"),
    ("l2 = 8\nl3 = 10\n", "", "meter.map.current: needs the same phases as the voltage"),
    ("total = 0x34", "total = 9", "meter.map.power.total = 9: its 2 registers overlap those of current.l2"),
    ("total = 0x48", "total = 65535", "energy.total = 65535: a number of 2 registers ends after 65535"),
    ("scale = 1000", "scale = 0", "meter.map.energy.scale = 0: must be more than 0"),
    ("scale = 1000", "scale = -1", "meter.map.energy.scale = -1: must be more than 0"),
    ("scale = 1000", "scle = 1000", "meter.map.energy.scle = 1000: is no known key; did you mean scale?"),
    ("[meter.map.power]\ntotal = 0x34\n", "", "meter.map.power: this section is missing; it needs total"),
])  # fmt: skip
def test_what_is_wrong_with_a_map_is_named(path: Path, old: str, new: str, said: str) -> None:
    found = faults(path, OWN.replace(old, new, 1))
    assert any(said in fault for fault in found), found


def test_a_map_of_one_phase_does_for_a_box_of_one_phase_only(path: Path) -> None:
    single = MAP.replace("l2 = 2\nl3 = 4\n", "").replace("l2 = 8\nl3 = 10\n", "")
    assert faults(path, FIXED.replace("eastron_sdm630", "own") + single) == []
    [fault] = faults(path, SOCKET.replace("eastron_sdm630", "own") + single)
    assert 'meter.model = "own": measures one phase, this box has 3' in fault


def test_own_and_its_map_belong_together(path: Path) -> None:
    [missing] = faults(path, SOCKET.replace("eastron_sdm630", "own"))
    assert missing == 'wallbox.toml:14: meter.map: this section is missing; model = "own" needs it'
    [needless] = faults(path, SOCKET + MAP)
    assert needless == 'wallbox.toml:17: meter.map: only for model = "own"; remove this section'


@pytest.mark.parametrize("port", ["tcp://10.0.0.5", "tcp://meter.local:1502", "tcp://[fd00::5]:502"])
def test_a_meter_on_the_network(path: Path, port: str) -> None:
    assert faults(path, SOCKET.replace("/dev/ttyUSB0", port)) == []


@pytest.mark.parametrize("port", [
    "tcp://", "tcp:10.0.0.5", "tcp://10.0.0.5:70000", "tcp://10.0.0.5:x", "tcp://10.0.0.5/1", "tcp://[fd00",
    "tcp://a@b",
])  # fmt: skip
def test_what_is_no_address_is_named(path: Path, port: str) -> None:
    [fault] = faults(path, SOCKET.replace("/dev/ttyUSB0", port))
    assert f'meter.port = "{port}": is no address; write tcp://HOST or tcp://HOST:PORT' in fault


@pytest.mark.parametrize(("port", "why"), [("COM3", "is a name of Windows"), ("ttyUSB0", "is no path")])
def test_a_port_is_a_path_or_an_address(path: Path, port: str, why: str) -> None:
    [fault] = faults(path, SOCKET.replace("/dev/ttyUSB0", port))
    assert f'meter.port = "{port}": {why}; write the path of a serial port' in fault


def test_a_host_without_tcp_is_shown_how_it_is_written(path: Path) -> None:
    [fault] = faults(path, SOCKET.replace("/dev/ttyUSB0", "192.168.1.40:502"))
    assert fault.endswith("or /dev/ttyUSB0, or tcp://HOST:PORT for a meter on the network")


def test_a_meter_on_the_network_has_no_serial_line(path: Path) -> None:
    found = faults(path, SOCKET.replace('"/dev/ttyUSB0"', '"tcp://10.0.0.5"\nbaud = 9600\nparity = "E"'))
    assert found == [
        "wallbox.toml:17: meter.baud = 9600: is of a serial port; remove it for Modbus TCP",
        'wallbox.toml:18: meter.parity = "E": is of a serial port; remove it for Modbus TCP',
    ]


@pytest.mark.parametrize(("line", "said"), [
    ("unit = 0", 'must be a whole number, 1 to 247 or "auto"'), ("baud = 300", 'must be 1200, 2400'),
    ('parity = "M"', 'must be "E", "N", "O" or "auto"'), ("stop_bits = 3", "must be"),
    ("max_block = 126", "1 to 125"),
    ("gap_ms = 1001", "0 to 1000"), ('word_order = "middle"', "must be"), ("replaced = -1", "must be"),
])  # fmt: skip
def test_the_bounds_of_each_setting(path: Path, line: str, said: str) -> None:
    [fault] = faults(path, SOCKET + line + "\n")
    assert said in fault


def test_a_new_file_leaves_the_own_map_to_the_manual() -> None:
    assert "\n[meter]\n" in new_file(mock=False)
    assert "\n[meter.map" not in new_file(mock=False)
