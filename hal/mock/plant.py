"""PURE: the physics of box and car: what the lines of the Pi do to volts, contacts, bolt, amps and energy.

Time is `dt_s`; nothing here knows OCPP, a driver or a clock. The mock process and simulated tests share it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from hal.contract import Phases
from hal.mock.car import Car, CarSettings
from hal.mock.pilot_line import PeakHold, negative_v, positive_v

CLOSES_S = 0.015  # contactor, coil to main contacts
OPENS_S = 0.010
BOLT_S = 0.200  # Harting: <= 200 ms from end to end
NO_PLUG_OHM = 1e6
CABLE_OHM = {13: 1500.0, 20: 680.0, 32: 220.0, 63: 100.0}  # IEC 61851-1 Table B.2
STEP_S = 0.020  # longer steps are cut into pieces of this

FAULTS: dict[str, str] = {
    "diode": "the car's diode is shorted: the negative half-wave sags",
    "cp_short": "control pilot shorted to earth",
    "cp_open": "control pilot broken in the cable",
    "cp_high": "control pilot shorted to +15 V",
    "ventilation": "the car asks for ventilation: state D in place of C",
    "keeps_s2": "the car keeps S2 closed, from plug-in to plug-out and in x1 too",
    "asleep": "the car ignores the pilot until it was dead or negative for 3 s",
    "over_current": "the car draws 1.3 times the offer and 2 A more",
    "weld": "the contactor's contacts stay closed once they are",
    "contactor_stuck_open": "the contactor does not close",
    "mirror_stuck": "the mirror contact stays as it is now",
    "lock_jam": "the bolt does not move",
    "lock_forced": "somebody forces the bolt open",
    "pp_lost": "proximity pilot broken: no plug seen",
    "pp_short": "proximity pilot shorted: 10 ohm",
    "rcm": "the residual current monitor has tripped",
    "cut_mirror": "the wire of the mirror contact is cut",
    "cut_lock_feedback": "the wire of the lock's feedback is cut",
    "cut_rcm": "the wire of the residual current monitor is cut",
    "cut_stop": "the wire of the stop button is cut",
    "stop_button": "somebody presses the stop button and does not let go",
    "hot": "a bad contact: the contacts go to 100 °C",
    "meter_silent": "the meter does not answer",
    "meter_frozen": "the meter answers the same values for ever",
    "card_noise": "the card reader's frames are damaged on the wire",
}


@dataclass(frozen=True, slots=True)
class Outputs:
    """The lines of the Pi as the plant feels them. A Pi without power: Outputs(duty=0.0, contactor=False)."""

    duty: float  # 1.0 = x1 (steady +12 V), 0.0 = F (steady -12 V)
    contactor: bool
    lock_forward: bool = False  # drives the bolt out: locks
    lock_backward: bool = False  # draws it in: unlocks
    cp_connected: bool = True  # False: the relay in the control pilot is open
    rcm_test: bool = False  # the test input of the residual current monitor
    trip: bool = False  # the breaker before the contactor is tripped


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


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One plug-in as the car remembers it; times are the plant's own (`Plant.now_s`)."""

    plugged_in_s: float
    received_wh: float
    unplugged_s: float | None  # None: still plugged in


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What outlives a run of the plant."""

    now_s: float
    energy_wh: float
    ledger: tuple[LedgerEntry, ...]


class Plant:
    """The whole truth of the simulated box. `faults` holds the names set now, those of the wires too."""

    def __init__(self, settings: PlantSettings) -> None:
        self.settings = settings
        self.faults: set[str] = set()
        self.car = Car(
            CarSettings(
                settings.car_phases, settings.car_max_a, settings.battery_wh, settings.state_of_charge_pct
            ),
            self.faults,
        )
        self.now_s = 0.0  # its own time: the sum of all steps
        self.energy_wh = settings.meter_start_wh  # exact
        self.contacts_closed = False
        self.contacts_c = 25.0
        self.plugged = False
        self.bolt = 0.0  # 0 = in, 1 = out: locked
        self._high = PeakHold(12.0)
        self._low = PeakHold(0.0)
        self._travelled_s = 0.0
        self._mirror_frozen: bool | None = None
        self._past: list[LedgerEntry] = []
        self._plugged_in_s = self._received_wh = 0.0

    # what the box can measure

    @property
    def cp_high_v(self) -> float:
        """Peak-hold of the positive half-wave."""
        return self._high.volts

    @property
    def cp_low_v(self) -> float:
        """Peak-hold of the negative half-wave."""
        return self._low.volts

    @property
    def pp_ohm(self) -> float | None:
        """None: a fixed cable; NO_PLUG_OHM: an empty socket."""
        if not self.settings.socket:
            return None
        if not self.plugged or "pp_lost" in self.faults:
            return NO_PLUG_OHM
        return 10.0 if "pp_short" in self.faults else CABLE_OHM[int(self.settings.cable_rating_a)]

    @property
    def mirror_closed(self) -> bool:
        """The mirror contact: linked to the main contacts by force, so a weld reads closed."""
        return self.contacts_closed if self._mirror_frozen is None else self._mirror_frozen

    @property
    def lock_closed(self) -> bool:
        """The lock's feedback."""
        return self.bolt >= 1.0

    @property
    def current_a(self) -> Phases:
        """L1 to L3; a phase that box or car has not carries nothing."""
        amps = self.car.current_a
        return (amps, amps, amps) if self._phases == 3 else (amps, 0.0, 0.0)

    @property
    def voltage_v(self) -> Phases:
        """L1 to L3 against neutral."""
        volts = self.settings.nominal_voltage_v
        return (volts, volts, volts) if self.settings.phases == 3 else (volts, 0.0, 0.0)

    @property
    def power_w(self) -> float:
        """All phases."""
        return self.car.current_a * self._phases * self.settings.nominal_voltage_v

    @property
    def register_wh(self) -> int:
        """What the meter shows: steps of 10 Wh (0.01 kWh)."""
        return int(self.energy_wh // 10) * 10

    @property
    def rcm_healthy(self) -> bool:
        """False: the residual current monitor has tripped."""
        return not self.faults & {"rcm", "cut_rcm"}

    @property
    def stop_pressed(self) -> bool:
        """The button opens its contact."""
        return bool(self.faults & {"stop_button", "cut_stop"})

    @property
    def s2_closed(self) -> bool:
        """The car asks for energy."""
        return self.car.s2_closed

    @property
    def state_of_charge_pct(self) -> float:
        """Of the car's battery."""
        return self.car.state_of_charge_pct

    @property
    def ledger(self) -> list[LedgerEntry]:
        """All plug-ins, the present one last."""
        if not self.plugged:
            return list(self._past)
        return [*self._past, LedgerEntry(self._plugged_in_s, self._received_wh, None)]

    # what people do

    def plug_in(self) -> str | None:
        """The car, with its cable. None, or why it cannot be."""
        if self.plugged:
            return "a car is plugged in already"
        if self.settings.socket and self.bolt >= 0.5:
            return "the bolt is out: the plug does not go in"
        self.plugged = True
        self._plugged_in_s, self._received_wh = self.now_s, 0.0
        self.car.arrive()
        return None

    def plug_out(self) -> str | None:
        """None, or why it cannot be: the lock holds the plug."""
        if not self.plugged:
            return "no car is plugged in"
        if self.settings.socket and self.bolt >= 0.5:
            return "the lock holds the plug"
        self._past.append(LedgerEntry(self._plugged_in_s, self._received_wh, self.now_s))
        self.plugged = False
        self.car.leave()
        return None

    def ready(self) -> None:
        """The car asks for energy as soon as it is offered (so it does after a plug-in, too)."""
        self.car.paused = False

    def pause(self) -> None:
        """The car asks for none until `ready`."""
        self.car.paused = True

    def set_car(self, phases: Literal[1, 3] | None = None, amps: float | None = None) -> None:
        """Another charger on board; None leaves as it is."""
        old = self.car.settings
        self.car.settings = replace(old, phases=phases or old.phases, max_a=amps or old.max_a)

    def fault(self, name: str) -> None:
        """Raises ValueError, with the names there are, for one that is not in FAULTS."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(sorted(FAULTS))}")
        if name == "mirror_stuck":
            self._mirror_frozen = self.mirror_closed
        self.faults.add(name)

    def clear(self, name: str) -> None:
        """As it was before the fault. Raises ValueError as `fault` does."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(sorted(FAULTS))}")
        if name == "mirror_stuck":
            self._mirror_frozen = None
        self.faults.discard(name)

    def snapshot(self) -> Snapshot:
        """Register and ledger, to be kept."""
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
        while dt_s > STEP_S:
            self._piece(outputs, STEP_S)
            dt_s -= STEP_S
        self._piece(outputs, dt_s)

    def _piece(self, outputs: Outputs, dt_s: float) -> None:
        self.now_s += dt_s
        self._move_contacts(outputs.contactor, dt_s)
        self._move_bolt(outputs, dt_s)
        self._carry_pilot(outputs.duty, dt_s)
        if self.plugged:
            arrives = 0.0 if self.faults & {"cp_short", "cp_open", "cp_high"} else outputs.duty
            self.car.step(arrives, energised=self.contacts_closed, dt_s=dt_s)
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

    def _move_bolt(self, outputs: Outputs, dt_s: float) -> None:
        if "lock_forced" in self.faults:
            self.bolt = 0.0
        elif "lock_jam" not in self.faults:
            direction = outputs.lock_forward - outputs.lock_backward
            self.bolt = min(1.0, max(0.0, self.bolt + direction * dt_s / BOLT_S))

    def _carry_pilot(self, duty: float, dt_s: float) -> None:
        connected = self.plugged and "cp_open" not in self.faults
        load_ohm = self.car.load_ohm() if connected else None
        high_v, low_v = positive_v(load_ohm), negative_v(load_ohm, diode="diode" not in self.faults)
        if "cp_short" in self.faults:
            high_v = low_v = 0.0
        elif "cp_high" in self.faults:
            high_v, low_v, duty = 15.0, 0.0, 1.0
        self._high.step(high_v, duty, dt_s)
        self._low.step(low_v, 1 - duty, dt_s)

    def _count(self, dt_s: float) -> None:
        energy_wh = self.power_w * dt_s / 3600 * self.settings.energy_factor
        self.energy_wh += energy_wh
        self._received_wh += energy_wh
        self.car.take(energy_wh)

    def _warm(self, dt_s: float) -> None:
        """Towards 55 °C at 32 A within minutes; a bad contact towards 100 °C within seconds."""
        bad = "hot" in self.faults
        target_c, slowness_s = (100.0, 10.0) if bad else (25 + 30 * (self.car.current_a / 32) ** 2, 120.0)
        self.contacts_c += (target_c - self.contacts_c) * dt_s / slowness_s
