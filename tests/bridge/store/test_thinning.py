"""Beyond 2,000 samples of one transaction: the first and every second of the rest, never Begin and End."""

from __future__ import annotations

from dataclasses import replace

from bridge.core.rows import (
    Delivered,
    Frozen,
    GivenUp,
    MessageRef,
    SampleTaken,
    StartConfirmed,
    TransactionStarted,
)
from bridge.store import Database
from tests.bridge.store.model import a_row, a_sample, a_stop


def taken(row_id: int, seq: int, context: str = "Sample.Periodic") -> SampleTaken:
    return SampleTaken(row_id, seq, replace(a_sample(seq), context=context))


def values(store: Database, row_id: int) -> list[int]:
    """What is told of a row, in the order of telling; delivers it."""
    told = []
    while (head := store.head()) is not None and head.ref.row_id == row_id:
        if head.ref.kind == "values":
            told.append(head.ref.seq)
        answer = (
            StartConfirmed(row_id, 1, "Accepted", None) if head.ref.kind == "start" else Delivered(head.ref)
        )
        store.apply([answer])
    return told


def filled(store: Database, row_id: int, number: int) -> None:
    store.apply([TransactionStarted(a_row(row_id)), taken(row_id, 0, "Transaction.Begin")])
    store.apply([taken(row_id, seq) for seq in range(1, number)])


def test_two_thousand_are_all_kept(memory: Database) -> None:
    filled(memory, 1, 2000)
    assert memory.sample_count(1) == 2000
    assert values(memory, 1) == list(range(2000))


def test_one_more_and_every_second_goes(memory: Database) -> None:
    filled(memory, 1, 2001)
    filled(memory, 2, 10)
    memory.apply([taken(1, 2001, "Transaction.End"), a_stop(1)])
    assert values(memory, 1) == [*range(0, 2001, 2), 2001]
    assert memory.sample_count(2) == 10


def test_begin_and_end_and_what_was_sent_are_never_thinned(memory: Database) -> None:
    filled(memory, 1, 11)
    memory.apply([StartConfirmed(1, 1, "Accepted", None), Delivered(MessageRef(1, "values", 0))])
    memory.apply([Frozen(MessageRef(1, "values", 1), {"seq": 1}), taken(1, 11, "Transaction.End")])
    memory.apply([taken(1, seq) for seq in range(12, 6000)])
    told = values(memory, 1)
    assert {1, 11, 5999} <= set(told)
    assert told == sorted(told)
    assert len(told) <= 2000


def test_rows_given_up_are_thinned_too(memory: Database) -> None:
    filled(memory, 1, 10)
    memory.apply([GivenUp(1, "refused")])
    memory.apply([taken(1, seq) for seq in range(10, 2001)])
    assert (memory.sample_count(1), memory.backlog()) == (1001, 0)


def test_the_last_sample_and_its_number_outlive_the_thinning(memory: Database) -> None:
    filled(memory, 1, 2001)
    assert (memory.last_sample(1), memory.next_sample_seq(1)) == (a_sample(2000), 2001)
