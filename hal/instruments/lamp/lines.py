"""The lamp: three GPIO lines, and the loop that shows the pattern of `hal.safety` on them."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

from gpiozero import DigitalOutputDevice, GPIOZeroError

from hal import lgpio_module
from hal.configuration.sections import Lamp
from hal.contract import Status
from hal.instruments.lamp.patterns import DARK, Colour, colour, pattern_name
from hal.lgpio_module import NoLgpioError

_STEP_S = 0.05

log = logging.getLogger("hal.instruments")


class NoLampError(Exception):
    """The program cannot get the lamp's lines; the text says what to do."""


class LampLines:
    """The three lines: red, green and blue."""

    def __init__(self, lamp: Lamp, factory: Any) -> None:  # gpiozero carries no types
        """Claims the lines, dark. Raises NoLampError."""
        self._factory = factory
        self._shown = DARK
        pins = (lamp.red_pin, lamp.green_pin, lamp.blue_pin)
        try:
            self._lights = [
                DigitalOutputDevice(
                    pin, active_high=lamp.active == "high", initial_value=False, pin_factory=factory
                )
                for pin in pins
            ]
        except GPIOZeroError as error:
            raise NoLampError(f"GPIO {', '.join(map(str, pins))}: {error}") from None

    def show(self, wanted: Colour) -> None:
        """Writes only what changes."""
        for light, on, was_on in zip(self._lights, wanted, self._shown, strict=True):
            if on != was_on:
                light.value = on
        self._shown = wanted

    def close(self) -> None:
        """Hands the lines back: inputs, dark."""
        self._factory.close()


class LampLoop:
    """Shows the pattern of the newest Status."""

    def __init__(self, lines: LampLines) -> None:
        self._lines = lines
        self._status: Status | None = None
        self._name, self._since_s = "", 0.0

    def feed(self, status: Status) -> None:
        """Keeps the newest Status, which the next step shows."""
        self._status = status

    async def run(self) -> None:
        """Shows the pattern until it is cancelled."""
        try:
            while True:
                self._step(time.monotonic())
                await asyncio.sleep(_STEP_S)
        finally:
            self._lines.close()

    def _step(self, now_s: float) -> None:
        name = pattern_name(self._status, now_s)
        if name != self._name:
            self._name, self._since_s = name, now_s
        self._lines.show(colour(name, now_s - self._since_s))


def lamp_lines(lamp: Lamp, mock_line_map: Path | None) -> LampLines:
    """Opens the lines on the Pi's pins, or the mock's. Raises NoLampError."""
    return LampLines(lamp, _pi() if mock_line_map is None else _mock(mock_line_map))


def _mock(line_map: Path) -> Any:
    from hal.mock.pi.board import BoardFactory  # never loaded for a real box
    from hal.mock.pi.line_map import LineMapError

    try:
        return BoardFactory(line_map)
    except LineMapError as error:
        raise NoLampError(str(error)) from None


def _pi() -> Any:
    """Opens real lines or none: nothing stands in for them."""
    try:
        lgpio = lgpio_module.loaded(Path(), *lgpio_module.ANYWHERE)
    except NoLgpioError as error:
        raise NoLampError(str(error)) from None
    from gpiozero.pins.lgpio import LGPIOFactory  # imports lgpio

    try:
        return LGPIOFactory()
    except lgpio.error as error:
        raise NoLampError(f"no GPIO: {error}; see the permissions of /dev/gpiochip*") from None
