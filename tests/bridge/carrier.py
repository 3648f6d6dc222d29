"""Moves what goes into an actor and out of it, as `app.py` does, and decides nothing: for all pure tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from functools import partial

from bridge.actor import Actor
from bridge.core.now import Now
from bridge.effects import Effect, Write
from bridge.events import Event, NotStored, StillWriting, Stored


def plainly(work: Callable[[], None]) -> None:
    """Does it."""
    work()


class Carrier(ABC):
    """Whoever inherits it has the clock and the disk, and does what is neither."""

    def __init__(self) -> None:
        self.around: Callable[[Callable[[], None]], None] = plainly  # all that the actor does
        self.at_disk: deque[tuple[float, Write]] = deque()  # when the answer is due, and to what

    @property
    @abstractmethod
    def running(self) -> Actor | None:
        """None: what it is told is lost."""

    @property
    @abstractmethod
    def now(self) -> Now: ...

    @property
    @abstractmethod
    def disk_takes_s(self) -> float:
        """0: it answers at once, else by `disk_answers`."""

    @abstractmethod
    def written(self, write: Write) -> Stored | NotStored:
        """What the disk answers."""

    @abstractmethod
    def carried(self, effect: Effect) -> None:
        """Does what is no Write."""

    def tell(self, event: Event) -> None:
        """One event, and nothing that it leads to."""
        if (actor := self.running) is not None:
            self.around(partial(actor.feed, event, self.now))

    def carry_out(self) -> None:
        """All effects in their order, until there are no more."""
        while effects := self._drained():
            for effect in effects:
                if isinstance(effect, Write):
                    self.begin_write(effect)
                else:
                    self.carried(effect)

    def disk_answers(self) -> None:
        """The oldest write that it has is done, and what follows from that."""
        self.tell(self.written(self.at_disk.popleft()[1]))
        self.carry_out()

    def begin_write(self, write: Write) -> None:
        """Hands it to the disk."""
        if takes_s := self.disk_takes_s:
            self.at_disk.append((self.now.s + takes_s, write))
            self.tell(StillWriting())
        else:
            self.tell(self.written(write))

    def _drained(self) -> list[Effect]:
        effects: list[Effect] = []
        if (actor := self.running) is not None:
            now = self.now
            self.around(lambda: effects.extend(actor.drain(now)))
        return effects
