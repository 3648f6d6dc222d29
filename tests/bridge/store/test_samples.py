"""A transaction's samples: what they are for, and how many of them are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bridge.core.rows import (
    Delivered,
    Frozen,
    GivenUp,
    MessageRef,
    Sample,
    SampleTaken,
    StartConfirmed,
    TransactionStarted,
)
from bridge.store.database import IN_MEMORY, Database
from bridge.store.samples import MOST_SAMPLES
from tests.bridge.store.model import a_row, a_sample, a_stop

ROW = 1


@pytest.fixture
def store() -> Iterator[Database]:
    made = Database(IN_MEMORY)
    made.apply([TransactionStarted(a_row(ROW))])
    yield made
    made.close()


def stop_sample(seq: int, context: str = "Sample.Periodic", measurands: str = "") -> SampleTaken:
    """Of transactionData alone, unless measurands are given."""
    taken = replace(a_sample(seq), context=context, measurands=measurands, stop_measurands="Voltage")
    return SampleTaken(ROW, seq, taken)


def fill(store: Database, count: int, measurands: str = "") -> None:
    store.apply([stop_sample(0, "Transaction.Begin", measurands)])
    store.apply([stop_sample(seq, measurands=measurands) for seq in range(1, count)])


def seqs(samples: list[Sample]) -> list[int]:
    """`a_sample` counts 10 Wh for each."""
    return [(taken.energy_wh - a_sample(0).energy_wh) // 10 for taken in samples]


def test_a_sample_of_transaction_data_alone_has_no_message(store: Database) -> None:
    store.apply([stop_sample(0), SampleTaken(ROW, 1, a_sample(1)), stop_sample(2, measurands="Voltage")])
    store.apply([StartConfirmed(ROW, 7, "Accepted", None)])
    assert store.backlog() == 2
    assert seqs(store.stop_samples(ROW)) == [0, 2]


def test_they_go_with_their_stop(store: Database) -> None:
    store.apply([stop_sample(0), StartConfirmed(ROW, 7, "Accepted", None), a_stop(ROW)])
    store.apply([Delivered(MessageRef(ROW, "stop"))])
    assert store.stop_samples(ROW) == []


def test_as_many_as_are_allowed_are_all_kept(store: Database) -> None:
    fill(store, MOST_SAMPLES)
    assert seqs(store.stop_samples(ROW)) == list(range(MOST_SAMPLES))


def test_beyond_them_the_first_between_and_every_second_of_the_rest_go(store: Database) -> None:
    fill(store, MOST_SAMPLES, measurands="Voltage")
    store.apply([stop_sample(MOST_SAMPLES, "Transaction.End", "Voltage")])
    kept = [0, *range(2, MOST_SAMPLES, 2), MOST_SAMPLES]
    assert seqs(store.stop_samples(ROW)) == kept
    assert store.backlog() == 1 + len(kept)
    assert store.next_sample_seq(ROW) == MOST_SAMPLES + 1


def test_what_is_under_way_is_kept(store: Database) -> None:
    fill(store, MOST_SAMPLES, measurands="Voltage")
    store.apply([Frozen(MessageRef(ROW, "values", 1), {"a": 1})])
    store.apply([stop_sample(MOST_SAMPLES)])
    assert seqs(store.stop_samples(ROW))[:4] == [0, 1, 3, 5]
    store.apply([Delivered(MessageRef(ROW, "values", 1))])


def test_a_row_given_up_is_thinned_too(store: Database) -> None:
    fill(store, MOST_SAMPLES, measurands="Voltage")
    store.apply([GivenUp(ROW, "for a test"), stop_sample(MOST_SAMPLES)])
    assert store.sample_count(ROW) == MOST_SAMPLES // 2 + 1
