"""wallbox.toml: what this wallbox is made of. Root's file, read only by `hal`.

The structs are the schema: types, bounds, defaults and the comments of the written file stand in them once.
Bounds in the structs hold for every box; where a mock box may be faster, `hal.settings_rules` asks more of a
real one. No key switches a safety function off.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hal.config_file import ConfigError, Report, initial, parse
from hal.contract import NO_WATCHDOG_LINE
from hal.meter_map import MeterMap, MeterName
from hal.settings_lines import Adc, Contactor, Gpio, Level, Lock, Pilot, Proximity, Rcm, Stop
from hal.settings_lines import Section as _Section
from hal.settings_rules import broken_rules

FILE_NAME = "wallbox.toml"

# A new mock box: charges right after its start, may switch often, and fills the car in minutes.
MOCK_VALUES: dict[str, float] = {
    "contactor.min_off_s": 1.0,
    "contactor.after_fault_s": 1.0,
    "contactor.max_closings": 10_000,
    "lock.retry_wait_s": 1.0,
    "contactor.starts_for_person": 10_000,
    "contactor.trip_pin": 20,
    "pilot.connect_pin": 22,
    "rcm.test_pin": 21,
    "mock.energy_factor": 60.0,
}
# What every new box starts from: a motor on an H-bridge.
_NEW_VALUES: dict[str, float] = {"lock.forward_pin": 23, "lock.backward_pin": 24}
_OPTIONAL = ("rcm", "stop", "temperature", "lamp")  # shown commented out in the file of a real box

Baud = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]


class Installation(_Section, frozen=True):
    """What the house gives this box."""

    max_current_a: Annotated[float, Meta(ge=6, le=32, description="the fuse of this box", examples=[16.0])]
    phases: Annotated[Literal[1, 3], Meta(description="phases that reach the car", examples=[3])]
    nominal_voltage_v: Annotated[
        float, Meta(ge=100, le=260, description="phase to neutral, used while the meter gives none")
    ] = 230.0


class CableSettings(_Section, frozen=True):
    """How the car is connected."""

    kind: Annotated[
        Literal["socket", "fixed"],
        Meta(description="a Type 2 socket, or a cable of the box", examples=["socket"]),
    ]
    rating_a: Annotated[
        Literal[13, 20, 32, 63] | None,
        Meta(description="what a fixed cable carries; not for a socket", examples=[32]),
    ] = None


class Meter(_Section, frozen=True):
    """The energy meter, on RS-485 or on the network. auto = as the make is shipped."""

    model: Annotated[
        MeterName,
        Meta(description="make of the meter, or own: that of [meter.map]", examples=["eastron_sdm630"]),
    ]
    port: Annotated[
        str,
        Meta(
            min_length=1,
            description="serial port, better /dev/serial/by-id/...; Modbus TCP as tcp://host:502",
            examples=["/dev/ttyUSB0"],
        ),
    ]
    unit: Annotated[
        Annotated[int, Meta(ge=1, le=247)] | Literal["auto"], Meta(description="Modbus address")
    ] = "auto"
    baud: Annotated[
        Literal["auto", 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200], Meta(description="bits/s")
    ] = "auto"
    parity: Annotated[Literal["auto", "N", "E", "O"], Meta(description="none, even or odd")] = "auto"
    stop_bits: Annotated[Literal["auto", 1, 2], Meta(description="stop bits")] = "auto"
    word_order: Annotated[
        Literal["auto", "big", "little"], Meta(description="most (big) or least significant word first")
    ] = "auto"
    max_block: Annotated[
        Annotated[int, Meta(ge=1, le=125)] | Literal["auto"], Meta(description="registers in one answer")
    ] = "auto"
    gap_ms: Annotated[
        Annotated[int, Meta(ge=0, le=1000)] | Literal["auto"], Meta(description="pause before each request")
    ] = "auto"
    poll_s: Annotated[float, Meta(ge=0.2, le=1, description="time between two readings")] = 1.0
    replaced: Annotated[
        int,
        Meta(ge=0, le=10_000, description="count up by one for a new or reset meter that tells no number"),
    ] = 0
    map: Annotated[MeterMap | None, Meta(description="registers of a meter of your own")] = None


class Reader(_Section, frozen=True):
    """The card reader. The keys from `alphabet` on are only for model = "line"."""

    model: Annotated[
        Literal["rdm6300", "id12la", "pn532", "line"],
        Meta(
            description="RDM6300, ID-12LA or ID-20LA, PN532 (HSU), or any that sends a line",
            examples=["rdm6300"],
        ),
    ]
    port: Annotated[str, Meta(min_length=1, description="serial port", examples=["/dev/ttyAMA0"])]
    baud: Annotated[Baud | Literal["auto"], Meta(description="bits/s; auto = as the model is delivered")] = (
        "auto"
    )
    reverse_bytes: Annotated[bool, Meta(description="give the card number's bytes last to first")] = False
    hold_s: Annotated[float, Meta(ge=0.5, le=10, description="a card seen again within is the same show")] = (
        2.0
    )
    alphabet: Annotated[
        str, Meta(min_length=2, max_length=64, description="characters a card number is made of")
    ] = "0123456789ABCDEF"
    # OCPP 1.6 7.28 IdToken: CiString20.
    min_length: Annotated[int, Meta(ge=1, le=20, description="shortest card number")] = 8
    max_length: Annotated[int, Meta(ge=1, le=20, description="longest card number")] = 20
    prefix: Annotated[str, Meta(max_length=16, description="what stands before the number")] = ""
    suffix: Annotated[str, Meta(max_length=16, description="what stands after the number")] = ""
    terminator: Annotated[Literal["cr", "lf", "crlf", "any"], Meta(description="end of a line")] = "any"


class TemperatureSettings(_Section, frozen=True):
    """A thermometer at the contacts, a DS18B20 on the 1-wire bus. The limit falls in a line from the fuse
    to 6 A, then to 0."""

    sensor: Annotated[
        str,
        Meta(
            min_length=1,
            description="its name in /sys/bus/w1/devices, as 28-01191ed1f4d7; auto = the only one there",
        ),
    ] = "auto"
    derate_from_c: Annotated[float, Meta(ge=40, le=90, description="here the limit begins to fall")] = 70.0
    stop_at_c: Annotated[float, Meta(ge=45, le=100, description="here charging stops")] = 85.0


class Lamp(_Section, frozen=True):
    """A lamp of three colours. docs/instruments.md explains its patterns."""

    red_pin: Annotated[Gpio, Meta(description="GPIO of red; 0 to 8 are high at boot", examples=[12])]
    green_pin: Annotated[Gpio, Meta(description="GPIO of green", examples=[13])]
    blue_pin: Annotated[Gpio, Meta(description="GPIO of blue", examples=[19])]
    active: Annotated[Level, Meta(description="level that lights")] = "high"


class Mock(_Section, frozen=True):
    """The simulated box, read only with --mock."""

    kernel: Annotated[
        Literal["keeps", "releases"],
        Meta(description="what becomes of the outputs of a dead process; a Raspberry Pi keeps them"),
    ] = "keeps"
    meter_start_wh: Annotated[int, Meta(ge=0, le=10**12, description="the meter's first count")] = 12_345_000
    energy_factor: Annotated[float, Meta(ge=1, le=10_000, description="how much faster energy flows")] = 1.0
    car_phases: Annotated[Literal[1, 3], Meta(description="phases of the car's charger")] = 3
    car_max_a: Annotated[float, Meta(ge=6, le=80, description="the car's charger, per phase")] = 16.0
    battery_wh: Annotated[float, Meta(ge=100, le=10**6, description="the car's battery")] = 60_000.0
    state_of_charge_pct: Annotated[float, Meta(ge=0, le=100, description="of that battery at plug-in")] = 40.0


class Wallbox(msgspec.Struct, frozen=True, kw_only=True):
    """This wallbox: what it is made of and how it is wired."""

    installation: Installation
    cable: CableSettings
    adc: Adc = Adc()
    pilot: Pilot = Pilot()
    proximity: Proximity | None = None
    contactor: Contactor
    lock: Lock | None = None
    rcm: Rcm | None = None
    stop: Stop | None = None
    meter: Meter
    reader: Reader | None = None
    temperature: TemperatureSettings | None = None
    lamp: Lamp | None = None
    mock: Mock = Mock()


def load(path: Path, *, mock: bool) -> Wallbox:
    """The box of that file. Raises ConfigError with all faults of the file."""
    rules = (partial(broken_rules, mock=mock),)
    return parse(path.read_bytes, Wallbox, file=path.name, rules=rules)


def new_file(*, mock: bool) -> str:
    """A commented wallbox.toml: a socket box on usual pins, with --mock one that needs no patience."""
    values = _NEW_VALUES | (MOCK_VALUES if mock else {})
    return initial(Wallbox, values=values, commented=() if mock else _OPTIONAL, left_out=("meter.map",))


def declared_facts(box: Wallbox) -> tuple[str, ...]:
    """What this box is and what it does without, to be shown wherever the box is shown."""
    installation, cable = box.installation, box.cable
    kind = "socket" if cable.kind == "socket" else f"fixed cable of {cable.rating_a} A"
    phases = "3 phases" if installation.phases == 3 else "1 phase"
    facts = [
        f"{kind}, {phases}, {installation.max_current_a:g} A",
        f"meter {box.meter.model}",
    ]
    facts.append(f"card reader {box.reader.model}" if box.reader else "no card reader")
    facts += ["no cable lock"] * (box.lock is None) + ["no thermometer"] * (box.temperature is None)
    return (*facts, *_protection_facts(box))


def _protection_facts(box: Wallbox) -> list[str]:
    facts = ["no residual current monitor"] * (box.rcm is None)
    if box.rcm is not None and box.rcm.test_pin is None:
        facts.append("residual current monitor without a test output")
    if box.lock is not None and box.lock.kind == "solenoid":
        facts.append("the cable lock lets the plug go when the power fails")
    return facts + [NO_WATCHDOG_LINE] * (box.contactor.watchdog_pin is None)


def main(arguments: Sequence[str]) -> int:
    """`check PATH [--mock]` prints a Report as JSON, exit 0 or 2; `init [--mock]` prints a new file."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--mock", action="store_true", help="the rules of a mock box")
    parser = argparse.ArgumentParser(prog="python -m hal.settings", description=FILE_NAME)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("check", parents=[options]).add_argument("path", type=Path)
    verbs.add_parser("init", parents=[options])
    asked = parser.parse_args(arguments)
    if asked.verb == "init":
        sys.stdout.write(new_file(mock=asked.mock))
        return 0
    try:
        report = Report(facts=declared_facts(load(asked.path, mock=asked.mock)))
    except ConfigError as error:
        report = Report(faults=error.faults)
    sys.stdout.write(f"{msgspec.json.encode(report).decode()}\n")
    return 2 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
