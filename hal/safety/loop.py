"""The tick: read the lines, let the core decide, write the lines; then the talking, as far as time is left.

One thread, no blocking call. `Loop.drive` is the only place that writes lines while the loop runs.
"""

from __future__ import annotations

import select
import time
import traceback
from dataclasses import dataclass

import msgspec

from hal.contract import STATUS_EVERY_S, Answer, Status
from hal.core.budget import LATE_S, TICK_S
from hal.core.evse import Evse
from hal.core.signals import Drive, Sense
from hal.notify import Notify
from hal.safety.allowance import Allowance
from hal.safety.health import meter_implausible, reader_healthy, under_voltage
from hal.safety.journal import WAITING, Journal
from hal.safety.lines.lines import Lines
from hal.safety.requests import Requests
from hal.safety.server.client import Client
from hal.safety.server.server import Server
from hal.safety.state.file import StateFile
from hal.safety.status import Identity, Shown, Tallies, at_start, changes, differs, status_of

TICK_OPEN_S = (
    0.020  # with nobody there and nothing tested: at this period 50 Hz would look like a steady voltage
)
# After SIGTERM: 6 s for the car to leave C (IEC 61851-1 Table A.6 sequence 10.2), then for the contactor to
# read open and, if it does not, for a pulse of the trip output. With the writer's 1.5 s in TimeoutStopSec.
ENDS_WITHIN_S = 8.0
STATUS_BURST, STATUS_A_SECOND = 20, 10  # of changes: a chattering contact shall not flood peers and log


@dataclass(frozen=True)
class Voice:
    """What the loop uses to reach the system: its log, and notify with the watchdog's limit."""

    journal: Journal
    notify: Notify
    late_limit_s: float  # a later tick does not feed the watchdog of systemd


@dataclass(frozen=True)
class Parts:
    """The parts of the loop; all are new, and the lines are safe."""

    evse: Evse
    lines: Lines
    server: Server
    state_file: StateFile
    requests: Requests


class Loop:
    """The ticks of `hal.safety`, from its start to its end."""

    def __init__(self, parts: Parts, voice: Voice, identity: Identity) -> None:
        self._evse = parts.evse
        self._lines = parts.lines
        self._server = parts.server
        self._state_file = parts.state_file
        self._requests = parts.requests
        self._voice = voice
        self._identity = identity
        self._asker: Client | None = None  # of the errand that runs
        self._trouble = ""  # of the writer
        self._due_s: float | None = None  # of the next tick
        self._late_ticks = 0
        self._stop_asked = False
        self._stopping_s: float | None = None  # since when
        self._tripping = False
        self._published: Status | None = None
        self._words = Allowance(STATUS_BURST, STATUS_A_SECOND)

    def run(self) -> int:
        """Runs until `ask_to_stop`; returns the exit code. Any failure leaves safe lines and a code not 0."""
        try:
            self._run()
        except Exception as error:
            self._lines.make_safe()
            self._report(error)
            return 1
        self._lines.make_safe()
        self._say_the_end()
        return 0

    def ask_to_stop(self) -> None:
        """Serves signal handlers: the next tick ends the offer; the end comes once the contactor reads
        open, and after `ENDS_WITHIN_S` whatever it reads."""
        self._stop_asked = True

    def ended(self, now_s: float) -> bool:
        """Says whether it was asked to stop and the contactor is open, or nothing more can be done."""
        if self._stopping_s is None or self._evse.view().contactor_commanded:
            return False
        return not self._evse.view().contactor_closed or now_s - self._stopping_s >= ENDS_WITHIN_S

    def tick(self, now_s: float) -> None:
        """Does one step: senses, decides, drives, reports."""
        late_s = 0.0 if self._due_s is None else max(0.0, now_s - self._due_s)
        self._late_ticks += late_s > LATE_S
        if self._stop_asked and self._stopping_s is None:
            self._stopping_s = now_s
            self._evse.stop()
        sense = self._sense(now_s, late_s)
        decided = self._evse.step(sense, self._server.wish, now_s)
        driven, answer = self._requests.step(sense, decided, now_s)
        self.drive(driven)
        self._plan(now_s, driven)
        self._server.serve(now_s)
        self._attend(answer, now_s)
        self._keep(now_s)
        self._publish(now_s)
        self._voice.journal.emit()
        if late_s <= self._voice.late_limit_s:
            self._voice.notify.feed_watchdog(now_s)

    def drive(self, decided: Drive) -> None:
        """Writes the lines: the only place that does while the loop runs."""
        self._lines.drive(decided)
        if decided.trip and not self._tripping and self._lines.contactor.has_trip:
            self._voice.journal.say(
                "trip output: a pulse, because the contactor reads closed although it is switched off"
            )
        self._tripping = decided.trip

    def seconds_to_next(self, now_s: float) -> float:
        """Returns the seconds to the next tick; 0 when it is due."""
        return max(0.0, (self._due_s or now_s) - now_s)

    def _run(self) -> None:
        while not self.ended(time.monotonic()):
            self.tick(time.monotonic())
            select.select((), (), (), self.seconds_to_next(time.monotonic()))

    def _say_the_end(self) -> None:
        if self._evse.view().contactor_closed:
            self._voice.journal.say(
                f"ends although the contactor reads closed after {ENDS_WITHIN_S:g} s: THE PLUG MAY BE LIVE; "
                "switch off the breaker in front of the box, then look at the contactor"
            )
        self._voice.journal.emit(WAITING)

    def _report(self, error: Exception) -> None:
        for line in "".join(traceback.format_exception(error)).splitlines():
            self._voice.journal.say(line)
        self._voice.journal.emit(WAITING)

    def _attend(self, answer: Answer | None, now_s: float) -> None:
        """Answers requests of tools that ended, and begins those that came."""
        if answer is not None and self._asker is not None:
            self._server.answer(self._asker, answer)
        while self._server.asked:
            client, request = self._server.asked.popleft()
            if request.owner == "instruments":
                why_not = self._requests.refusal(request)
                if not why_not:
                    self._server.relay(client, request, now_s)
            else:
                why_not = self._requests.begin(request, now_s)
                self._asker = self._asker if why_not else client
            if why_not:
                self._server.answer(client, Answer(id=request.id, ok=False, text=f"{request.do}: {why_not}"))

    def _keep(self, now_s: float) -> None:
        self._state_file.store(self._evse.persistent_state(), now_s)
        trouble = self._state_file.trouble(now_s)
        if trouble and trouble != self._trouble:
            self._voice.journal.say(f"what must outlast a restart is not stored: {trouble}")
        self._trouble = trouble

    def _sense(self, now_s: float, late_s: float) -> Sense:
        lines, analogue = self._lines, self._lines.read_analogue(now_s)
        reading = self._server.fresh_reading(now_s)
        temperatures = self._server.fresh_temperatures(now_s)
        instruments = self._server.instruments
        return Sense(
            cp_high_v=analogue.cp_high_v,
            cp_low_v=analogue.cp_low_v,
            pp_ohm=analogue.pp_ohm,
            mirror_closed=lines.contactor.reads_closed(),
            lock_closed=lines.lock.reads_locked() if lines.lock else None,
            cp_age_s=analogue.age_s,
            cp_alive=analogue.alive,
            rcm_healthy=lines.rcm.reads_healthy() if lines.rcm else None,
            stop_pressed=lines.stop.reads_pressed() if lines.stop else None,
            current_a=reading.current_a if reading else None,
            reading_at_s=reading.at_s if reading else None,
            contacts_c=temperatures.contacts_c if temperatures else None,
            instruments_speak=instruments is not None,
            meter_implausible=meter_implausible(instruments),
            reader_healthy=reader_healthy(instruments),
            under_voltage=under_voltage(instruments),
            state_kept=not self._trouble,
            late_s=late_s,
        )

    def _plan(self, now_s: float, decided: Drive) -> None:
        """Keeps the rhythm, but never two samples closer than half a period."""
        period_s = TICK_S if decided.soon else TICK_OPEN_S
        planned_s = now_s if self._due_s is None else self._due_s
        self._due_s = max(planned_s, now_s - period_s / 2) + period_s

    def _publish(self, now_s: float) -> None:
        wish, journal = self._server.wish, self._voice.journal
        wished = wish.lamp if wish and wish.valid_until_s > now_s else ""
        lamp = wished if self._requests.lamp is None else self._requests.lamp
        tallies = Tallies(self._late_ticks, self._server.dropped, journal.dropped)
        dimming = self._lines.dimming
        shown = Shown(lamp, dimming.reads_dimmed() if dimming else None)
        status = status_of(self._evse.view(), self._identity, tallies, shown)
        last = self._published
        if last is None:
            for line in at_start(status):
                journal.say(line)
            self._send(status, 1, now_s)
            return
        comparable = msgspec.structs.replace(status, seq=last.seq, at_s=last.at_s)
        if differs(last, comparable) and self._words.admit(now_s):
            for line in changes(last, comparable):
                journal.say(line)
            self._send(status, last.seq + 1, now_s)
        elif now_s - last.at_s >= STATUS_EVERY_S:
            self._send(status, last.seq + 1, now_s)

    def _send(self, status: Status, seq: int, now_s: float) -> None:
        self._published = msgspec.structs.replace(status, seq=seq, at_s=now_s)
        self._server.publish(self._published)
