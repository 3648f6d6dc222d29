"""How the wires of a box run: from the Pi's outputs to the plant, from the plant to the Pi's inputs.

The mirror image of the drivers, by the same wallbox.toml.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Set
from typing import Literal

from hal.configuration.line_sections import Adc, Contactor, Lock
from hal.configuration.sections import Wallbox
from hal.mock.pi.line_map import ADC_MAX, FLOATING, HIGH, LOW, LineMap
from hal.mock.plant.plant import Outputs, Plant

PUMP_HOLDS_S = 0.1  # a charge pump of the field needs edges about every 10 ms; this one forgives nine
High = Callable[[int], bool]  # whether a line is
_NOISE_STEPS = (-1, 0, 0, 1)  # an MCP3208 is good for +-1 of its steps


class ChargePump:
    """Holds the coil of the contactor for a while after each edge of the watchdog line."""

    def __init__(self) -> None:
        self._level = False
        self._edge_at_s = float("-inf")

    def holds(self, level: bool, now_s: float) -> bool:
        """Says whether it holds, with the line as it is now."""
        if level != self._level:
            self._level, self._edge_at_s = level, now_s
        return now_s - self._edge_at_s < PUMP_HOLDS_S


class Wires:
    """Connects one line map with one plant."""

    def __init__(self, wallbox: Wallbox, line_map: LineMap, plant: Plant) -> None:
        self._wallbox = wallbox
        self._lines = line_map
        self._plant = plant
        self._pump = ChargePump()
        self._noise = random.Random(0)

    def outputs(self, duty: float, now_s: float) -> Outputs:
        """Returns what the plant feels."""
        box, fell = self._wallbox, self._lines.felt_falls()

        def high(line: int) -> bool:
            """Says whether it was high all the step: microseconds low, by a claim, count as 1 ms."""
            return self._lines.driven_high(line) and line not in fell

        forward, backward = _bolt(box.lock, high)
        connect_pin, trip_pin = box.pilot.connect_pin, box.contactor.trip_pin
        test_pin = box.rcm.test_pin if box.rcm else None
        return Outputs(
            duty=duty,
            contactor=self._coil(box.contactor, high, now_s),
            lock_forward=forward,
            lock_backward=backward,
            cp_connected=connect_pin is None or high(connect_pin),
            rcm_test=test_pin is not None and high(test_pin),
            trip=trip_pin is not None and high(trip_pin),
        )

    def show(self, faults: Set[str]) -> None:
        """Shows what the Pi reads; `faults` are those of its board and of its wires."""
        self._lines.put_failures(bus="spi_failed" in faults, chip="gpio_failed" in faults)
        self._show_contacts()
        self._show_dimming(faults)
        if "adc_unpowered" in faults:
            for channel in range(8):
                self._lines.put_adc(channel, 0)
        elif "adc_stuck" not in self._plant.faults:
            self._show_volts()

    def _coil(self, contactor: Contactor, high: High, now_s: float) -> bool:
        pump_pin = contactor.watchdog_pin
        if pump_pin is None or "pump_bridged" in self._plant.faults:
            return high(contactor.pin)
        held = self._pump.holds(high(pump_pin), now_s)
        return held and high(contactor.pin)

    def _show_contacts(self) -> None:
        box, plant = self._wallbox, self._plant
        contactor, lock = box.contactor, box.lock
        self._level("mirror", contactor.mirror_pin, contactor.mirror_active, active=not plant.mirror_closed)
        if lock is not None:
            self._level("lock_feedback", lock.feedback_pin, lock.feedback_active, active=plant.lock_closed)
        if box.rcm is not None:
            self._level("rcm", box.rcm.pin, box.rcm.active, active=plant.rcm_healthy)
        if box.stop is not None:
            self._level("stop", box.stop.pin, box.stop.active, active=not plant.stop_pressed)

    def _show_dimming(self, faults: Set[str]) -> None:
        dimming = self._wallbox.dimming
        if dimming is None:
            return
        if "cut_dimming" in faults:
            self._lines.put_input(dimming.pin, FLOATING)
        else:
            left = "dimmed" not in faults
            self._lines.put_input(dimming.pin, HIGH if left == (dimming.active == "high") else LOW)

    def _level(self, wire: str, pin: int, active_level: Literal["high", "low"], *, active: bool) -> None:
        if self._plant.cut(wire):
            self._lines.put_input(pin, FLOATING)
        else:
            self._lines.put_input(pin, HIGH if active == (active_level == "high") else LOW)

    def _show_volts(self) -> None:
        box, plant = self._wallbox, self._plant
        pilot, proximity = box.pilot, box.proximity
        self._volts(pilot.high_channel, (plant.cp_high_v - pilot.offset_v) / pilot.gain)
        self._volts(pilot.low_channel, (plant.cp_low_v - pilot.offset_v) / pilot.gain)
        if proximity is not None and plant.pp_ohm is not None:
            share = plant.pp_ohm / (plant.pp_ohm + proximity.pull_up_ohm)
            self._volts(proximity.channel, proximity.supply_v * share)

    def _volts(self, channel: int, volts: float) -> None:
        word = adc_word(volts, self._wallbox.adc) + self._noise.choice(_NOISE_STEPS)
        self._lines.put_adc(channel, min(max(word, 0), ADC_MAX))


def adc_word(volts: float, adc: Adc) -> int:
    """Returns what an MCP3208 makes of that voltage; it clips at its ends."""
    return min(max(round(volts / adc.max_voltage_v * ADC_MAX), 0), ADC_MAX)


def _bolt(lock: Lock | None, high: High) -> tuple[bool, bool]:
    """Says whether it is driven out, and in. A solenoid without power is drawn in by its spring."""
    match lock:
        case None:
            return False, False
        case Lock(kind="phase_enable", phase_pin=int() as phase_pin, enable_pin=int() as enable_pin):
            return high(enable_pin) and high(phase_pin), high(enable_pin) and not high(phase_pin)
        case Lock(kind="solenoid", solenoid_pin=int() as solenoid_pin):
            return high(solenoid_pin), not high(solenoid_pin)
        case Lock(forward_pin=int() as forward_pin, backward_pin=int() as backward_pin):
            return high(forward_pin), high(backward_pin)
        case _:
            raise ValueError(f"lock.kind = {lock.kind}: its pins are missing")
