"""PURE: effects that the disk has refused to record. They keep their order; nothing of them is said before.

What rests on no change goes on meanwhile: lane 1, answers, a transaction whose start is durable.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from bridge.central_system.effects import Effects
from bridge.core.rows import TransactionStarted

TRY_AGAIN_S = 1.0


class Unrecorded:
    """Empty while the disk is well."""

    def __init__(self) -> None:
        self._held: deque[Effects] = deque()
        self._try_at_s = 0.0

    def __bool__(self) -> bool:
        return bool(self._held)

    @property
    def holds_start(self) -> bool:
        """A transaction has begun that is not recorded: nothing may be offered to its car."""
        return any(isinstance(change, TransactionStarted) for held in self._held for change in held.changes)

    def hold(self, effects: Effects) -> None:
        """At the end."""
        self._held.append(effects)

    def due(self, now_s: float) -> Effects | None:
        """The first, when it is time to try again; `recorded` or `refused` follows."""
        return self._held[0] if self._held and now_s >= self._try_at_s else None

    def recorded(self) -> None:
        """The first is durable."""
        self._held.popleft()

    def refused(self, now_s: float) -> None:
        """Not yet."""
        self._try_at_s = now_s + TRY_AGAIN_S

    def link_closed(self) -> None:
        """Answers that were held are for nobody any more."""
        self._held = deque(replace(held, frames=(), reconnect=None) for held in self._held)
