"""`Evse` driving the plant in simulated time, watched by an observer that never asks the `Evse`."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Protocol

from hal.contract import FRESH_S, Cable, FaultRef, Phases, Wish
from hal.core.control_pilot.levels import duty
from hal.core.evse import Evse
from hal.core.persistent_state import PersistentState
from hal.core.rules import BoxRules
from hal.core.signals import Drive, PilotOffer, Sense
from hal.mock.plant.copper import Copper
from hal.mock.plant.plant import Outputs, Plant, PlantSettings
from tests.hal.core.observer import Observer, Tick

OPEN_TICK_S, CLOSED_TICK_S = 0.020, 0.010
READS_EVERY_S = 1.0
BUSY_S = 1.5
DOWN_S = 0.3  # from the death of one process to the first tick of the next
FROZEN_S = 2.0  # the converter's driver tells by then that its words do not change


@dataclass(frozen=True, slots=True)
class Asked:
    """What the bridge would ask, as long as it lives: renewed every second, `life_s` ahead."""

    limit_a: float = 16.0
    cable: Cable = "auto"
    life_s: float = 15.0
    clears: bool = False  # whatever fault a person can clear


class Box(Protocol):
    """What decides: the core, or a worse one that shows the observer can go red."""

    def step(self, sense: Sense, wish: Wish | None, now_s: float) -> Drive:
        """As Evse.step."""


def fraction(pilot: PilotOffer) -> float:
    """The duty that shows it."""
    match pilot:
        case "x1":
            return 1.0
        case "F":
            return 0.0
        case _:
            return duty(float(pilot))


def outputs(drive: Drive, faults: Set[str] = frozenset()) -> Outputs:
    """The lines for a drive, with what is broken on the way."""
    return Outputs(
        duty=fraction(drive.pilot),
        contactor=drive.close_contactor and (drive.watchdog_edges or "pump_bridged" in faults),
        lock_forward=drive.lock_motor == "lock",
        lock_backward=drive.lock_motor == "unlock",
        cp_connected=drive.cp_connected,
        rcm_test=drive.rcm_test,
        trip=drive.trip,
    )


class World:
    """One box and one car. `tick` is one step of both; the observer raises AssertionError at a breach."""

    def __init__(
        self,
        rules: BoxRules,
        settings: PlantSettings,
        box: Box | None = None,
        *,
        copper: Copper | None = None,
        seed: int = 0,
    ) -> None:
        """`box` in place of the core's; `copper` is hidden from both; `seed`: of what the plant draws."""
        self.now_s = 0.0
        self.rules = rules
        self.plant = Plant(settings, copper, seed)
        self.evse = Evse(rules, 0.0)
        self.stored = PersistentState()  # as on disk
        self.box: Box = box or self.evse
        self.observer = Observer(rules, self.plant)
        self.asked: Asked | None = Asked()
        self.late_s = 0.0  # of the coming tick, on top of its period
        self._wish: Wish | None = None
        self._renewed_s = float("-inf")
        self._reading: tuple[float, Phases] = (0.0, (0.0, 0.0, 0.0))
        self._contacts = 0.0, 25.0  # when they were seen last, °C
        self._drive = Drive("x1", close_contactor=False)
        self._stuck_s = 0.0

    def fault(self, name: str) -> None:
        """One of plant or machine."""
        self.plant.fault(name)
        match name:
            case "adc_stuck":
                self._stuck_s = self.now_s
            case "busy":
                self.late_s = BUSY_S
            case "crash":
                self.restart()
            case "state_garbled":
                self.stored = PersistentState(lost=True)
                self.restart()

    def restart(self) -> None:
        """`hal.safety` is killed; its lines fall; another one starts."""
        self._drive = Drive("x1", close_contactor=False)
        self.plant.step(outputs(self._drive), DOWN_S)
        self.now_s += DOWN_S
        self.observer.restarted(self.now_s, lost=self.stored.lost)
        self.evse = self.box = Evse(self.rules, self.now_s, self.stored)

    def ask(self, asked: Asked | None) -> None:
        """At once; None: the bridge is gone, its last wish lapses."""
        self.asked = asked
        self._renewed_s = float("-inf")

    def run(self, for_s: float) -> None:
        """Ticks until `for_s` have passed."""
        end_s = self.now_s + for_s
        while self.now_s < end_s:
            self.tick()

    def tick(self) -> None:
        """Time passes with the lines as they are, then the box looks and decides."""
        planned_s = CLOSED_TICK_S if self._drive.soon else OPEN_TICK_S
        late_s, self.late_s = self.late_s, 0.0
        self.plant.step(outputs(self._drive, self.plant.faults), planned_s + late_s)
        self.now_s += planned_s + late_s
        self._renew()
        sense = self._sense(late_s)
        self._drive = self.box.step(sense, self._wish, self.now_s)
        self._keep()
        lines = outputs(self._drive, self.plant.faults)
        self.observer.watch(Tick(self.now_s, planned_s + late_s, late_s, self._wish, sense, lines))

    def _keep(self) -> None:
        """As hal.safety hands it to its writer, at each tick."""
        if "state_unwritable" not in self.plant.faults:
            self.stored = self.evse.persistent_state()

    def _read(self) -> None:
        """What the instruments would say."""
        plant = self.plant
        mute = bool(plant.faults & {"meter_silent", "meter_frozen"})
        if not mute and self.now_s - self._reading[0] >= READS_EVERY_S:
            self._reading = (self.now_s, plant.current_a)
        if plant.thermometer_c is not None:
            self._contacts = self.now_s, plant.thermometer_c

    def _sense(self, late_s: float) -> Sense:
        self._read()
        plant = self.plant
        seen_s, contacts_c = self._contacts
        return Sense(
            cp_high_v=plant.cp_high_v,
            cp_low_v=plant.cp_low_v,
            pp_ohm=plant.pp_ohm,
            mirror_closed=plant.mirror_closed,
            lock_closed=plant.lock_closed if plant.settings.socket else None,
            cp_alive="adc_stuck" not in plant.faults or self.now_s - self._stuck_s < FROZEN_S,
            rcm_healthy=plant.rcm_healthy,
            stop_pressed=plant.stop_pressed,
            meter_implausible=bool(plant.faults & {"meter_backwards", "meter_reversed"}),
            reader_healthy="reader_gone" not in plant.faults,
            under_voltage=plant.under_voltage,
            state_kept="state_unwritable" not in plant.faults,
            current_a=self._reading[1],
            reading_at_s=self._reading[0],
            contacts_c=contacts_c if self.now_s - seen_s <= FRESH_S else None,
            late_s=late_s,
        )

    def _renew(self) -> None:
        if self.asked is None or self.now_s - self._renewed_s < 1.0:
            return
        self._renewed_s = self.now_s
        seq = 1 if self._wish is None else self._wish.seq + 1
        faults = self.evse.view().faults if self.asked.clears else ()
        self._wish = Wish(
            limit_a=self.asked.limit_a,
            cable=self.asked.cable,
            lamp="",
            valid_until_s=self.now_s + self.asked.life_s,
            seq=seq,
            clear_faults=tuple(FaultRef(fault.id, fault.occurrence) for fault in faults),
        )


def cheap(rules: BoxRules) -> BoxRules:
    """The timers that a mock box may shorten, shortened; the others never are."""
    lock = replace(rules.lock, pulse_s=0.3, retries=1, retry_wait_s=0.1)
    return replace(rules, min_off_s=0.1, after_fault_s=1.0, has_thermometer=True, lock=lock)
