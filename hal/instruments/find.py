"""`python -I -m hal.instruments.find PORT... [--seconds N]`: which energy meter answers at which port.

Nothing else may use the ports meanwhile. Prints a PortHeard as JSON for each port.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from serial import Serial, SerialException

from hal.configuration.meter_map import SINGLE_PHASE, MeterName, model_names
from hal.contract import Reading
from hal.found_meters import FoundMeter, PortHeard
from hal.instruments.meter import answer, scan
from hal.instruments.meter.bus import NoAnswerError
from hal.instruments.meter.model import MeterSetup, SerialLine, models
from hal.instruments.meter.port import MeterPort
from hal.instruments.meter.registers import ImplausibleError, Wiring, reading
from hal.instruments.meter.scan import Heard, Question, Setting

SCAN_S = 45.0
_THINKING_S = 0.2  # meters answer within 0.1 s; a whole bus is asked
_GAP_S = 0.1  # some Eastron meters fall silent when asked faster
_LOOK_S = 0.02
_BITS = 11 * (8 + 9)  # request and answer
_NOMINAL_V = 230.0
_SHOWN_BYTES = 12
_REFUSED = (SerialException, OSError, termios.error, ValueError)


class Time(Protocol):
    """The time of a line; a test has one of its own."""

    def now_s(self) -> float:
        """Returns seconds since any moment."""

    def pass_s(self, seconds_s: float) -> None:
        """Waits for that many seconds."""


class _Real:
    def now_s(self) -> float:
        return time.monotonic()

    def pass_s(self, seconds_s: float) -> None:
        time.sleep(seconds_s)


@dataclass(slots=True)
class Line:
    """An open port; it is opened anew for another setting."""

    port: str
    time: Time = field(default_factory=_Real)
    unasked: bytes = b""  # what came that is no answer to us
    impossible: set[Setting] = field(default_factory=set)
    _serial: Serial | None = None
    _setting: Setting | None = None

    def ask(self, question: Question) -> bool:
        """Says whether that unit answered. Raises OSError and its like when the port cannot be used."""
        if question.setting in self.impossible:
            return False
        serial = self._opened(question.setting)
        if serial is None:
            return False
        self.unasked = (self.unasked + serial.read(serial.in_waiting))[-_SHOWN_BYTES:]
        heard, until_s = b"", self.time.now_s() + patience_s(question.setting.baud)
        serial.write(question.frame)
        while self.time.now_s() < until_s:
            heard += serial.read(max(serial.in_waiting, 1))
            if answer.found(question.frame, heard):
                self.time.pass_s(_GAP_S)
                return True
        self.unasked = (self.unasked + heard)[-_SHOWN_BYTES:]
        return False

    def _opened(self, setting: Setting) -> Serial | None:
        """Returns None when this port cannot do the parity or the baud rate."""
        if setting != self._setting:
            self.close()
            try:
                self._serial = Serial(
                    self.port,
                    setting.baud,
                    parity=setting.parity,
                    stopbits=setting.stop_bits,
                    timeout=_LOOK_S,  # to change it later would set up the port anew
                    exclusive=True,
                )
            except (termios.error, ValueError):
                self._serial = None
            if self._serial is None or not _took(self._serial, setting):
                self.close()
                self.impossible.add(setting)
                return None
            self._setting = setting
        return self._serial

    def close(self) -> None:
        """Lets go of the port."""
        if self._serial is not None:
            self._serial.close()
        self._serial = self._setting = None


def patience_s(baud: int) -> float:
    """Returns how long an answer is waited for."""
    return _THINKING_S + _BITS / baud


def _took(serial: Serial, setting: Setting) -> bool:
    """Says whether the port took the parity: a driver may drop it without an error."""
    flags = termios.tcgetattr(serial.fileno())[2]
    return bool(flags & termios.PARENB) == (setting.parity != "N")


def shipped() -> list[Setting]:
    """Lists the setting of each make."""
    return [Setting(one.shipped.baud, one.shipped.parity, one.shipped.stop_bits) for one in models().values()]


def scanned(line: Line, seconds_s: float) -> Heard:
    """Asks who is there, for that long at most. Raises OSError and its like for a port that is unusable."""
    heard, until_s = Heard(), line.time.now_s() + seconds_s
    for question in scan.questions(scan.settings(shipped()), heard):
        if line.time.now_s() >= until_s:
            break
        if line.ask(question):
            heard.units[question.unit] = question.setting
    return heard


async def recognised(port: str, unit: int, setting: Setting) -> dict[MeterName, Reading]:
    """Reads the unit as each make, and returns those whose values can be true."""
    found: dict[MeterName, Reading] = {}
    for name in model_names():
        phases = 1 if name in SINGLE_PHASE else 3
        model = models()[name]
        setup = MeterSetup(
            SerialLine(port, setting.baud, setting.parity, setting.stop_bits),
            unit,
            msgspec.structs.replace(model.map, serial_number=None),
            model.max_block,
            model.gap_ms / 1000,
        )
        meter = MeterPort(setup, phases)
        try:
            wiring = Wiring(phases, _NOMINAL_V)
            shown = reading(setup.map, wiring, await meter.read(), time.monotonic())
        except (NoAnswerError, ImplausibleError):
            continue
        finally:
            meter.close()
        if scan.can_be(shown):
            found[name] = shown
    return scan.best(found)


async def look(line: Line, seconds_s: float) -> PortHeard:
    """Finds who answers at one port, and lets go of it."""
    port = line.port
    try:
        heard = await asyncio.to_thread(scanned, line, seconds_s)
    except _REFUSED as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return PortHeard(port, heard=f"cannot be used: {why}")
    finally:
        line.close()
    meters = [
        _meter(unit, setting, await recognised(port, unit, setting)) for unit, setting in heard.units.items()
    ]
    return PortHeard(port, tuple(meters), _words(line, meters))


def _meter(unit: int, setting: Setting, found: dict[MeterName, Reading]) -> FoundMeter:
    shows = _shows(next(iter(found.values()))) if found else ""
    return FoundMeter(tuple(found), unit, setting.baud, setting.parity, setting.stop_bits, shows)


def _shows(shown: Reading) -> str:
    volts = ", ".join(f"{volt:.0f} V" for volt in shown.voltage_v if volt)
    return f"{volts}; {shown.power_w:.0f} W; {shown.energy_wh / 1000:.2f} kWh"


def _words(line: Line, meters: Sequence[FoundMeter]) -> str:
    if any(meter.models for meter in meters):
        return ""
    if meters:
        return "somebody answers, but shows the values of no known meter"
    if line.unasked:
        return f"no meter answers; heard {line.unasked.hex(' ')} unasked: a card reader, or another master?"
    return "nobody answers"


def main(arguments: Sequence[str]) -> int:
    """Prints a line for each port. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hal.instruments.find")
    parser.add_argument("ports", nargs="+")
    parser.add_argument("--seconds", type=float, default=SCAN_S, help="for the scan of each port")
    asked = parser.parse_args(arguments)
    for port in asked.ports:
        heard = asyncio.run(look(Line(port), asked.seconds))
        sys.stdout.write(f"{msgspec.json.encode(heard).decode()}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
