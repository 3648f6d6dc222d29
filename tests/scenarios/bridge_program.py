"""The pure bridge: the program without sockets, threads and clock; `app.py` does the same with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge import app, settings
from bridge.central_system.effects import Effects
from bridge.central_system.unrecorded import Unrecorded
from bridge.core.calendar import Calendar
from bridge.core.errands import Ended, Errand
from bridge.core.now import Now
from bridge.core.password import Password
from bridge.core.rows import Change, Remembered
from bridge.core.setup import ORDERLY
from bridge.core.wishes import WishContent
from bridge.store.errors import ChangeError, StoreError
from hal.contract import (
    WISH_LIFE_RESTART_S,
    WISH_LIFE_S,
    Box,
    Card,
    InstrumentBox,
    Message,
    Reading,
    Status,
    Temperatures,
    Wish,
)
from tests.scenarios.filling_disk import Disk

WISH_EVERY_S = 1.0
MOST_ROUNDS = 1000  # of effects for one event: more would never end


@dataclass(frozen=True, slots=True)
class Wires:
    """Where the bridge's words go."""

    wish: Callable[[Wish], None]
    frame: Callable[[str], None]
    reconnect: Callable[[float], None]  # the link is to be ended, and opened again not before so long
    errand: Callable[[Errand], None]  # to be begun


class BridgeProgram:
    """One run of the bridge. Made from the store alone: to restart it is to make another."""

    def __init__(
        self,
        setup: settings.ChargePoint,
        database: Disk,
        calendar: Calendar,
        wires: Wires,
        now: Now,
        version: str = "0.1.0.0",
    ) -> None:
        self.charge_point = app.charge_point(setup, database, calendar.boot_id, version, now)
        self.conversation = app.conversation(setup, self.charge_point, database, calendar)
        self.notes: list[str] = []
        self.told_owner = "nothing"
        self._database = database
        self._calendar = calendar
        self._wires = wires
        self._unrecorded = Unrecorded()
        self._written_at_s: float | None = None  # while the disk is at work
        self._wish_seq = 0
        self._wished: tuple[WishContent, float] | None = None

    def heard(self, message: Message, now: Now) -> None:
        """From the socket of `hal.safety`."""
        if isinstance(message, Status | Reading | Temperatures | InstrumentBox | Box | Card):
            self.charge_point.heard(message, now)
            self.tick(now)

    def tick(self, now: Now) -> None:
        """Time has passed."""
        self.conversation.step(now)
        self._carry_out(now)

    def link_opened(self, now: Now, password: Password | None = None) -> None:
        """Connected, with that password."""
        self.conversation.link_opened(now, password)
        self._carry_out(now)

    def link_refused(self, password: Password | None, now: Now) -> None:
        """HTTP 401."""
        self.conversation.link_refused(password, now)
        self._carry_out(now)

    def link_closed(self, now: Now) -> None:
        """The connection is gone."""
        self._unrecorded.link_closed()
        self.conversation.link_closed(now)
        self._carry_out(now)

    def received(self, text: str, now: Now) -> None:
        """A message of the Central System."""
        self.conversation.received(text, now)
        self._carry_out(now)

    def transfer(self, request: dict[str, object], now: Now) -> None:
        """The owner's DataTransfer; what came of it is in `told_owner`."""
        self.told_owner = "nothing"
        self.conversation.transfer(request, 1, now)
        self._carry_out(now)

    def errand_ended(self, ended: Ended, now: Now) -> None:
        """A job tells."""
        self.charge_point.errand_ended(ended, now)
        self._carry_out(now)

    def restart_failed(self, now: Now) -> None:
        """A Reset cannot be carried out."""
        self.charge_point.restart_failed(now)
        self._carry_out(now)

    def leave(self, now: Now) -> None:
        """Ends in order: no transaction ends, the wish lives for another minute."""
        while self._written_at_s is not None:
            self._written_at_s = now.s
            self._write_held(now)
        if not self._unrecorded:
            self._written((Remembered(ORDERLY, self._calendar.boot_id),))
        self._renew_wish(now, WISH_LIFE_RESTART_S)

    def _carry_out(self, now: Now) -> None:
        rounds, now = 0, self._calendar.again(now)
        self._write_held(now)
        while effects := self.conversation.effects(now):
            rounds += 1
            if rounds > MOST_ROUNDS:
                raise AssertionError(f"effects without end; the last were {effects}")
            self._apply(effects, now)
            self._tell_record()
        self._renew_wish(now, WISH_LIFE_S)

    def _apply(self, effects: Effects, now: Now) -> None:
        if effects.changes and (self._unrecorded or not self._written_soon(effects.changes, now)):
            self._unrecorded.hold(effects)
        else:
            self._say(effects)

    def _write_held(self, now: Now) -> None:
        while (effects := self._unrecorded.due(now.s)) is not None:
            if not self._written_soon(effects.changes, now):
                return
            self._unrecorded.recorded()
            self._tell_record()
            self._say(effects)

    def _say(self, effects: Effects) -> None:
        self.notes += effects.notes
        for frame in effects.frames:
            self._wires.frame(frame)
        for errand in effects.errands:
            self._wires.errand(errand)
        for done in effects.outcomes:
            reply = app.reply_of(done)
            self.told_owner = " ".join(word for word in (reply.status, reply.data, reply.why) if word)
        if effects.reconnect is not None:
            self._wires.reconnect(effects.reconnect.rest_s)

    def _written_soon(self, changes: tuple[Change, ...], now: Now) -> bool:
        """False: not yet, or refused."""
        if self._written_at_s is None:
            self._written_at_s = now.s + self._database.slow_s
        if now.s < self._written_at_s:
            return False
        self._written_at_s = None
        written = self._written(changes)
        if not written:
            self._unrecorded.refused(now.s)
        return written

    def _written(self, changes: tuple[Change, ...]) -> bool:
        try:
            self._database.apply(changes)
        except ChangeError:
            raise
        except StoreError:
            return False
        return True

    def _tell_record(self) -> None:
        held = self._unrecorded
        self.charge_point.record_kept(
            recorded=not held.refused_now, settled=not held, start_unrecorded=held.holds_start
        )

    def _renew_wish(self, now: Now, life_s: float) -> None:
        content = self.charge_point.wish(now)
        if self._wished is not None and life_s == WISH_LIFE_S:
            last, sent_s = self._wished
            if content == last and now.s - sent_s < WISH_EVERY_S:
                return
        self._wish_seq += 1
        self._wished = (content, now.s)
        self._wires.wish(
            Wish(
                limit_a=content.limit_a,
                cable=content.cable,
                lamp=content.lamp,
                valid_until_s=now.s + life_s,
                seq=self._wish_seq,
            )
        )
