"""Single GPIO lines as the drivers use them: outputs that begin low, contacts that read inactive when cut."""

from __future__ import annotations

from typing import Any

from gpiozero import DigitalOutputDevice, InputDevice

from hal.configuration.line_sections import Level

PinFactory = Any  # gpiozero carries no types


def output(pin: int, factory: PinFactory) -> DigitalOutputDevice:
    """Makes a low output. gpiozero on lgpio claims an input first: one that must be high at once is none
    (`hal.safety.bolt`)."""
    return DigitalOutputDevice(pin, initial_value=False, pin_factory=factory)


def contact(pin: int, active: Level, factory: PinFactory) -> InputDevice:
    """Makes an input pulled to the level that is not active: a cut wire reads inactive. No edges are asked
    of the kernel: a chattering contact costs nothing."""
    return InputDevice(pin, pull_up=active == "low", pin_factory=factory)
