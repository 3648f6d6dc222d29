"""The drivers of a box together: what its wires show, and what may be written to them.

They never sleep and never know why. Digital lines and the converter go through gpiozero, whose pins are the
Pi's (lgpio) or the mock wallbox's; the pilot's wave is `pwm.py`'s. A wire that is cut reads as the worse
answer: contactor closed, cable unlocked, no plug, residual current, stop pressed, dimmed.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from hal.configuration.line_sections import Dimming, Pilot, Proximity, Rcm, Stop
from hal.configuration.sections import Wallbox
from hal.core.control_pilot.levels import duty
from hal.core.signals import Drive, PilotOffer
from hal.safety.bolt import Claim
from hal.safety.lines.contactor import ContactorLines
from hal.safety.lines.converter import Conversion, Converter
from hal.safety.lines.gpio import PinFactory, contact, output
from hal.safety.lines.lock import LockLines
from hal.safety.lines.pwm import PERIOD_NS, Pwm, export


@dataclass(frozen=True)
class Wiring:
    """Where the drivers find their hardware."""

    factory: PinFactory
    pwm_folder: Path  # of the pilot's channel, exported or not
    transfer_failures: tuple[type[Exception], ...]  # of one exchange with the converter
    solenoid: Claim | None = None  # of a box whose lock is one


@dataclass(frozen=True, slots=True)
class Analogue:
    """Pilot and proximity as read last; `age_s` and `alive` hold for all of them."""

    cp_high_v: float
    cp_low_v: float
    pp_ohm: float | None  # None: a fixed cable
    age_s: float
    alive: bool


class PilotOutput:
    """The generator of the control pilot, and the relay that connects it to the car."""

    def __init__(self, pwm: Pwm, pilot: Pilot, factory: PinFactory) -> None:
        """Sets the generator to x1 before the relay connects it. Dead or off, the relay is open: the car sees
        no pilot and stops."""
        self._pwm = pwm
        self.shown: PilotOffer | None = None
        self.show("x1")
        self._relay = None if pilot.connect_pin is None else output(pilot.connect_pin, factory)
        self.connect(connected=True)

    def show(self, offer: PilotOffer) -> None:
        """Writes amps as a duty, x1 as steady +12 V, F as steady -12 V; once per change, in one write."""
        if offer != self.shown:
            self._pwm.write_duty(_duty_ns(offer))
            self.shown = offer

    def connect(self, *, connected: bool) -> None:
        """Connects the pilot; without a relay it always is."""
        if self._relay is not None:
            self._relay.value = connected


class AnalogueInput:
    """The control pilot at the box's end, through peak-hold and divider, and the resistor in the plug."""

    def __init__(self, box: Wallbox, wiring: Wiring) -> None:
        """Raises what a failed transfer raises."""
        pilot, self._proximity = box.pilot, box.proximity
        self._gain, self._offset_v = pilot.gain, pilot.offset_v
        channels = [pilot.high_channel, pilot.low_channel]
        if self._proximity:
            channels.append(self._proximity.channel)
        self._converter = Converter(box.adc, tuple(channels), wiring.factory, wiring.transfer_failures)

    def read(self, offer: PilotOffer, now_s: float) -> Analogue:
        """Converts each channel once; `offer` is what the pilot has shown since the last tick."""
        last: Conversion = self._converter.read(offer, now_s)
        volts = [self._converter.volts(word) for word in last.words]
        high_v, low_v = (at_input_v * self._gain + self._offset_v for at_input_v in volts[:2])
        pp_ohm = _ohm(volts[2], self._proximity) if self._proximity else None
        return Analogue(high_v, low_v, pp_ohm, last.age_s, last.alive)


class RcmLines:
    """The residual current monitor: its healthy contact and its test input."""

    def __init__(self, rcm: Rcm, factory: PinFactory) -> None:
        self._healthy = contact(rcm.pin, rcm.active, factory)
        self._test = None if rcm.test_pin is None else output(rcm.test_pin, factory)

    def reads_healthy(self) -> bool:
        """Is False when it has tripped, or its wire is cut."""
        return bool(self._healthy.is_active)

    def test(self, *, testing: bool) -> None:
        """Drives its test input, active as long as it is asked for."""
        if self._test is not None:
            self._test.value = testing


class StopInput:
    """A normally closed button."""

    def __init__(self, stop: Stop, factory: PinFactory) -> None:
        self._whole = contact(stop.pin, stop.active, factory)

    def reads_pressed(self) -> bool:
        """Says whether it is pressed, or its wire is cut."""
        return not self._whole.is_active


class DimmingInput:
    """The contact of the grid operator, closed while he leaves all."""

    def __init__(self, dimming: Dimming, factory: PinFactory) -> None:
        self._whole = contact(dimming.pin, dimming.active, factory)

    def reads_dimmed(self) -> bool:
        """Says whether he dims, or its wire is cut."""
        return not self._whole.is_active


class Lines:
    """All wires of the box."""

    def __init__(self, box: Wallbox, wiring: Wiring) -> None:
        """Claims them safe: contactor open, motor off, x1, in this order. The export of the PWM may take 2 s.

        Raises gpiozero's error, OSError or PwmError when a line cannot be had.
        """
        factory = self._factory = wiring.factory
        self.contactor = ContactorLines(box.contactor, factory)
        live = self.contactor.reads_closed()
        self.lock = LockLines(box.lock, factory, wiring.solenoid, live=live) if box.lock else None
        self._pwm = Pwm(export(wiring.pwm_folder))
        self.pilot = PilotOutput(self._pwm, box.pilot, factory)
        self.rcm = RcmLines(box.rcm, factory) if box.rcm else None
        self.stop = StopInput(box.stop, factory) if box.stop else None
        self.dimming = DimmingInput(box.dimming, factory) if box.dimming else None
        self._analogue = AnalogueInput(box, wiring)

    def read_analogue(self, now_s: float) -> Analogue:
        """Reads pilot and proximity."""
        return self._analogue.read(self.pilot.shown or "x1", now_s)

    def drive(self, decided: Drive) -> None:
        """Drives the contactor first: nothing may delay its opening."""
        self.contactor.drive(closed=decided.close_contactor, edges=decided.watchdog_edges)
        self.contactor.trip(tripped=decided.trip)
        self.pilot.show(decided.pilot)
        self.pilot.connect(connected=decided.cp_connected)
        if self.lock:
            self.lock.drive(decided.lock_motor)
        if self.rcm:
            self.rcm.test(testing=decided.rcm_test)

    def make_safe(self) -> None:
        """Opens the contactor, motor off, x1; tries each even if the one before fails. Raises what failed."""
        with ExitStack() as last_to_first:
            last_to_first.callback(self.pilot.show, "x1")
            if self.lock:
                last_to_first.callback(self.lock.drive, None)
            last_to_first.callback(self.contactor.drive, closed=False)

    def close(self) -> None:
        """Hands the lines back: inputs, held low by their pull-downs. What moves a bolt comes first: the
        mirror contact can still be read."""
        if self.lock:
            self.lock.end(live=self.contactor.reads_closed())
        self._factory.close()
        self._pwm.close()


def low_lines(box: Wallbox) -> list[int]:
    """Lists what must be low once nobody drives the box, the contactor first. Not a lock's solenoid: it is
    another process's (`hal.safety.bolt`), for a plug whose contactor may be welded."""
    lock, rcm = box.lock, box.rcm
    pins = [box.contactor.pin, box.contactor.watchdog_pin, box.contactor.trip_pin]
    if lock is not None:
        pins += [lock.forward_pin, lock.backward_pin, lock.enable_pin, lock.phase_pin]
    pins += [rcm.test_pin if rcm else None, box.pilot.connect_pin]
    return [pin for pin in pins if pin is not None]


def _duty_ns(offer: PilotOffer) -> int:
    match offer:
        case "x1":
            return PERIOD_NS
        case "F":
            return 0
        case amps:
            return round(duty(amps) * PERIOD_NS)


def _ohm(at_input_v: float, proximity: Proximity) -> float:
    """Returns the resistance; infinite for an open input."""
    across_pull_up_v = proximity.supply_v - at_input_v
    return proximity.pull_up_ohm * at_input_v / across_pull_up_v if across_pull_up_v > 0 else math.inf
