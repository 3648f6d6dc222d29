"""PURE: makes decisions durable, then lets them be sent. While the disk is slow or refuses, the rest
continues.

Effects go in with `feed`, in the order in which they were decided. `drain` gives what is to be said now, and
at most one batch to be written. Whoever writes it feeds the outcome: `stored`, `refused`, or `late` when the
disk has not answered within SOON_S. What rests on a batch is said when it is stored; what was decided after
it waits until then or until `late`, so that a disk that is well never changes the order.
"""

from __future__ import annotations

from collections import deque

from bridge.central_system.effects import Effects
from bridge.central_system.unrecorded import Unrecorded
from bridge.core.rows import Change

SOON_S = 0.1  # waited for: a disk that is well has written by then
HUNG_S = 10.0  # then it counts as one that refuses: nothing that it would have to record begins


class Recorder:
    """Orders effects by what they need to be durable. `notes` are for the log, at level critical; the reader
    empties the list."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._queue: deque[Effects] = deque()  # decided, and nothing of it is said yet
        self._writing = 0  # so many of the first of the queue are at the disk, which is waited for
        self._unrecorded = Unrecorded()  # for a disk that is not waited for any more
        self._at_work = False  # the disk has a batch
        self._began_s = 0.0
        self._refusal_reported = False

    @property
    def waits(self) -> bool:
        """Says whether the disk has a batch and has not answered: not even late."""
        return self._writing > 0

    @property
    def at_work(self) -> bool:
        """Says whether the disk has a batch."""
        return self._at_work

    @property
    def recorded(self) -> bool:
        """Says whether the disk takes what is decided."""
        return not self._unrecorded.refused_now

    @property
    def settled(self) -> bool:
        """Says whether the disk has taken all that was decided."""
        return not self._unrecorded and not any(effects.changes for effects in self._queue)

    @property
    def start_unrecorded(self) -> bool:
        """Says whether a transaction has begun that is not durable yet."""
        return self._unrecorded.holds_start or any(effects.begins for effects in self._queue)

    def feed(self, effects: Effects) -> None:
        """Adds the next that was decided."""
        self._queue.append(effects)

    def drain(self, now_s: float) -> tuple[list[Effects], tuple[Change, ...]]:
        """Returns what is to be sent, and then what is to be written: empty for nothing."""
        if self.waits:
            return [], ()
        self._look_whether_hung(now_s)
        said = self._sayable()
        if self._at_work:
            return said, ()
        changes = self._unrecorded.begin(now_s) if self._unrecorded else self._begin()
        if changes:
            self._at_work, self._began_s = True, now_s
        return said, changes

    def stored(self) -> list[Effects]:
        """Notes that the batch is durable; what rested on it is to be sent."""
        self._at_work = False
        if not self.waits:
            return self._unrecorded.recorded()
        said = [self._queue.popleft() for _ in range(self._writing)]
        self._writing = 0
        return said

    def late(self) -> None:
        """Notes that the disk takes its time."""
        if self.waits:
            held = [self._queue.popleft() for _ in range(self._writing)]
            self._writing = 0
            self._unrecorded.hold_begun(tuple(effects for effects in held if effects.changes))
            self._queue.extendleft(effects for effects in reversed(held) if not effects.changes)

    def refused(self, why: str, now_s: float) -> None:
        """Notes that nothing of the batch was stored; it is tried again."""
        self.late()
        self._at_work = False
        self._refuse(f"the disk cannot be written, no new session starts: {why}", now_s)

    def report(self) -> None:
        """Notes when the disk can be written again."""
        if self._refusal_reported and self.recorded:
            self._refusal_reported = False
            self.notes.append("the disk can be written again")

    def link_closed(self) -> None:
        """Answers that wait for the disk are for nobody any more."""
        self._unrecorded.link_closed()
        self._queue = deque(effects.unanswered for effects in self._queue)

    def _begin(self) -> tuple[Change, ...]:
        """Begins a batch of everything that waits."""
        self._writing = len(self._queue)
        return tuple(change for effects in self._queue for change in effects.changes)

    def _sayable(self) -> list[Effects]:
        """Returns all up to the first that rests on a change; behind a disk not waited for, others too."""
        said: list[Effects] = []
        passing = self._at_work or bool(self._unrecorded)
        while self._queue and (passing or not self._queue[0].changes):
            effects = self._queue.popleft()
            if not effects.changes:
                said.append(effects)
            elif not self._unrecorded.hold(effects):
                kinds = ", ".join(type(change).__name__ for change in effects.changes)
                self.notes.append(f"so much waits for the disk that this is dropped, unanswered: {kinds}")
        return said

    def _look_whether_hung(self, now_s: float) -> None:
        if self._at_work and now_s - self._began_s > HUNG_S and self.recorded:
            self._refuse(f"the disk has not answered for {HUNG_S:g} s, no new session starts", now_s)

    def _refuse(self, note: str, now_s: float) -> None:
        if not self._refusal_reported:
            self.notes.append(note)
        self._refusal_reported = True
        self._unrecorded.refused(now_s)
