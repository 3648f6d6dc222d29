"""An `Evse` on a bench: volts, ohms and contacts set by hand; contacts and bolt follow unless told not to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from hal.contract import EvseView, FaultRef, Vehicle, Wish
from hal.core.control_pilot.levels import is_pwm
from hal.core.evse import Evse
from hal.core.faults.table import THREE_SAMPLES_S
from hal.core.persistent_state import PersistentState
from hal.core.rules import BoxRules
from hal.core.signals import Drive, PilotOffer, Sense

VOLTS: dict[Vehicle, float] = {"A": 12.0, "B": 9.0, "C": 6.0, "D": 3.0, "E": 0.0}
NO_PLUG_OHM = 1e6
SOCKET = BoxRules(socket=True, installation_max_a=32.0)
QUICK = replace(SOCKET, min_off_s=0.1, after_fault_s=1.0)
FIXED = replace(QUICK, socket=False, fixed_cable_rating_a=20.0)
NOTHING = PersistentState()
TICK_S = 0.01


class Bench:
    """`car` and the attributes below it are what the lines show; `run` lets ticks pass."""

    def __init__(self, rules: BoxRules = QUICK, stored: PersistentState = NOTHING) -> None:
        self.now_s = 1000.0
        self.hold_s = 0.020  # of the circuit that is really there
        self.evse = Evse(rules, self.now_s, stored)
        self.rules = rules
        self.car: Vehicle = "A"
        self.low_v = -11.9  # in x2
        self.f_low_v = -12.0  # in F
        self.shows_low_v: float | None = None  # None: as `low_v`, `f_low_v` and the pilot say
        self.cp_age_s = 0.0
        self.cp_alive = True
        self.high_v: float | None = None  # None: as `car` says
        self.pp_ohm = NO_PLUG_OHM
        self.mirror_closed = False
        self.lock_closed = False
        self.mirror_follows = True
        self.lock_follows = True
        self.bridged = False  # the contactor closes without edges of the watchdog line
        self.rcm_healthy: bool | None = None
        self.stop_pressed: bool | None = None
        self.under_voltage: bool | None = None
        self.reader_healthy: bool | None = None
        self.meter_implausible = False
        self.instruments_speak = False
        self.state_kept = True
        self.current_a: float | None = 0.0
        self.reading_at_s: float | None = None  # None: taken at this tick
        self.contacts_c: float | None = None
        self.late_s = 0.0
        self.limit_a: float | None = 16.0  # None: no wish
        self.asks: Wish | None = None  # in place of a wish made from limit_a at each tick
        self.drive = Drive("x1", close_contactor=False)

    def tick(self, dt_s: float = TICK_S) -> Drive:
        """One step, then the contacts and the bolt do what they were told unless they do not follow."""
        self.drive = self.evse.step(self._sense(), self._wish(), self.now_s)
        if self.mirror_follows:
            self.mirror_closed = self.drive.close_contactor and (self.drive.watchdog_edges or self.bridged)
        if self.lock_follows and self.drive.lock_motor is not None:
            self.lock_closed = self.drive.lock_motor == "lock"
        self.now_s += dt_s
        return self.drive

    def run(self, for_s: float, dt_s: float = TICK_S) -> Bench:
        """Ticks until `for_s` have passed."""
        for _ in range(round(for_s / dt_s)):
            self.tick(dt_s)
        return self

    def until(self, holds: Callable[[Bench], bool], within_s: float) -> float:
        """Ticks until it holds; how long that took. Fails when it does not within `within_s`."""
        began_s = self.now_s
        while not holds(self):
            assert self.now_s - began_s <= within_s, f"not within {within_s} s: {self.view()}"
            self.tick()
        return self.now_s - began_s

    def view(self) -> EvseView:
        """After the last tick."""
        return self.evse.view()

    @property
    def faults(self) -> list[str]:
        """Ids of those that stand."""
        return [fault.id for fault in self.view().faults]

    def closed(self) -> bool:
        """The line of the contactor."""
        return self.drive.close_contactor

    def pilot(self) -> PilotOffer:
        """What it shows."""
        return self.drive.pilot

    def plug_in(self, ohm: float = 220.0) -> Bench:
        """A car that does not ask yet."""
        self.car, self.pp_ohm = "B", ohm
        return self

    def unplug(self) -> Bench:
        """Car and cable are gone."""
        self.car, self.pp_ohm = "A", NO_PLUG_OHM
        return self

    def offered(self) -> Bench:
        """Past the start, plugged in, locked, x2 shown."""
        self.run(max(5.0, self.rules.min_off_s, self.rules.after_fault_s))
        self.plug_in()
        self.until(lambda bench: is_pwm(bench.pilot()), 1.0)
        return self.run(0.1)

    def residual_current(self) -> Bench:
        """For as long as it takes to be believed."""
        self.rcm_healthy = False
        return self.run(THREE_SAMPLES_S + TICK_S)

    def charging(self) -> Bench:
        """Closed, and steady for a second."""
        self.offered()
        self.car = "C"
        self.until(lambda bench: bench.closed(), 1.0)
        return self.run(1.0)

    def offered_nothing(self) -> Bench:
        """Past the start, plugged in, locked, and still x1."""
        self.run(max(5.0, self.rules.min_off_s, self.rules.after_fault_s))
        self.plug_in().run(1.0)
        assert self.pilot() == "x1"
        return self

    def clearing(self, name: str, occurrence: int) -> Wish:
        """A wish of 5 s that clears this."""
        asked = wish(16.0, until_s=self.now_s + 5.0)
        return msgspec.structs.replace(asked, clear_faults=(FaultRef(name, occurrence),))

    def _sense(self) -> Sense:
        shown = self.drive.pilot
        car = self.car if self.drive.cp_connected else "A"
        high_v = 0.0 if shown == "F" else VOLTS[car]
        low_v = 0.0 if shown == "x1" else self.f_low_v if shown == "F" else self.low_v
        amps = self.current_a
        taken_s = self.now_s if self.reading_at_s is None else self.reading_at_s
        high_v = high_v if self.high_v is None else self.high_v
        low_v = low_v if self.shows_low_v is None else self.shows_low_v
        return Sense(
            cp_high_v=high_v * self._left(1 - _on(shown)),
            cp_low_v=low_v * self._left(_on(shown)),
            cp_age_s=self.cp_age_s,
            cp_alive=self.cp_alive,
            pp_ohm=self.pp_ohm if self.rules.socket else None,
            mirror_closed=self.mirror_closed,
            lock_closed=self.lock_closed if self.rules.socket else None,
            rcm_healthy=self.rcm_healthy,
            stop_pressed=self.stop_pressed,
            meter_implausible=self.meter_implausible,
            instruments_speak=self.instruments_speak,
            reader_healthy=self.reader_healthy,
            under_voltage=self.under_voltage,
            state_kept=self.state_kept,
            current_a=None if amps is None else (amps, amps, amps),
            reading_at_s=None if amps is None else taken_s,
            contacts_c=self.contacts_c,
            late_s=self.late_s,
        )

    def _left(self, gap: float) -> float:
        """What the holds leave on average of a half-wave that is absent for this share of each period."""
        return 1 - gap * gap * 0.001 / (2 * self.hold_s) if 0 < gap < 1 else 1.0

    def _wish(self) -> Wish | None:
        if self.asks is not None or self.limit_a is None:
            return self.asks
        return wish(self.limit_a, until_s=self.now_s + 15)


def _on(shown: PilotOffer) -> float:
    """The share of each period in which the pilot is high."""
    return shown / 60 if not isinstance(shown, str) else 1.0 if shown == "x1" else 0.0


def wish(limit_a: float, *, until_s: float, seq: int = 1) -> Wish:
    """With the cable on `auto`."""
    return Wish(limit_a=limit_a, cable="auto", lamp="", valid_until_s=until_s, seq=seq)
