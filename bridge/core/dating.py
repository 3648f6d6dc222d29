"""When time becomes known, what has no date gets one: once, in the store and here."""

from __future__ import annotations

from bridge.core.now import Now
from bridge.core.rows import Dated
from bridge.core.session import State, Transaction


class Dating:
    """`step` comes before anything else of an event."""

    def __init__(self, boot_id: str, *, undated: bool) -> None:
        """`undated`: the store has moments without a date."""
        self._boot_id = boot_id
        self._due = undated

    def step(self, state: State, now: Now) -> Dated | None:
        """What the store is to do now; `now.place` does the same here.

        A transaction of an earlier boot ends first, in the seconds of that boot: some seconds at most.
        """
        if not now.dated:
            self._due = True
        of_earlier_boot = isinstance(state, Transaction) and state.of_earlier_boot
        if not self._due or not now.dated or of_earlier_boot:
            return None
        self._due = False
        return Dated(self._boot_id, now.booted_at, now.estimated)
