"""The simulated wallbox without its serial wires: the plant, stepped, between line map and PWM folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

from hal.mock.kernel import Kernel
from hal.mock.line_map import ADC_MAX, FILE_NAME, HIGH, LOW, LineMap
from hal.mock.plant import Outputs, Plant, PlantSettings
from hal.mock.pwm import PwmFolder
from hal.mock.wire import FAULTS as WIRE_FAULTS
from hal.settings import Adc, Wallbox

STEP_S = 0.002  # a tenth of the slowest tick, a fifth of a contactor's travel
PWM_FOLDER = "pwm"  # in the runtime folder
POWER_FILE = "power"  # in the runtime folder: "on" or "off"
_VISITING_CABLE_A = 32.0  # of the cable a car brings to a socket
_NO_POWER = Outputs(duty=0.0, contactor=False)


class RefusalError(Exception):
    """It cannot be done now; the text says why."""


class SimulatedBox:
    """Plant, kernel and wires of one box. One thread, no waiting but in `measure_edge`."""

    def __init__(self, wallbox: Wallbox, runtime_dir: Path) -> None:
        """Makes line map, PWM folder and power file in `runtime_dir`; the power is on."""
        self.plant = Plant(_plant_settings(wallbox))
        self.wire_faults: set[str] = set()
        self.powered = True
        self.line_map = LineMap.create(runtime_dir / FILE_NAME)
        self.pwm = PwmFolder(runtime_dir / PWM_FOLDER)
        self.kernel = Kernel(self.line_map, wallbox.mock.kernel)
        self._wallbox = wallbox
        self._power_file = runtime_dir / POWER_FILE
        self._stepped_at_s = time.monotonic()
        self._write_power("on")
        self._put_inputs()

    def step(self) -> None:
        """Lets the time since the last step pass."""
        now_s = time.monotonic()
        passed_s, self._stepped_at_s = now_s - self._stepped_at_s, now_s
        self.kernel.bury_the_dead()
        self.plant.step(self._outputs(now_s), passed_s)
        self._put_inputs()
        self.line_map.advance()

    def fault(self, name: str) -> None:
        """Sets a fault of plant or wires. Raises RefusalError, with the names there are."""
        if name in WIRE_FAULTS:
            self.wire_faults.add(name)
            return
        try:
            self.plant.fault(name)
        except ValueError as error:
            raise RefusalError(f"{error}; of the wires: {', '.join(sorted(WIRE_FAULTS))}") from None

    def clear(self, name: str) -> None:
        """Ends a fault, whether it was set or not. Raises RefusalError, with the names there are."""
        if name in WIRE_FAULTS:
            self.wire_faults.discard(name)
            return
        try:
            self.plant.clear(name)
        except ValueError as error:
            raise RefusalError(f"{error}; of the wires: {', '.join(sorted(WIRE_FAULTS))}") from None

    def faults(self) -> list[str]:
        """All that are set."""
        return sorted(self.plant.faults | self.wire_faults)

    @property
    def lamp(self) -> list[str] | None:
        """The colours that are lit; None: this box has no lamp."""
        lamp = self._wallbox.lamp
        if lamp is None:
            return None
        lines, lit = self.line_map, lamp.active == "high"
        pins = {"red": lamp.red_pin, "green": lamp.green_pin, "blue": lamp.blue_pin}
        return [name for name, pin in pins.items() if lines.is_output(pin) and lines.driven_high(pin) == lit]

    def cut_power(self) -> None:
        """Every line falls, whatever the kernel does. Who runs the processes kills them on "off"."""
        self.powered = False
        self._lose_lines()
        self._write_power("off")

    def restore_power(self) -> None:
        """A boot. Raises RefusalError while a process that drove the lines before the cut still runs."""
        if survivors := self.kernel.owners_alive():
            pids = ", ".join(str(pid) for pid in survivors)
            raise RefusalError(f"process {pids} drove lines and still runs; kill it (evse-bridge run does)")
        self._lose_lines()  # whatever was written between the cut and the kill
        self.powered = True
        self._write_power("on")

    def measure_edge(self, limit_s: float) -> float:
        """Opens S2 now and returns the seconds until the contactor's line falls. Holds the process up.

        Raises RefusalError: the contactor is not driven, the car not in C, or the line did not fall in time.
        """
        pin = self._wallbox.contactor.pin
        if not self.line_map.driven_high(pin) or not self.plant.s2_closed:
            raise RefusalError("edge: the contactor's line must be high and the car in state C")
        self.plant.pause()
        self.plant.car.current_a = 0.0  # it does not ramp down first, as in an emergency
        began_s = time.monotonic()
        self.step()
        while time.monotonic() - began_s < limit_s:
            if not self.line_map.driven_high(pin):
                return time.monotonic() - began_s
            if time.monotonic() - self._stepped_at_s >= STEP_S:
                self.step()
        raise RefusalError(f"edge: the contactor's line is still high {limit_s:g} s after the car left C")

    def _outputs(self, now_s: float) -> Outputs:
        if not self.powered:
            return _NO_POWER
        high, lock = self.line_map.driven_high, self._wallbox.lock
        return Outputs(
            duty=self.pwm.poll(now_s).duty,
            contactor=high(self._wallbox.contactor.pin),
            lock_forward=lock is not None and high(lock.forward_pin),
            lock_backward=lock is not None and high(lock.backward_pin),
        )

    def _put_inputs(self) -> None:
        plant, wallbox = self.plant, self._wallbox
        pilot, proximity, lock = wallbox.pilot, wallbox.proximity, wallbox.lock
        self._put_volts(pilot.high_channel, (plant.cp_high_v - pilot.offset_v) / pilot.gain)
        self._put_volts(pilot.low_channel, (plant.cp_low_v - pilot.offset_v) / pilot.gain)
        if proximity is not None and plant.pp_ohm is not None:
            share = plant.pp_ohm / (plant.pp_ohm + proximity.pull_up_ohm)
            self._put_volts(proximity.channel, proximity.supply_v * share)
        contactor = wallbox.contactor
        self._put_level(contactor.mirror_pin, contactor.mirror_active, active=not plant.mirror_closed)
        if lock is not None:
            self._put_level(lock.feedback_pin, lock.feedback_active, active=plant.lock_closed)

    def _put_volts(self, channel: int, volts: float) -> None:
        self.line_map.put_adc(channel, adc_word(volts, self._wallbox.adc))

    def _put_level(self, pin: int, active_level: Literal["high", "low"], *, active: bool) -> None:
        self.line_map.put_input(pin, HIGH if active == (active_level == "high") else LOW)

    def _lose_lines(self) -> None:
        self.line_map.fall()
        self.pwm.reset()

    def _write_power(self, word: str) -> None:
        unfinished = self._power_file.with_name(self._power_file.name + ".new")
        unfinished.write_text(word + "\n")
        unfinished.replace(self._power_file)


def adc_word(volts: float, adc: Adc) -> int:
    """What an MCP3208 makes of that voltage; it clips at its ends."""
    return min(max(round(volts / adc.max_voltage_v * ADC_MAX), 0), ADC_MAX)


def _plant_settings(wallbox: Wallbox) -> PlantSettings:
    mock, cable = wallbox.mock, wallbox.cable
    return PlantSettings(
        phases=wallbox.installation.phases,
        nominal_voltage_v=wallbox.installation.nominal_voltage_v,
        socket=cable.kind == "socket",
        cable_rating_a=cable.rating_a or _VISITING_CABLE_A,
        car_phases=mock.car_phases,
        car_max_a=mock.car_max_a,
        battery_wh=mock.battery_wh,
        state_of_charge_pct=mock.state_of_charge_pct,
        energy_factor=mock.energy_factor,
        meter_start_wh=mock.meter_start_wh,
    )
