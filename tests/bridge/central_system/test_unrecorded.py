"""What waits for a disk that takes nothing: a week of it fits into memory and loses no start or end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bridge.central_system.effects import Effects, Outcome
from bridge.central_system.unrecorded import MOST_OTHERS, MOST_SAMPLES, Unrecorded
from bridge.core.id_tag import IdTagInfo, ListEntry
from bridge.core.rows import (
    Change,
    LocalListSent,
    Remembered,
    Sample,
    SampleTaken,
    TransactionStarted,
    TransactionStopped,
)
from tests.bridge.store.model import a_row

AT = datetime(2026, 1, 1, tzinfo=UTC)
WEEK_S = 7 * 86_400
ZERO = (0.0, 0.0, 0.0)
BEGIN = Sample(AT, "Transaction.Begin", 0, 0.0, ZERO, ZERO, 0.0, "Voltage")
STOP = TransactionStopped(1, AT + timedelta(days=7), 9, "Local", None, estimated=False)


def periodic(seq: int, interval_s: int) -> SampleTaken:
    at = AT + timedelta(seconds=seq * interval_s)
    return SampleTaken(1, seq, replace(BEGIN, at=at, context="Sample.Periodic", energy_wh=seq))


def taken(held: Unrecorded) -> list[Change]:
    """All of it, as a disk that is well again takes it."""
    changes: list[Change] = []
    while begun := held.begin(1e9):
        changes += begun
        held.recorded()
    return changes


def test_a_week_of_a_full_disk_in_mid_charge() -> None:
    """A value each 10 s: begin, end, the order and the newest values are kept, evenly thinned before that."""
    held = Unrecorded()
    held.hold(Effects((TransactionStarted(a_row(1)),)))
    held.hold(Effects((SampleTaken(1, 0, BEGIN),)))
    for seq in range(1, WEEK_S // 10):
        assert held.hold(Effects((periodic(seq, 10),)))
    held.hold(Effects((STOP,)))
    start, begin, *between, stop = taken(held)
    assert (start, begin, stop) == (TransactionStarted(a_row(1)), SampleTaken(1, 0, BEGIN), STOP)
    seqs = [change.seq for change in between if isinstance(change, SampleTaken)]
    assert MOST_SAMPLES / 2 <= len(seqs) == len(between) <= MOST_SAMPLES
    assert seqs == sorted(seqs)
    assert seqs[-1] == WEEK_S // 10 - 1


def test_the_one_that_is_being_written_stays_the_first() -> None:
    held = Unrecorded()
    held.hold(Effects((periodic(1, 1),)))
    begun = held.begin(1e9)
    for seq in range(2, 2 * MOST_SAMPLES):
        held.hold(Effects((periodic(seq, 1),)))
    assert begun == (periodic(1, 1),)
    assert held.recorded() == [Effects(begun)]


def test_a_central_system_that_writes_the_same_key_for_a_week() -> None:
    """Each minute; beyond the limit its request is neither stored nor answered, nothing promised."""
    held = Unrecorded()
    kept = [held.hold(Effects((Remembered("key.A", str(n)),), ("[3]",))) for n in range(WEEK_S // 60 * 2)]
    assert kept == sorted(kept, reverse=True)
    assert sum(kept) == MOST_OTHERS
    assert held.hold(Effects((STOP,)))
    assert held.hold(Effects((Remembered("a", "b"),), outcomes=(Outcome(1, {}),)))  # the owner waits


def test_local_lists_count_by_their_entries() -> None:
    entries = tuple(ListEntry(f"{number:08X}", IdTagInfo("Accepted")) for number in range(1_000))
    held = Unrecorded()
    kept = [held.hold(Effects((LocalListSent(n, entries, replaces=True),), ("[3]",))) for n in range(50)]
    assert sum(kept) == MOST_OTHERS // len(entries)


def test_refused_lasts_until_all_is_recorded() -> None:
    held = Unrecorded()
    for number in range(2):
        held.hold(Effects((Remembered("a", str(number)),)))
    told = [held.refused_now]  # a slow disk is none that refuses
    held.refused(10.0)
    assert held.begin(10.5) == ()
    for _ in range(2):
        assert len(held.begin(11.5)) == 1  # the first after a refusal alone, and the one that is left
        told.append(held.refused_now)
        held.recorded()
    assert [*told, held.refused_now] == [False, True, True, False]
