"""The records of dimming are bounded: the newest are kept, and their numbers go on."""

from __future__ import annotations

from datetime import timedelta

from bridge.core.rows import DimmingNoted, DimmingRow
from bridge.store.database import IN_MEMORY, Database
from bridge.store.dimmings import MOST_DIMMINGS
from tests.bridge.store.model import EPOCH


def test_the_newest_are_kept() -> None:
    store = Database(IN_MEMORY)
    rows = [DimmingRow(number, "boot", EPOCH + timedelta(hours=number), 4200.0) for number in range(1, 4201)]
    store.apply([DimmingNoted(row) for row in rows])
    kept = store.dimmings(0, 10_000)
    assert kept == rows[-MOST_DIMMINGS:]
    assert store.next_dimming_id() == 4201
    assert store.dimmings(4199, 10) == rows[-1:]
    store.close()
