"""A real store that the power can be taken from before or after any of its commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.core.rows import Change
from tests.scenarios.filling_disk import Disk

When = Literal["before", "after"]
WHENS: tuple[When, ...] = ("before", "after")  # a write is committed
FULL = 2  # PRAGMA synchronous: synced at this commit, with all commits before it


class PowerCut(Exception):  # noqa: N818 - what happens
    """Now, at the write of `changes`."""

    def __init__(self, changes: Sequence[Change], when: When) -> None:
        super().__init__()
        self.changes = tuple(changes)
        self.committed = when == "after"


@dataclass(slots=True)
class Armed:
    """The power goes at the `writes`-th write from now, before or after it is committed."""

    writes: int
    when: When
    kind: type[Change] | None = None  # only writes with such a change count


class CutStore(Disk):
    """The schema of the product in memory, and the record of all that was committed."""

    def __init__(self, log: Sequence[tuple[Change, ...]] = ()) -> None:
        super().__init__()
        self.armed: Armed | None = None
        self._log: list[tuple[Change, ...]] = []
        self._synced = 0  # batches
        for changes in log:
            self.apply(changes)

    def apply(self, changes: Sequence[Change]) -> None:
        """Raises PowerCut when it is time."""
        if not changes:
            return
        now = self._due(changes)
        if now != "before":
            super().apply(changes)
            self._log.append(tuple(changes))
            if self._connection.execute("PRAGMA synchronous").fetchone()[0] == FULL:
                self._synced = len(self._log)
        if now is not None:
            self.armed = None
            raise PowerCut(changes, now)

    def _due(self, changes: Sequence[Change]) -> When | None:
        armed = self.armed
        if armed is None or (
            armed.kind is not None and not any(isinstance(change, armed.kind) for change in changes)
        ):
            return None
        armed.writes -= 1
        return armed.when if armed.writes <= 0 else None

    @property
    def may_be_lost(self) -> int:
        """How many of the newest batches were not synced to the disk."""
        return len(self._log) - self._synced

    def copied(self) -> CutStore:
        """As root makes one, which is synced."""
        return CutStore(self._log)

    def after_cut(self, lost: int) -> CutStore:
        """What the next boot finds when the newest `lost` batches never reached the disk."""
        found = CutStore(self._log[: len(self._log) - lost])
        self.close()
        return found
