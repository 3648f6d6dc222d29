"""The tick: read the lines, let the core decide, write the lines; then the talking, as far as time is left.

One thread, no blocking call. `Loop.drive` is the only place that writes lines while the loop runs.
"""

from __future__ import annotations

import select
import time
import traceback
from dataclasses import dataclass

import msgspec

from hal.contract import Status
from hal.core.evse import Evse
from hal.core.signals import Drive, Sense
from hal.notify import Notify
from hal.safety.health import meter_implausible, reader_healthy, under_voltage
from hal.safety.journal import WAITING, Journal
from hal.safety.lines import Lines
from hal.safety.server import Server
from hal.safety.status import Identity, Tallies, changes, differs, status_of

TICK_CLOSED_S = 0.010  # IEC 61851-1 Table A.6 sequence 8.1: two samples and all the rest within 100 ms
TICK_OPEN_S = 0.020
LATE_S = 0.015  # the share of lateness in those 100 ms; a later tick is counted
STATUS_EVERY_S = 1.0


@dataclass(frozen=True)
class Voice:
    """How the loop speaks to the system."""

    journal: Journal
    notify: Notify
    late_limit_s: float  # a later tick does not feed the watchdog of systemd


class Loop:
    """The life of `hal.safety` after its start."""

    def __init__(self, evse: Evse, lines: Lines, server: Server, voice: Voice, identity: Identity) -> None:
        """`evse` is new; the lines are safe."""
        self._evse = evse
        self._lines = lines
        self._server = server
        self._voice = voice
        self._identity = identity
        self._due_s: float | None = None  # of the next tick
        self._late_ticks = 0
        self._stop_asked = False
        self._stopping = False
        self._told: Status | None = None

    def run(self) -> int:
        """Until `ask_to_stop`; the exit code. Any failure leaves safe lines and a code that is not 0."""
        try:
            self._run()
        except Exception as error:
            self._lines.make_safe()
            self._report(error)
            return 1
        self._lines.make_safe()
        return 0

    def ask_to_stop(self) -> None:
        """For signal handlers: the next tick takes the offer away; the end comes with the open contactor."""
        self._stop_asked = True

    @property
    def ended(self) -> bool:
        """Asked to stop, and the contactor is let go."""
        return self._stopping and self._told is not None and not self._told.contactor_commanded

    def tick(self, now_s: float) -> None:
        """One step."""
        late_s = 0.0 if self._due_s is None else max(0.0, now_s - self._due_s)
        self._late_ticks += late_s > LATE_S
        if self._stop_asked and not self._stopping:
            self._stopping = True
            self._evse.stop()
        decided = self._evse.step(self._sense(now_s, late_s), self._server.wish, now_s)
        self.drive(decided)
        self._plan(now_s, decided)
        self._server.serve(now_s)
        self._publish(now_s)
        self._voice.journal.emit()
        if late_s <= self._voice.late_limit_s:
            self._voice.notify.feed_watchdog(now_s)

    def drive(self, decided: Drive) -> None:
        """The contactor first: nothing may delay its opening."""
        self._lines.contactor.drive(closed=decided.close_contactor)
        self._lines.pilot.show(decided.pilot)
        if self._lines.lock:
            self._lines.lock.drive(decided.lock_motor)

    def seconds_to_next(self, now_s: float) -> float:
        """0 when it is due."""
        return max(0.0, (self._due_s or now_s) - now_s)

    def _run(self) -> None:
        while not self.ended:
            self.tick(time.monotonic())
            select.select((), (), (), self.seconds_to_next(time.monotonic()))

    def _report(self, error: Exception) -> None:
        for line in "".join(traceback.format_exception(error)).splitlines():
            self._voice.journal.say(line)
        self._voice.journal.emit(WAITING)

    def _sense(self, now_s: float, late_s: float) -> Sense:
        high_v, low_v = self._lines.pilot_input.read_v()
        reading = self._server.fresh_reading(now_s)
        temperatures = self._server.fresh_temperatures(now_s)
        instruments = self._server.instruments
        return Sense(
            cp_high_v=high_v,
            cp_low_v=low_v,
            pp_ohm=self._lines.proximity.read_ohm() if self._lines.proximity else None,
            mirror_closed=self._lines.contactor.reads_closed(),
            lock_closed=self._lines.lock.reads_locked() if self._lines.lock else None,
            current_a=reading.current_a if reading else None,
            reading_at_s=reading.at_s if reading else None,
            contacts_c=temperatures.contacts_c if temperatures else None,
            meter_implausible=meter_implausible(instruments),
            reader_healthy=reader_healthy(instruments),
            under_voltage=under_voltage(instruments),
            late_s=late_s,
        )

    def _plan(self, now_s: float, decided: Drive) -> None:
        """Keeps the rhythm, but never two samples closer than half a period."""
        period_s = TICK_CLOSED_S if decided.close_contactor else TICK_OPEN_S
        planned_s = now_s if self._due_s is None else self._due_s
        self._due_s = max(planned_s, now_s - period_s / 2) + period_s

    def _publish(self, now_s: float) -> None:
        wish, journal = self._server.wish, self._voice.journal
        lamp = wish.lamp if wish and wish.valid_until_s > now_s else ""
        tallies = Tallies(self._late_ticks, self._server.dropped, journal.dropped)
        status = status_of(self._evse.view(), self._identity, tallies, lamp)
        told = self._told
        if told is None:
            self._tell(status, 1, now_s)
            return
        comparable = msgspec.structs.replace(status, seq=told.seq, at_s=told.at_s)
        if differs(told, comparable):
            for line in changes(told, comparable):
                journal.say(line)
            self._tell(status, told.seq + 1, now_s)
        elif now_s - told.at_s >= STATUS_EVERY_S:
            self._tell(status, told.seq + 1, now_s)

    def _tell(self, status: Status, seq: int, now_s: float) -> None:
        self._told = msgspec.structs.replace(status, seq=seq, at_s=now_s)
        self._server.publish(self._told)
