"""The disk of the pure world: it may be full."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.core.rows import Change
from bridge.store import StoreError
from bridge.store.database import IN_MEMORY, Database


class Disk(Database):
    """The store in memory."""

    def __init__(self) -> None:
        super().__init__(IN_MEMORY)
        self.full = False

    def apply(self, changes: Sequence[Change]) -> None:
        """Raises: StoreError while it is full."""
        if self.full and changes:
            raise StoreError("the disk is full")
        super().apply(changes)
