"""PURE: the cable lock: where it should be, and motor pulses with feedback until it is there."""

from __future__ import annotations

from collections import deque
from typing import Literal, assert_never

from hal.contract import Cable, LockState, Vehicle
from hal.core.rules import LockRules
from hal.core.steady import passed
from hal.core.tally import TWO, Tally

Move = Literal["lock", "unlock"]
_MINUTE_S = 60.0
UNLOCKS_AGAIN_S = 60.0  # after a failure: somebody stands there and wants the cable back
# A bolt that a pulled plug holds on its way: the feedback says no more than that it has left its end.
STILL_THERE_S = 5.0
FEEDBACK_S = 0.3  # after a pulse: the feedback is believed once it has been steady


def wanted(cable: Cable | None, vehicle: Vehicle, *, plug_present: bool) -> Move | None:
    """Says where the bolt should be; None: where it is. `cable` None: no wish lives.

    Locks in B, C, D; state E by itself never releases (the pilot is shorted or broken: a car may be there).
    """
    connected = vehicle in ("B", "C", "D")
    match cable:
        case None | "keep":
            return "lock" if connected else None
        case "auto":
            return "lock" if connected else ("unlock" if vehicle == "A" else None)
        case "release":
            return "unlock"
        case "permanent":
            return "lock" if connected or plug_present else ("unlock" if vehicle == "A" else None)
        case _:
            assert_never(cable)


class Lock:
    """Drives the motor in pulses, tries again after a wait, and limits the moves in a minute."""

    def __init__(self, rules: LockRules, moves_s: tuple[float, ...] = ()) -> None:
        """Starts with the motor's moves of an earlier process, on this one's clock."""
        self._rules = rules
        self.motor: Move | None = None
        self.failure: Literal["lock_failed", "unlock_failed"] | None = None
        self._want: Move | None = None
        self._open: Tally | None = None  # two samples: 20 of the 100 ms in which a lost lock opens
        self._tries = 0
        self._half_way = False  # a pulse was cut short: what the feedback says of the bolt is not all
        self._made_sure = False  # the plug was still there after an unlocking, which was done once more
        self._started_s = 0.0
        self._moves = deque(moves_s)

    @property
    def confirmed(self) -> bool:
        """Says whether the feedback says locked and nothing is about to change that."""
        return self._closed and self._want != "unlock"

    @property
    def _closed(self) -> bool:
        return self._open is not None and not self._open.bad

    @property
    def moves_s(self) -> tuple[float, ...]:
        """Returns the moves of the last minute, and older ones as long as nothing has moved."""
        return tuple(self._moves)

    @property
    def state(self) -> LockState:
        """Returns what Status reports of the lock."""
        if self.motor is not None:
            return "moving"
        return "locked" if self._closed else "unlocked"

    def look(self, closed: bool, *, late: bool = False) -> None:
        """Notes one sample of the feedback, before each step; the first is believed."""
        if self._open is None:
            self._open = Tally(TWO, bad=not closed)
        self._open.feed(not closed, late=late)

    def step(self, want: Move | None, *, plug_present: bool, now_s: float) -> Move | None:
        """Drives the motor until the next tick. A changed want ends a pulse at once; the next is whole."""
        if want != self._want:
            self._half_way = self._half_way or self.motor is not None
            self._want, self._tries, self.motor, self.failure = want, 0, None, None
            self._made_sure = False
            return None
        if self.motor is not None and not passed(self._started_s, self._rules.pulse_s, now_s):
            return self.motor
        self.motor = None
        self._make_sure(plug_present=plug_present, now_s=now_s)
        if want is None or (self._closed == (want == "lock") and not self._half_way):
            self._tries, self.failure = 0, None
        elif self._tries > self._rules.retries:
            if not passed(self._started_s, self._rules.pulse_s + FEEDBACK_S, now_s):
                return None
            self.failure = "lock_failed" if want == "lock" else "unlock_failed"
            if want == "unlock" and passed(self._started_s, UNLOCKS_AGAIN_S, now_s):
                self._move(want, now_s)
        else:
            self._move(want, now_s)
        return self.motor

    def _make_sure(self, *, plug_present: bool, now_s: float) -> None:
        """Unlocks once more, where the first has ended well but the plug has not left."""
        settled = self._want == "unlock" and not self._closed and not self._made_sure
        if settled and plug_present and passed(self._started_s, STILL_THERE_S, now_s):
            self._made_sure = self._half_way = True

    def _move(self, want: Move, now_s: float) -> None:
        if self._may_move(now_s):
            self._tries += 1
            self._half_way = False
            self._started_s = now_s
            self._moves.append(now_s)
            self.motor = want

    def _may_move(self, now_s: float) -> bool:
        while self._moves and passed(self._moves[0], _MINUTE_S, now_s):
            self._moves.popleft()
        wait_s = self._rules.pulse_s + self._rules.retry_wait_s if self._tries else 0.0
        return passed(self._started_s, wait_s, now_s) and len(self._moves) < self._rules.moves_per_minute
