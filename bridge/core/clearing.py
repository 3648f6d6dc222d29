"""A person clears faults: what is asked of `hal.safety`, for a few wishes' time."""

from __future__ import annotations

from bridge.core.now import Now
from hal.contract import FaultRef

ASKED_S = 3.0  # some wishes: one may be lost


class Clearing:
    """`hal.safety` decides: only what a person may clear, only that occurrence, once its cause is gone."""

    def __init__(self) -> None:
        self._refs: tuple[FaultRef, ...] = ()
        self._until_s = 0.0

    def ask(self, refs: tuple[FaultRef, ...], now: Now) -> None:
        """By the owner."""
        self._refs, self._until_s = refs, now.s + ASKED_S

    def refs(self, now: Now) -> tuple[FaultRef, ...]:
        """For the wish of this moment."""
        return self._refs if now.s < self._until_s else ()
