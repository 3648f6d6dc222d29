"""wallbox.toml: what a box may be, and what only a mock may."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hal.configuration.file import ConfigError, Report
from hal.configuration.line_sections import Dimming, Rcm, Stop
from hal.configuration.sections import House, Lamp, TemperatureSettings, Wallbox
from hal.configuration.wallbox_file import declared_facts, load, new_file

SOCKET = """\
[installation]
max_current_a = 16
phases = 3
[cable]
kind = "socket"
[proximity]
[contactor]
pin = 17
mirror_pin = 27
[lock]
forward_pin = 23
backward_pin = 24
feedback_pin = 25
[meter]
model = "eastron_sdm630"
port = "/dev/ttyUSB0"
"""
FIXED = """\
[installation]
max_current_a = 32
phases = 1
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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wallbox.toml"


def faults(path: Path, text: str, *, mock: bool = False) -> list[str]:
    path.write_text(text)
    try:
        load(path, mock=mock)
    except ConfigError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize("text", [SOCKET, FIXED])
@pytest.mark.parametrize("mock", [True, False])
def test_the_shortest_files_are_good(path: Path, text: str, mock: bool) -> None:
    assert faults(path, text, mock=mock) == []


def test_the_defaults_are_those_of_a_real_box(path: Path) -> None:
    path.write_text(SOCKET)
    box = load(path, mock=False)
    assert (box.contactor.min_off_s, box.contactor.after_fault_s) == (5.0, 30.0)
    assert (box.contactor.max_closings, box.contactor.closings_window_s) == (10, 600.0)
    assert (box.adc.max_voltage_v, box.pilot.gain, box.pilot.offset_v) == (3.0, 11.03, -16.5)
    assert box.reader is None
    assert box.temperature is None


@pytest.mark.parametrize("mock", [True, False])
def test_a_new_file_is_good_as_it_is(path: Path, mock: bool) -> None:
    assert faults(path, new_file(mock=mock), mock=mock) == []


def test_a_new_file_of_a_real_box_says_the_defaults(path: Path) -> None:
    """What is commented out, as it stands there, changes nothing."""
    path.write_text(new_file(mock=False))
    default = load(path, mock=False)
    values = [
        line.removeprefix("#") for line in new_file(mock=False).splitlines() if not line.startswith("# ")
    ]
    optional = (
        "rating_a",
        *(f"{name}_pin" for name in ("connect", "watchdog", "trip", "phase", "enable", "solenoid", "test")),
    )
    path.write_text("\n".join(line for line in values if not line.startswith(optional)))
    shown = msgspec.structs.replace(
        default,
        temperature=TemperatureSettings(),
        lamp=Lamp(red_pin=12, green_pin=13, blue_pin=19),
        rcm=Rcm(pin=5),
        stop=Stop(kind="stop", pin=26),
        house=House(model="eastron_sdm630", port="/dev/ttyUSB1", fuse_a=35.0),
        dimming=Dimming(pin=6),
    )
    assert load(path, mock=False) == shown


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "= 16",
            "= 40",
            "wallbox.toml:2: installation.max_current_a = 40: must be 6 to 32 "
            "(what breaker, cable and laying allow)",
        ),
        ("pin = 17", "pin = 8", "contactor.pin = 8: must be a whole number, 9 to 27"),
        ("mirror_pin = 27", "mirror_pin = 17", "contactor.mirror_pin = 17: GPIO 17 is already contactor.pin"),
        (
            "feedback_pin = 25",
            "feedback_pin = 24",
            "lock.backward_pin = 24: GPIO 24 is already lock.feedback_pin",
        ),
        ("pin = 17", "pin = 11", "contactor.pin = 11: GPIO 11 is already SCLK of the converter"),
        ("mirror_pin = 27", "mirror_pin = 8", "GPIO 8 is already chip select 0 of SPI0, which the kernel"),
        ("mirror_pin = 27", "mirror_pin = 7", "GPIO 7 is already chip select 1 of SPI0, which the kernel"),
        ("feedback_pin = 25", "feedback_pin = 0", "GPIO 0 is already ID_SD of a HAT's EEPROM"),
        ("pin = 17", "pin = 14", "contactor.pin = 14: GPIO 14 is TXD of the UART, which moves at every boot"),
        ("backward_pin = 24", "backward_pin = 15", "lock.backward_pin = 15: GPIO 15 is RXD of the UART"),
        ("[proximity]", "[adc]\nspi_port = 1\n[proximity]", "adc.spi_port = 1: must be 0 (SPI bus"),
        (
            "feedback_pin = 25",
            "feedback_pin = 3",
            "lock.feedback_pin = 3: GPIO 3 has 1.8 kohm to 3.3 V on the board: a cut wire would read healthy",
        ),
        (
            "[proximity]",
            "[proximity]\nchannel = 1",
            "proximity.channel = 1: channel 1 is already pilot.low_channel",
        ),
        (
            "[proximity]\n",
            "",
            "wallbox.toml:15: proximity: this section is missing; a socket needs [proximity]",
        ),
        (SOCKET[SOCKET.index("[lock]") : SOCKET.index("[meter]")], "", "a socket needs [lock]"),
        (
            '"socket"',
            '"socket"\nrating_a = 32',
            "cable.rating_a = 32: a socket reads the rating from the plug",
        ),
        ('"socket"', '"fixed"', "cable.rating_a: is missing; a fixed cable needs 13, 20, 32 or 63"),
        ('"socket"', '"fixed"\nrating_a = 32', "lock: a fixed cable has no lock; remove this section"),
        ("[lock]", "[lock]\nretry_wait_s = 1", "retry_wait_s = 1: must be at least 5 on a real box"),
        (
            "mirror_pin = 27",
            "mirror_pin = 27\nstarts_for_person = 4",
            "contactor.starts_for_person = 4: must be at most 3 on a real box",
        ),
        (
            "mirror_pin = 27",
            "mirror_pin = 27\ntrip_pin = 17",
            "trip_pin = 17: GPIO 17 is already contactor.pin",
        ),
        (
            "forward_pin = 23\n",
            "",
            'lock.forward_pin: is missing; lock.kind = "motor" needs forward_pin and backward_pin',
        ),
        (
            "[lock]",
            '[lock]\nkind = "solenoid"\nsolenoid_pin = 22',
            'lock.forward_pin = 23: belongs to lock.kind = "motor"; remove it, or set that kind',
        ),
        ("backward_pin = 24", "backward_pin = 2", "lock.backward_pin = 2: must be a whole number, 9 to 27"),
    ],
)
def test_what_a_real_box_must_not_be(path: Path, old: str, new: str, said: str) -> None:
    assert any(said in fault for fault in faults(path, SOCKET.replace(old, new, 1)))


OUTPUTS = (
    "pilot.connect_pin", "contactor.pin", "contactor.watchdog_pin", "contactor.trip_pin", "lock.forward_pin",
    "lock.backward_pin", "rcm.test_pin", "lamp.red_pin", "lamp.green_pin", "lamp.blue_pin",
)  # fmt: skip
INPUTS = ("contactor.mirror_pin", "lock.feedback_pin", "rcm.pin", "stop.pin", "dimming.pin")
WHOLE = (
    SOCKET.replace("pin = 17", "pin = 17\nwatchdog_pin = 16\ntrip_pin = 20", 1)
    + "[pilot]\nconnect_pin = 22\n[rcm]\npin = 5\ntest_pin = 21\n"
    + '[stop]\nkind = "stop"\npin = 26\n[lamp]\nred_pin = 12\ngreen_pin = 13\nblue_pin = 19\n'
    + "[dimming]\npin = 6\n"
)


def with_pin(text: str, key: str, number: int) -> str:
    """`text`, a box with every part, with another pin there."""
    section, name = key.split(".")
    before, after = text.split(f"[{section}]\n")
    return f"{before}[{section}]\n" + re.sub(
        rf"^{name} = \d+$", f"{name} = {number}", after, count=1, flags=re.M
    )


def test_a_box_with_every_part_and_no_pin_left_out(path: Path) -> None:
    path.write_text(WHOLE)
    box = load(path, mock=False)
    there = {
        f"{section}.{name}"
        for section in ("contactor", "lock", "rcm", "stop", "dimming", "lamp", "pilot")
        for part in (getattr(box, section),)
        for name in part.__struct_fields__
        if name.endswith("pin") and getattr(part, name) is not None
    }
    assert there == {*OUTPUTS, *INPUTS, "pilot.pin"}


@pytest.mark.parametrize("mock", [True, False])
@pytest.mark.parametrize("pin", [0, 1, 7, 8, 9, 10, 11, 14, 15])
@pytest.mark.parametrize("key", OUTPUTS)
def test_no_output_on_a_pin_that_moves_or_is_taken(path: Path, key: str, pin: int, mock: bool) -> None:
    (fault,) = faults(path, with_pin(WHOLE, key, pin), mock=mock)
    assert f"{key} = {pin}: " in fault


@pytest.mark.parametrize("uart", ["/dev/ttyAMA0", "/dev/serial0", "/dev/ttyS0", "/dev/ttyACM0"])
@pytest.mark.parametrize("user", ["reader", "meter"])
@pytest.mark.parametrize("key", INPUTS)
def test_an_input_on_the_header_s_uart_only_while_nobody_talks_there(
    path: Path, key: str, user: str, uart: str
) -> None:
    text = with_pin(WHOLE, key, 15)
    assert faults(path, text) == []
    if user == "meter":
        text = text.replace("/dev/ttyUSB0", uart)
    else:
        text += f'[reader]\nmodel = "rdm6300"\nport = "{uart}"\n'
    said = [f"{key} = 15: GPIO 15 is RXD of {user}.port = {uart}; choose another"]
    assert [fault.partition(": ")[2] for fault in faults(path, text)] == (said if "ACM" not in uart else [])


@pytest.mark.parametrize("key", INPUTS)
def test_a_pin_that_is_pulled_up_for_good_rests_low_or_not_at_all(path: Path, key: str) -> None:
    section = key.split(".")[0]
    level = {"contactor": "mirror_active", "lock": "feedback_active"}.get(section, "active")
    for active, many in (("low", 0), ("high", 1)):
        text = with_pin(WHOLE, key, 2).replace(f"[{section}]\n", f'[{section}]\n{level} = "{active}"\n')
        assert len(faults(path, text)) == many


READER = '[reader]\nmodel = "line"\nport = "/dev/ttyS0"\n'


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            READER.replace("ttyS0", "ttyUSB0"),
            'reader.port = "/dev/ttyUSB0": is already the port of the meter',
        ),
        (
            READER.replace("/dev/ttyS0", "COM3"),
            'reader.port = "COM3": is a name of Windows; write the path of a serial port, as /dev/serial/',
        ),
        (READER.replace("/dev/ttyS0", "ttyS0"), 'reader.port = "ttyS0": is no path; write the path of a'),
        (READER.replace("/dev/ttyS0", "tcp://10.0.0.5"), 'reader.port = "tcp://10.0.0.5": is no path; write'),
        (
            READER + "min_length = 9\nmax_length = 8",
            "reader.min_length = 9: must be at most reader.max_length = 8",
        ),
        (
            "[temperature]\nderate_from_c = 86",
            "temperature.derate_from_c = 86: must be below temperature.stop_at_c",
        ),
        ("[rmc]\npin = 5", "rmc: is no known section; did you mean rcm?"),
        ("[rcm]\npin = 5\ntest_pin = 5", "rcm.test_pin = 5: must be a whole number, 9 to 27"),
        ("[rcm]\npin = 27", "rcm.pin = 27: GPIO 27 is already contactor.mirror_pin"),
        ('[stop]\nkind = "stop"\npin = 18', "stop.pin = 18: GPIO 18 is already pilot.pin"),
        ("[pilot]\nconnect_pin = 17", "contactor.pin = 17: GPIO 17 is already pilot.connect_pin"),
        ("[pilot]\npin = 17", "pilot.pin = 17: must be 12, 13, 18 or 19 (GPIO of the hardware PWM)"),
    ],
)
def test_parts_that_do_not_fit_together(path: Path, more: str, said: str) -> None:
    found = faults(path, SOCKET + more)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("key", "mock_limit", "beyond"),
    [
        ("min_off_s", "0.1", "0.09"),
        ("after_fault_s", "0.1", "0.09"),
        ("max_closings", "10000", "10001"),
        ("closings_window_s", "1", "0.9"),
    ],
)
def test_a_mock_box_may_be_faster_up_to_a_bound(path: Path, key: str, mock_limit: str, beyond: str) -> None:
    at_limit = SOCKET.replace("[contactor]", f"[contactor]\n{key} = {mock_limit}")
    assert faults(path, at_limit, mock=True) == []
    assert len(faults(path, at_limit)) == 1
    assert len(faults(path, SOCKET.replace("[contactor]", f"[contactor]\n{key} = {beyond}"), mock=True)) == 1


def test_all_faults_at_once(path: Path) -> None:
    text = (
        SOCKET.replace("= 16", "= 5")
        .replace("pin = 17", "pin = 99")
        .replace("= 24", "= 23")
        .replace("[meter]", "[metre]")
    )
    found = faults(path, text)
    assert [fault.split(": ")[1].split(" = ")[0] for fault in found] == [
        "installation.max_current_a", "contactor.pin", "lock.backward_pin", "metre", "meter",
    ]  # fmt: skip
    assert "did you mean meter?" in found[3]


def test_every_key_tells_what_it_is() -> None:
    """Sections and keys of the schema all have a text for the new file and for faults."""
    schema = msgspec.json.schema(Wallbox)
    silent = [
        f"{name}.{key}"
        for name, section in schema["$defs"].items()
        for key, described in section["properties"].items()
        if name != "Wallbox" and not described.get("description")
    ]
    assert not silent


def test_declared_facts_say_what_a_box_does_without(path: Path) -> None:
    path.write_text(FIXED)
    assert declared_facts(load(path, mock=False)) == (
        "fixed cable of 32 A, 1 phase, 32 A",
        "meter eastron_sdm630",
        "no card reader",
        "no cable lock",
        "no thermometer",
        "no residual current monitor",
        "no watchdog line for the contactor",
    )


KINDS = {
    "phase_enable": "phase_pin = 23\nenable_pin = 24",
    "solenoid": "solenoid_pin = 23",
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_lock_has_its_pins(path: Path, kind: str) -> None:
    motor = "forward_pin = 23\nbackward_pin = 24"
    text = SOCKET.replace(motor, f'kind = "{kind}"\n{KINDS[kind]}')
    assert faults(path, text) == []
    solenoid_fact = "the cable lock lets the plug go when the power fails"
    assert (solenoid_fact in declared_facts(load(path, mock=False))) is (kind == "solenoid")


def test_a_box_with_everything_is_good(path: Path) -> None:
    more = (
        "[pilot]\npin = 12\nconnect_pin = 22\n[rcm]\npin = 5\ntest_pin = 21\n"
        '[stop]\nkind = "emergency"\npin = 26\n'
    )
    text = SOCKET.replace("pin = 17", "pin = 17\nwatchdog_pin = 16\ntrip_pin = 20", 1) + more
    assert faults(path, text) == []
    assert declared_facts(load(path, mock=False))[3:] == ("no thermometer",)


def _hal_configuration(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-m", "hal.configuration", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_check_as_a_program(path: Path) -> None:
    path.write_text(SOCKET.replace("= 16", "= 40"))
    done = _hal_configuration("check", str(path))
    report = msgspec.json.decode(done.stdout, type=Report)
    assert done.returncode == 2
    assert [(fault.line, fault.key, fault.value) for fault in report.faults] == [
        (2, "installation.max_current_a", "40")
    ]


def test_init_as_a_program_and_its_file_checked(path: Path) -> None:
    path.write_text(_hal_configuration("init", "--mock").stdout)
    done = _hal_configuration("check", str(path), "--mock")
    assert done.returncode == 0
    assert msgspec.json.decode(done.stdout, type=Report).facts[0] == "socket, 3 phases, 16 A"
    assert _hal_configuration("check", str(path)).returncode == 2


HOUSE = '[house]\nmodel = "eastron_sdm630"\nport = "/dev/ttyUSB1"\nfuse_a = 35\n'
SHARED = HOUSE.replace("ttyUSB1", "ttyUSB0")


@pytest.mark.parametrize(
    "more",
    [
        HOUSE,
        HOUSE + 'baud = 2400\nparity = "E"\n',
        SHARED + "unit = 2\n",
        HOUSE.replace("/dev/ttyUSB1", "tcp://10.0.0.5"),
        HOUSE + "when_quiet_a = 0\n",
        "[dimming]\npin = 6\nlimit_w = 4200\n",
    ],
)
def test_what_a_house_may_be(path: Path, more: str) -> None:
    assert faults(path, SOCKET + more) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            HOUSE.replace("35", "5"),
            "house.fuse_a = 5: must be 10 to 400 (main fuse of the house",
        ),
        (HOUSE.replace("fuse_a = 35\n", ""), "house.fuse_a: is missing; must be 10 to 400"),
        (HOUSE + "when_quiet_a = 3\n", "house.when_quiet_a = 3: must be 6 to 32 or 0"),
        (HOUSE.replace("eastron_sdm630", "abb_b21"), "measures one phase, this box has 3"),
        (HOUSE + "box_phase = 2\n", "house.box_phase = 2: is for a box of one phase; remove it"),
        (SHARED, "house.unit: is missing; both meters are on one bus"),
        (SHARED + "unit = 1\n", "house.unit = 1: is already the unit of [meter] on /dev/ttyUSB0"),
        (SHARED + "unit = 2\nbaud = 2400\n", "house.baud = 2400: must be auto or meter.baud = auto"),
        (HOUSE.replace("/dev/ttyUSB1", "COM3"), 'house.port = "COM3": is a name of Windows'),
        (HOUSE.replace("/dev/ttyUSB1", "tcp:/x"), 'house.port = "tcp:/x": is no address'),
        (
            HOUSE.replace("/dev/ttyUSB1", "tcp://x") + "baud = 9600\n",
            "house.baud = 9600: is of a serial port",
        ),
        (HOUSE.replace("eastron_sdm630", "own"), "house.map: this section is missing"),
        (HOUSE + READER.replace("ttyS0", "ttyUSB1"), "is already the port of the house meter"),
        ("[dimming]\npin = 17\n", "dimming.pin = 17: GPIO 17 is already contactor.pin"),
        ("[dimming]\npin = 6\nlimit_w = -1\n", "dimming.limit_w = -1: must be 0 to 100000"),
    ],
)
def test_what_a_house_must_not_be(path: Path, more: str, said: str) -> None:
    found = faults(path, SOCKET + more)
    assert any(said in fault for fault in found), found


def test_a_house_of_one_phase_has_a_box_on_that_phase(path: Path) -> None:
    house = HOUSE.replace("eastron_sdm630", "abb_b21")
    assert faults(path, FIXED + house) == []
    (fault,) = faults(path, FIXED + house + "box_phase = 2\n")
    assert "house.box_phase = 2: must be 1: the meter abb_b21 measures one phase" in fault
    assert faults(path, FIXED + HOUSE + "box_phase = 3\n") == []


def test_house_and_dimming_are_declared(path: Path) -> None:
    path.write_text(SOCKET + HOUSE + "[dimming]\npin = 6\nlimit_w = 3000\n")
    facts = declared_facts(load(path, mock=False))
    assert "house meter eastron_sdm630, main fuse 35 A" in facts
    assert "dimming input, 3000 W (under 6 A on each phase: dimming pauses)" in facts
