"""The simulated wallbox without its serial wires: the plant, stepped, between line map and PWM folder."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from pathlib import Path

from hal.configuration.sections import Wallbox
from hal.contract import POWER_FILE, Phases
from hal.mock.pi.kernel import Kernel
from hal.mock.pi.line_map import FILE_NAME, LineMap
from hal.mock.pi.pwm import PwmFolder
from hal.mock.pi.wiring import Wires
from hal.mock.plant.copper import Copper, changed
from hal.mock.plant.fault_names import BOARD as BOARD_FAULTS
from hal.mock.plant.fault_names import FAULTS as PLANT_FAULTS
from hal.mock.plant.fault_names import WIRES as WIRE_FAULTS
from hal.mock.plant.names import unknown
from hal.mock.plant.plant import Outputs, Plant, PlantSettings

STEP_S = 0.002  # a tenth of the slowest tick, a fifth of a contactor's travel
PWM_FOLDER = "pwm"  # in the runtime folder
_VISITING_CABLE_A = 32.0  # of the cable a car brings to a socket
_PINS_OF_CHANNEL_0 = (12, 18)  # of the PWM of a Pi 3; 13 and 19 are channel 1
_NO_POWER = Outputs(duty=0.0, contactor=False)


class RefusalError(Exception):
    """The verb cannot be done now; the text says why."""


class SimulatedBox:
    """Plant, kernel and wires of one box. One thread; only `measure_edge` waits."""

    def __init__(self, wallbox: Wallbox, runtime_dir: Path) -> None:
        """Makes line map, PWM folder and power file in `runtime_dir`; the power is on."""
        self.plant = Plant(_plant_settings(wallbox), seed=random.SystemRandom().randrange(2**32))
        self.wire_faults: set[str] = set()
        self.board_faults: set[str] = set()
        self.powered = True
        self.line_map = LineMap.create(runtime_dir / FILE_NAME)
        self.pwm = PwmFolder(runtime_dir / PWM_FOLDER, 0 if wallbox.pilot.pin in _PINS_OF_CHANNEL_0 else 1)
        self._wires = Wires(wallbox, self.line_map, self.plant)
        self.kernel = Kernel(self.line_map, wallbox.mock.kernel)
        self._wallbox = wallbox
        self._power_file = runtime_dir / POWER_FILE
        self._stepped_at_s = time.monotonic()
        self._write_power("on")
        self._wires.show(self.board_faults | self.wire_faults)

    @property
    def offers_current(self) -> bool:
        """Says whether the car sees a duty, not x1, F or a pilot that is cut."""
        outputs = self._outputs(time.monotonic())
        return outputs.cp_connected and 0.0 < outputs.duty < 1.0

    def step(self) -> None:
        """Lets the time since the last step pass."""
        now_s = time.monotonic()
        passed_s, self._stepped_at_s = now_s - self._stepped_at_s, now_s
        self.kernel.bury_the_dead()
        self.plant.step(self._outputs(now_s), passed_s)
        self._wires.show(self.board_faults | self.wire_faults)
        self.line_map.advance()

    def fault(self, name: str) -> None:
        """Sets a fault of plant, wires or board. Raises RefusalError, with the names there are."""
        if (place := self._place(name)) is not None:
            place.add(name)
            return
        self._require_known(name)
        self.plant.fault(name)

    def clear(self, name: str) -> None:
        """Ends a fault, whether it was set or not. Raises RefusalError, with the names there are."""
        if (place := self._place(name)) is not None:
            place.discard(name)
            return
        self._require_known(name)
        self.plant.clear(name)

    def faults(self) -> list[str]:
        """Returns all that are set."""
        return sorted(self.plant.faults | self.wire_faults | self.board_faults)

    def rewire(self, parts: Mapping[str, float], draw: int | None, *, nominal: bool) -> Copper:
        """Rewires, and returns the copper: as new, then drawn from that seed, then with these parts.

        Raises RefusalError, with the parts there are."""
        copper = Copper() if nominal else self.plant.copper
        if draw is not None:
            copper = Copper.drawn(random.Random(draw))
        try:
            self.plant.copper = changed(copper, parts)
        except ValueError as error:
            raise RefusalError(str(error)) from None
        return self.plant.copper

    def disturb(self, name: str, pattern: str) -> None:
        """Raises RefusalError, with the inputs there are and how a pattern looks."""
        try:
            self.plant.disturb(name, pattern)
        except ValueError as error:
            raise RefusalError(str(error)) from None

    def set_house(self, load_a: Phases | None, solar_w: float | None) -> None:
        """Sets what the house draws and what its roof gives; None leaves as it is.

        Raises RefusalError for a box without a house meter."""
        if self._wallbox.house is None:
            raise RefusalError("wallbox.toml: this box has no [house]")
        house = self.plant.house
        house.load_a = house.load_a if load_a is None else load_a
        house.solar_w = house.solar_w if solar_w is None else solar_w

    @property
    def lamp(self) -> list[str] | None:
        """Returns the colours that are lit; None: this box has no lamp."""
        lamp = self._wallbox.lamp
        if lamp is None:
            return None
        lines, lit = self.line_map, lamp.active == "high"
        pins = {"red": lamp.red_pin, "green": lamp.green_pin, "blue": lamp.blue_pin}
        return [name for name, pin in pins.items() if lines.is_output(pin) and lines.driven_high(pin) == lit]

    def cut_power(self) -> None:
        """Lets every line fall, whatever the kernel does. Who runs the processes kills them on "off"."""
        self.powered = False
        self._lose_lines()
        self._write_power("off")

    def restore_power(self) -> None:
        """Boots. Raises RefusalError while a process that drove the lines before the cut still runs."""
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

    @staticmethod
    def _require_known(name: str) -> None:
        if name not in PLANT_FAULTS:
            everything = sorted(PLANT_FAULTS | WIRE_FAULTS | BOARD_FAULTS)
            raise RefusalError(unknown("fault", name, everything))

    def _place(self, name: str) -> set[str] | None:
        """Returns where a fault outside the plant is noted."""
        if name in WIRE_FAULTS:
            return self.wire_faults
        return self.board_faults if name in BOARD_FAULTS else None

    def _outputs(self, now_s: float) -> Outputs:
        return self._wires.outputs(self.pwm.poll(now_s).duty, now_s) if self.powered else _NO_POWER

    def _lose_lines(self) -> None:
        self.line_map.fall()
        self.pwm.reset()

    def _write_power(self, word: str) -> None:
        unfinished = self._power_file.with_name(self._power_file.name + ".new")
        unfinished.write_text(word + "\n")
        unfinished.replace(self._power_file)


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
        house_phases=wallbox.house.phases if wallbox.house else 3,
    )
