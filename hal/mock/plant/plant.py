"""PURE: the physics of box and car: what the lines of the Pi do to volts, contacts, bolt, amps and energy.

Time is `dt_s`; nothing here knows OCPP, a driver or a clock. The mock process and simulated tests share it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Literal

from hal.contract import Phases
from hal.mock.plant.car import Car, CarSettings
from hal.mock.plant.copper import Copper
from hal.mock.plant.disturbance import Disturbance, disturbance
from hal.mock.plant.fault_names import FAULTS
from hal.mock.plant.house import House
from hal.mock.plant.names import unknown
from hal.mock.plant.pilot_line import Pilot, arrives
from hal.mock.plant.rcm import ResidualCurrentMonitor

CLOSES_S = 0.015  # contactor, coil to main contacts
OPENS_S = 0.010
BOLT_S = 0.200  # Harting: <= 200 ms from end to end
NO_PLUG_OHM = 1e6
CABLE_OHM = {13: 1500.0, 20: 680.0, 32: 220.0, 63: 100.0}  # IEC 61851-1 Table B.2
STEP_S = 0.020  # longer steps are cut into pieces of this
REGISTER_BACK_WH = 1000.0


@dataclass(frozen=True, slots=True)
class Outputs:
    """The lines of the Pi as the plant feels them. A Pi without power: Outputs(duty=0.0, contactor=False)."""

    duty: float  # 1.0 = x1 (steady +12 V), 0.0 = F (steady -12 V)
    contactor: bool
    lock_forward: bool = False  # drives the bolt out: locks
    lock_backward: bool = False  # draws it in: unlocks
    cp_connected: bool = True  # False: the relay in the control pilot is open
    rcm_test: bool = False  # the test input of the residual current monitor
    trip: bool = False  # trips the breaker before the contactor


@dataclass(frozen=True, slots=True)
class PlantSettings:
    """The simulated box and the car that comes to it."""

    phases: Literal[1, 3] = 3
    nominal_voltage_v: float = 230.0
    socket: bool = True
    cable_rating_a: float = 32.0  # 13, 20, 32 or 63: of the cable the car brings
    car_phases: Literal[1, 3] = 3
    car_max_a: float = 16.0
    battery_wh: float = 60_000.0
    state_of_charge_pct: float = 40.0
    energy_factor: float = 1.0  # multiplies energy only
    meter_start_wh: float = 12_345_000.0
    house_phases: Literal[1, 3] = 3


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One plug-in in the car's ledger; times are the plant's own (`Plant.now_s`)."""

    plugged_in_s: float
    received_wh: float
    unplugged_s: float | None  # None: still plugged in


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the plant that is stored between runs."""

    now_s: float
    energy_wh: float
    ledger: tuple[LedgerEntry, ...]


class Plant:
    """The true state of the simulated box. `faults` holds the names that are set, those of the wires too."""

    def __init__(self, settings: PlantSettings, copper: Copper | None = None, seed: int = 0) -> None:
        """Takes `copper`, None: the reference front end; `seed`: of the age of readings, noise and bounce."""
        self.settings = settings
        self._copper = copper or Copper()
        self._rng = random.Random(seed)
        self.faults: set[str] = set()
        self.car = Car(
            CarSettings(
                settings.car_phases, settings.car_max_a, settings.battery_wh, settings.state_of_charge_pct
            ),
            self.faults,
        )
        self.house = House(settings.house_phases)
        self.now_s = 0.0  # its own time: the sum of all steps
        self.energy_wh = settings.meter_start_wh  # exact
        self.contacts_closed = False
        self.contacts_c = 25.0
        self.plugged = False
        self.cable_left = False  # in the socket, with no car at its other end
        self.bolt = 0.0  # 0 = in, 1 = out: locked
        self._pilot = Pilot(self.faults, self._copper, self._rng)
        self._rcm = ResidualCurrentMonitor()
        self._travelled_s = 0.0
        self._moved_at_s = float("-inf")  # the contacts
        self._bounced: bool | None = None  # the mirror contact, while it does
        self._cp_open_s = 0.0  # for so long yet
        self._disturbed: dict[str, Disturbance] = {}
        self._mirror_frozen: bool | None = None
        self._past: list[LedgerEntry] = []
        self._plugged_in_s = self._received_wh = 0.0

    @property
    def copper(self) -> Copper:
        """Returns every tolerance of box and car; setting it rewires them now."""
        return self._copper

    @copper.setter
    def copper(self, copper: Copper) -> None:
        self._copper = copper
        self._pilot.rewire(copper)

    # what the box can measure

    @property
    def cp_high_v(self) -> float:
        """Reads the peak-hold of the positive half-wave."""
        if self._bad("pilot") or self._bad("pilot_b"):
            return self._pilot.would_show_v(None if self._bad("pilot") else "B")
        return self._pilot.shown_v[0]

    @property
    def cp_low_v(self) -> float:
        """Reads the peak-hold of the negative half-wave."""
        return self._pilot.low_without_diode_v if self._bad("diode") else self._pilot.shown_v[1]

    @property
    def pp_ohm(self) -> float | None:
        """Returns the plug's resistor; None: a fixed cable; NO_PLUG_OHM: an empty socket."""
        if not self.settings.socket:
            return None
        if not (self.plugged or self.cable_left) or "pp_lost" in self.faults or self._bad("pp"):
            return NO_PLUG_OHM
        ohm = 10.0 if "pp_short" in self.faults else CABLE_OHM[int(self.settings.cable_rating_a)]
        return ohm / (1 + self._copper.pull_up_error)

    @property
    def mirror_closed(self) -> bool:
        """Reads the mirror contact: linked to the main contacts by force, so a weld reads closed."""
        closed = self.contacts_closed if self._mirror_frozen is None else self._mirror_frozen
        if self._bounced is not None:
            closed = self._bounced
        return self._over_wire("mirror", closed, cut=True) != self._bad("mirror")

    @property
    def lock_closed(self) -> bool:
        """Says what the lock's feedback shows."""
        return self._over_wire("lock_feedback", self.bolt >= 1.0, cut=False) != self._bad("lock_feedback")

    @property
    def current_a(self) -> Phases:
        """Returns L1 to L3; a phase that box or car has not carries nothing."""
        amps = self.car.current_a
        return (amps, amps, amps) if self._phases == 3 else (amps, 0.0, 0.0)

    @property
    def voltage_v(self) -> Phases:
        """Returns L1 to L3 against neutral."""
        volts = 0.0 if "tripped" in self.faults else self.settings.nominal_voltage_v
        return (volts, volts, volts) if self.settings.phases == 3 else (volts, 0.0, 0.0)

    @property
    def power_w(self) -> float:
        """Returns the power of all phases."""
        return self.car.current_a * self._phases * self.settings.nominal_voltage_v

    @property
    def main_a(self) -> Phases:
        """Returns what flows through the main fuse of the house, negative to the grid."""
        return self.house.main_a(self.current_a, self.settings.nominal_voltage_v)

    @property
    def metered_w(self) -> float:
        """Returns the power as the meter shows it."""
        return -self.power_w if "meter_reversed" in self.faults else self.power_w

    @property
    def register_wh(self) -> int:
        """Returns what the meter shows: steps of 10 Wh (0.01 kWh)."""
        back_wh = REGISTER_BACK_WH if "meter_backwards" in self.faults else 0.0
        return int((self.energy_wh - back_wh) // 10) * 10

    @property
    def rcm_healthy(self) -> bool:
        """Is False when the residual current monitor has tripped."""
        healthy = "rcm_dead" in self.faults or (self._rcm.healthy and "rcm" not in self.faults)
        return self._over_wire("rcm", healthy, cut=False) and not self._bad("rcm")

    @property
    def stop_pressed(self) -> bool:
        """Says whether the button has opened its contact."""
        return self._over_wire("stop", "stop_button" in self.faults, cut=True) or self._bad("stop")

    @property
    def thermometer_c(self) -> float | None:
        """Returns that at the contacts; None: its wire is cut."""
        return None if self.cut("thermometer") else self.contacts_c

    @property
    def under_voltage(self) -> bool:
        """Says whether the Pi's own supply is low."""
        return "under_voltage" in self.faults

    def cut(self, wire: str) -> bool:
        """Says, of mirror, lock_feedback, rcm, stop, thermometer, whether nothing drives the Pi's end."""
        return f"cut_{wire}" in self.faults

    def _bad(self, name: str) -> bool:
        """Says whether the sample that is read now is a disturbed one."""
        disturbed = self._disturbed.get(name)
        return disturbed is not None and disturbed.is_bad(self.now_s)

    def _over_wire(self, wire: str, level: bool, *, cut: bool) -> bool:
        """Returns what the wire shows. `cut` is what a cut one reads as; a shorted one reads the other."""
        if self.cut(wire):
            return cut
        return not cut if f"short_{wire}" in self.faults else level

    @property
    def s2_closed(self) -> bool:
        """Says whether the car asks for energy."""
        return self.car.s2_closed

    @property
    def state_of_charge_pct(self) -> float:
        """Returns that of the car's battery."""
        return self.car.state_of_charge_pct

    @property
    def ledger(self) -> list[LedgerEntry]:
        """Returns all plug-ins, the present one last."""
        if not self.plugged:
            return list(self._past)
        return [*self._past, LedgerEntry(self._plugged_in_s, self._received_wh, None)]

    # what people do

    def plug_in(self) -> str | None:
        """Plugs the car in, with its cable or by the one that was left. None, or why it cannot be."""
        if self.plugged:
            return "a car is plugged in already"
        if self.settings.socket and self.bolt >= 0.5 and not self.cable_left:
            return "the bolt is out: the plug does not go in"
        self.plugged, self.cable_left = True, False
        self._plugged_in_s, self._received_wh = self.now_s, 0.0
        self.car.arrive()
        return None

    def plug_out(self) -> str | None:
        """Unplugs at the box, with a socket's cable. None, or why it cannot be: the lock holds the plug."""
        if not self.plugged and not self.cable_left:
            return "no car is plugged in"
        if self.settings.socket and self.bolt >= 0.5:
            return "the lock holds the plug: end the session first, or use unplug-at-car"
        if self.plugged:
            self._car_leaves()
        self.cable_left = False
        return None

    def unplug_at_car(self) -> str | None:
        """Unplugs at the car: the cable stays in the socket. None, or why it cannot be."""
        if not self.plugged:
            return "no car is plugged in"
        self._car_leaves()
        self.cable_left = self.settings.socket
        return None

    def _car_leaves(self) -> None:
        self._past.append(LedgerEntry(self._plugged_in_s, self._received_wh, self.now_s))
        self.plugged = False
        self.car.leave()

    def ready(self) -> None:
        """Lets the car ask for energy as soon as it is offered (so it does after a plug-in, too)."""
        self.car.paused = False

    def pause(self) -> None:
        """Lets the car ask for none until `ready`."""
        self.car.paused = True

    def set_car(self, phases: Literal[1, 3] | None = None, amps: float | None = None) -> None:
        """Puts another charger on board; None leaves as it is."""
        old = self.car.settings
        self.car.settings = replace(old, phases=phases or old.phases, max_a=amps or old.max_a)

    def open_cp(self, for_s: float) -> None:
        """Opens the contact of the control pilot for so long, once."""
        self._cp_open_s = for_s

    def disturb(self, name: str, pattern: str) -> None:
        """Makes samples of that input bad by that pattern, from now on. Raises ValueError."""
        if (disturbed := disturbance(name, pattern, self.now_s)) is None:
            self._disturbed.pop(name, None)
        else:
            self._disturbed[name] = disturbed

    @property
    def disturbed(self) -> dict[str, str]:
        """Returns the pattern of each disturbed input."""
        return {name: disturbed.pattern for name, disturbed in self._disturbed.items()}

    def fault(self, name: str) -> None:
        """Raises ValueError, with the names there are, for one that is not in FAULTS."""
        if name not in FAULTS:
            raise ValueError(unknown("fault", name, sorted(FAULTS)))
        if name == "mirror_stuck":
            self._mirror_frozen = self.mirror_closed
        self.faults.add(name)

    def clear(self, name: str) -> None:
        """Restores what was before the fault. Raises ValueError as `fault` does."""
        if name not in FAULTS:
            raise ValueError(unknown("fault", name, sorted(FAULTS)))
        if name == "mirror_stuck":
            self._mirror_frozen = None
        self.faults.discard(name)

    def snapshot(self) -> Snapshot:
        """Returns register and ledger, to be kept."""
        return Snapshot(self.now_s, self.energy_wh, tuple(self.ledger))

    def restore(self, snapshot: Snapshot) -> None:
        """Continues register and ledger; a plug-in that was open then has ended with it."""
        self.now_s, self.energy_wh = snapshot.now_s, snapshot.energy_wh
        self._past = [
            entry if entry.unplugged_s is not None else replace(entry, unplugged_s=snapshot.now_s)
            for entry in snapshot.ledger
        ]

    # physics

    def step(self, outputs: Outputs, dt_s: float) -> None:
        """Lets `dt_s` pass, 0.5 ms to 1 s, with the lines as they are."""
        while dt_s > STEP_S or 0 < self._cp_open_s < dt_s:
            piece_s = min(STEP_S, self._cp_open_s or STEP_S, dt_s)
            self._piece(outputs, piece_s)
            dt_s -= piece_s
        self._piece(outputs, dt_s)

    def _piece(self, outputs: Outputs, dt_s: float) -> None:
        self.now_s += dt_s
        self._move_contacts(outputs.contactor, dt_s)
        self._bounce()
        self._move_bolt(outputs, dt_s)
        self._rcm.step(outputs.rcm_test, dt_s)
        if outputs.trip:
            self.faults.add("tripped")
        connected = outputs.cp_connected and not self._cp_open_s
        self._cp_open_s = max(0.0, self._cp_open_s - dt_s)
        shown = self.car.state if self.plugged else None
        self._pilot.step(outputs.duty, shown, connected=connected, dt_s=dt_s)
        if self.plugged:
            duty = arrives(outputs.duty, self.faults, connected=connected)
            energised = self.contacts_closed and "tripped" not in self.faults and self._touch()
            self.car.step(duty, energised=energised, dt_s=dt_s)
            self._count(dt_s)
        self._warm(dt_s)

    @property
    def _phases(self) -> int:
        return min(self.settings.phases, self.car.settings.phases)

    def _move_contacts(self, coil: bool, dt_s: float) -> None:
        held = "weld" in self.faults if self.contacts_closed else "contactor_stuck_open" in self.faults
        if coil == self.contacts_closed or held:
            self._travelled_s = 0.0
            return
        self._travelled_s += dt_s
        if self._travelled_s >= (CLOSES_S if coil else OPENS_S):
            self.contacts_closed, self._travelled_s = coil, 0.0
            self._moved_at_s = self.now_s

    def _bounce(self) -> None:
        """Lets the mirror contact bounce: it reads anything for a while after a movement."""
        bounces = self.now_s - self._moved_at_s < self._copper.mirror_bounce_s
        self._bounced = self._rng.random() < 0.5 if bounces else None

    def _touch(self) -> bool:
        """Says whether the closed main contacts touch: at last when they have stopped bouncing."""
        bounces = self.now_s - self._moved_at_s < self._copper.contactor_bounce_s
        return not bounces or self._rng.random() < 0.5

    def _move_bolt(self, outputs: Outputs, dt_s: float) -> None:
        if "lock_forced" in self.faults:
            self.bolt = 0.0
        elif "lock_jam" not in self.faults:
            direction = outputs.lock_forward - outputs.lock_backward
            self.bolt = min(1.0, max(0.0, self.bolt + direction * dt_s / BOLT_S))

    def _count(self, dt_s: float) -> None:
        energy_wh = self.power_w * dt_s / 3600 * self.settings.energy_factor
        if "meter_reversed" not in self.faults:  # it counts in the register of export
            self.energy_wh += energy_wh
        self._received_wh += energy_wh
        self.car.charge(energy_wh)

    def _warm(self, dt_s: float) -> None:
        """Warms to 55 °C at 32 A within minutes; a bad contact to 100 °C within seconds."""
        bad = "hot" in self.faults
        target_c, slowness_s = (100.0, 10.0) if bad else (25 + 30 * (self.car.current_a / 32) ** 2, 120.0)
        self.contacts_c += (target_c - self.contacts_c) * dt_s / slowness_s
