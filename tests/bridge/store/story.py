"""Numbered batches, the same in every process, and a child that writes them until it is killed.

`python -m tests.bridge.store.story FILE NUMBER` goes on behind batch NUMBER and prints each number once that
batch is durable.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from itertools import count

from bridge.core.charging_profile import ChargingProfile, Period
from bridge.core.id_tag import IdTagInfo, ListEntry
from bridge.core.now import SINCE_BOOT
from bridge.core.rows import (
    Attempted,
    CacheCleared,
    Change,
    Dated,
    Delivered,
    DimmingNoted,
    DimmingRow,
    Frozen,
    GivenUp,
    LocalListSent,
    MessageRef,
    OfferedAgain,
    ProfileInstalled,
    ProfilesRemoved,
    Remembered,
    SampleTaken,
    StartConfirmed,
    Swallowed,
    TagCached,
    TransactionStarted,
)
from bridge.store import Database
from tests.bridge.store.model import EPOCH, a_row, a_sample, a_stop

BATCHES_A_ROW = 7
DEAD_EVERY = 4
ACCEPTED = IdTagInfo("Accepted")


def a_list(number: int) -> LocalListSent:
    """Grows by half each second time, and is replaced in between."""
    entries = tuple(ListEntry(f"{number + each}", ACCEPTED) for each in range(60))
    return LocalListSent(number, entries, replaces=number % 2 == 0)


def a_profile(number: int) -> ProfileInstalled:
    """Takes the place of the one before it, each second time."""
    periods = tuple(Period(60 * each, 10.0) for each in range(number % 20 + 1))
    return ProfileInstalled(
        ChargingProfile(
            number % 2, 1, "TxDefaultProfile", number % 2, "Absolute", "A", periods, received_at=0
        )
    )


def batch(number: int) -> list[Change]:
    """Batch 0, 1, 2, ...: a session each seven, with all kinds of changes; every fourth is given up."""
    row_id, step = number // BATCHES_A_ROW + 1, number % BATCHES_A_ROW
    start, stop = MessageRef(row_id, "start"), MessageRef(row_id, "stop")
    first, second = MessageRef(row_id, "values", 0), MessageRef(row_id, "values", 1)
    undated = replace(a_row(row_id), started_at=SINCE_BOOT + timedelta(seconds=row_id))
    dated = Dated(undated.boot_id, EPOCH, estimated=row_id % 2 == 0)
    end: list[Change] = [Delivered(second), Delivered(stop)]
    steps: list[list[Change]] = [
        [TransactionStarted(undated), Remembered("number", str(number)), a_list(number)],
        [dated, SampleTaken(row_id, 0, a_sample(0)), a_profile(number)],
        [Frozen(start, {"number": number}), Attempted(start), Swallowed(start)],
        [
            StartConfirmed(row_id, number, "Accepted", None),
            TagCached(f"{row_id}", ACCEPTED, EPOCH),
            DimmingNoted(DimmingRow(row_id, undated.boot_id, EPOCH, 4200.0)),
        ],
        [
            SampleTaken(row_id, 1, a_sample(1)),
            Frozen(first, {"number": number}),
            GivenUp(row_id, "busy", for_now=True),
        ],
        [OfferedAgain(row_id), a_stop(row_id), Delivered(first), ProfilesRemoved((0,)), CacheCleared()],
        end if row_id % DEAD_EVERY else [GivenUp(row_id, "refused")],
    ]
    return steps[step]


def main() -> None:
    store = Database(sys.argv[1])
    for number in count(int(sys.argv[2]) + 1):
        store.apply(batch(number))
        print(number, flush=True)


if __name__ == "__main__":
    main()
