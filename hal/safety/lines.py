"""The drivers: what the box's wires show, as a `Sense`, and the few things that may be put on them.

They never sleep and never know why. Digital lines and the converter go through gpiozero, whose pins are the
Pi's (lgpio) or the mock wallbox's; the pilot's wave is `pwm.py`'s. A wire that is cut reads as the worse
answer: contactor closed, cable unlocked, no plug.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gpiozero import MCP3208, DigitalOutputDevice, InputDevice

from hal.core.pilot import duty
from hal.core.signals import PilotOffer
from hal.safety.pwm import PERIOD_NS, Pwm, export
from hal.settings import Adc, Contactor, Level, Lock, Proximity, Wallbox
from hal.settings import Pilot as PilotSettings

PinFactory = Any  # gpiozero carries no types


@dataclass(frozen=True)
class Wiring:
    """Where the drivers find their hardware."""

    factory: PinFactory
    pwm_chip: Path


class PilotOutput:
    """The generator of the control pilot."""

    def __init__(self, pwm: Pwm) -> None:
        self._pwm = pwm
        self._shown: PilotOffer | None = None

    def show(self, offer: PilotOffer) -> None:
        """Amps as a duty, x1 as steady +12 V, F as steady -12 V; written once per change, in one write."""
        if offer != self._shown:
            self._pwm.write_duty(_duty_ns(offer))
            self._shown = offer


class PilotInput:
    """The control pilot at the box's end, through peak-hold and divider."""

    def __init__(self, pilot: PilotSettings, adc: Adc, factory: PinFactory) -> None:
        self._gain, self._offset_v = pilot.gain, pilot.offset_v
        self._high = _channel(pilot.high_channel, adc, factory)
        self._low = _channel(pilot.low_channel, adc, factory)

    def read_v(self) -> tuple[float, float]:
        """Peak of the positive and of the negative half-wave."""
        return self._volts(self._high), self._volts(self._low)

    def _volts(self, channel: MCP3208) -> float:
        return float(channel.voltage) * self._gain + self._offset_v


class ProximityInput:
    """The resistor in the plug, below a pull-up."""

    def __init__(self, proximity: Proximity, adc: Adc, factory: PinFactory) -> None:
        self._proximity = proximity
        self._channel = _channel(proximity.channel, adc, factory)

    def read_ohm(self) -> float:
        """Infinite for an open input."""
        voltage_v = max(float(self._channel.voltage), 0.0)
        across_pull_up_v = self._proximity.supply_v - voltage_v
        if across_pull_up_v <= 0:
            return math.inf
        return self._proximity.pull_up_ohm * voltage_v / across_pull_up_v


class ContactorLines:
    """The contactor's coil, and the mirror contact that is closed while the contactor is open."""

    def __init__(self, contactor: Contactor, factory: PinFactory) -> None:
        self._coil = DigitalOutputDevice(contactor.pin, initial_value=False, pin_factory=factory)
        self._mirror_open = _input(contactor.mirror_pin, contactor.mirror_active, factory)

    def drive(self, *, closed: bool) -> None:
        """Energises the coil or lets it go."""
        self._coil.value = closed

    def reads_closed(self) -> bool:
        """The mirror contact, not the coil: a welded contactor and a cut wire read True."""
        return not self._mirror_open.is_active


class LockLines:
    """The lock's motor on an H-bridge, and its feedback contact."""

    def __init__(self, lock: Lock, factory: PinFactory) -> None:
        self._forward = DigitalOutputDevice(lock.forward_pin, initial_value=False, pin_factory=factory)
        self._backward = DigitalOutputDevice(lock.backward_pin, initial_value=False, pin_factory=factory)
        self._locked = _input(lock.feedback_pin, lock.feedback_active, factory)

    def drive(self, motor: Literal["lock", "unlock"] | None) -> None:
        """Runs the motor until told otherwise; never both sides of the bridge at once."""
        if motor != "lock":
            self._forward.off()
        if motor != "unlock":
            self._backward.off()
        if motor == "lock":
            self._forward.on()
        elif motor == "unlock":
            self._backward.on()

    def reads_locked(self) -> bool:
        """The feedback contact, not the motor."""
        return bool(self._locked.is_active)


class Lines:
    """All wires of the box."""

    def __init__(self, box: Wallbox, wiring: Wiring) -> None:
        """Claims them safe: contactor open, motor off, x1, in this order. The export of the PWM may take 2 s.

        Raises gpiozero's error, OSError or PwmError when a line cannot be had.
        """
        factory = self._factory = wiring.factory
        self.contactor = ContactorLines(box.contactor, factory)
        self.lock = LockLines(box.lock, factory) if box.lock else None
        self._pwm = Pwm(export(wiring.pwm_chip, box.pilot.pwm_channel))
        self.pilot = PilotOutput(self._pwm)
        self.pilot_input = PilotInput(box.pilot, box.adc, factory)
        self.proximity = ProximityInput(box.proximity, box.adc, factory) if box.proximity else None

    def make_safe(self) -> None:
        """Contactor open, motor off, x1; each is tried even when the one before fails. Raises what failed."""
        with ExitStack() as last_to_first:
            last_to_first.callback(self.pilot.show, "x1")
            if self.lock:
                last_to_first.callback(self.lock.drive, None)
            last_to_first.callback(self.contactor.drive, closed=False)

    def close(self) -> None:
        """Hands the lines back: inputs, held low by their pull-downs."""
        self._factory.close()
        self._pwm.close()


def _duty_ns(offer: PilotOffer) -> int:
    match offer:
        case "x1":
            return PERIOD_NS
        case "F":
            return 0
        case amps:
            return round(duty(amps) * PERIOD_NS)


def _channel(channel: int, adc: Adc, factory: PinFactory) -> MCP3208:
    return MCP3208(
        channel, max_voltage=adc.max_voltage_v, port=adc.spi_port, device=adc.spi_device, pin_factory=factory
    )


def _input(pin: int, active: Level, factory: PinFactory) -> InputDevice:
    """Pulled to the level that is not the active one, so that a cut wire reads inactive."""
    return InputDevice(pin, pull_up=active == "low", pin_factory=factory)
