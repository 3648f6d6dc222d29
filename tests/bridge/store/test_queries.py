"""No question asked while charging walks a table: it uses an index and takes no more steps in a big store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.core.rows import (
    Change,
    Delivered,
    GivenUp,
    MessageRef,
    SampleTaken,
    StartConfirmed,
    TransactionStarted,
)
from bridge.store import Database, reads
from tests.bridge.store.model import a_row, a_sample, a_stop

SMALL, BIG = 10, 4_000
DEAD_EVERY, SAMPLES = 5, 3


class Counted(Database):
    """Counts the steps of SQLite's virtual machine."""

    def steps(self, question: Callable[[Database], object]) -> int:
        taken = [0]

        def step() -> int:
            taken[0] += 1
            return 0

        question(self)  # the first call reads the schema
        self._connection.set_progress_handler(step, 1)
        question(self)
        self._connection.set_progress_handler(None, 0)
        return taken[0]


def life(row_id: int) -> Iterator[Change]:
    """A fifth of all rows is delivered, a fifth given up, the others wait; the last is open."""
    yield TransactionStarted(a_row(row_id))
    yield from (SampleTaken(row_id, seq, a_sample(seq)) for seq in range(SAMPLES))
    yield a_stop(row_id)
    if row_id % DEAD_EVERY == 0:
        yield GivenUp(row_id, "refused")
    if row_id % DEAD_EVERY == 1:
        yield StartConfirmed(row_id, row_id, "Accepted", None)
        yield from (Delivered(MessageRef(row_id, "values", seq)) for seq in range(SAMPLES))
        yield Delivered(MessageRef(row_id, "stop"))


def filled(rows: int) -> Counted:
    store = Counted(":memory:")
    store.apply([change for row_id in range(1, rows + 1) for change in life(row_id)])
    store.apply([TransactionStarted(a_row(rows + 1)), SampleTaken(rows + 1, 0, a_sample(0))])
    return store


@pytest.fixture(scope="module")
def stores() -> Iterator[tuple[Counted, Counted]]:
    with closing(filled(SMALL)) as small, closing(filled(BIG)) as big:
        yield small, big


QUESTIONS: dict[str, Callable[[Database], object]] = {
    "head": lambda store: store.head(),
    "open_transaction": lambda store: store.open_transaction(),
    "next_row_id": lambda store: store.next_row_id(),
    "next_sample_seq": lambda store: store.next_sample_seq(2),
    "last_sample": lambda store: store.last_sample(2),
    "last_periodic": lambda store: store.last_periodic(2),
    "stop_samples": lambda store: store.stop_samples(2),
    "sample_count": lambda store: store.sample_count(2),
    "row": lambda store: store.row(2),
    "rows": lambda store: store.rows(2),
    "dead_letters": lambda store: store.dead_letters(2),
    "backlog": lambda store: store.backlog(),  # one step, inside of which SQLite counts by whole pages
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_big_store_takes_no_more_steps(stores: tuple[Counted, Counted], name: str) -> None:
    small, big = (store.steps(QUESTIONS[name]) for store in stores)
    assert 0 < big <= small


def test_the_count_of_steps_would_show_a_walk(stores: tuple[Counted, Counted]) -> None:
    small, big = (store.steps(lambda asked: asked.rows(BIG)) for store in stores)
    assert big > 100 * small


def test_the_big_store_answers_right(stores: tuple[Counted, Counted]) -> None:
    _, big = stores
    head, opened = big.head(), big.open_transaction()
    assert head is not None
    assert opened is not None
    assert (head.ref, opened.row_id) == (MessageRef(2, "start"), BIG + 1)
    assert big.backlog() == BIG * 3 // 5 * (SAMPLES + 2) + 2


PLANS = {
    "OPEN_TRANSACTION": ["SCAN transactions USING INDEX open_transactions"],
    "HEAD": [
        "SCAN outbox",  # in the order of its primary key, for one record
        "SCAN first",
        "SEARCH row USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH samples USING PRIMARY KEY (row_id=? AND seq=?)",
    ],
    "SESSIONS": [
        "SEARCH transactions USING INTEGER PRIMARY KEY (rowid>?)",
        "SEARCH outbox USING PRIMARY KEY (row_id=?)",
        "SEARCH set_aside USING PRIMARY KEY (row_id=?)",
    ],
    "DEAD_LETTERS": ["SCAN transactions USING INDEX dead_letters"],
    "ONE_ROW": ["SEARCH transactions USING INTEGER PRIMARY KEY (rowid=?)"],
    "LAST_SAMPLE": ["SEARCH samples USING PRIMARY KEY (row_id=?)"],
    "LAST_PERIODIC": ["SEARCH samples USING PRIMARY KEY (row_id=?)"],
    "STOP_SAMPLES": ["SEARCH samples USING PRIMARY KEY (row_id=?)"],
    "NEXT_SEQ": ["SEARCH samples USING PRIMARY KEY (row_id=?)"],
    "SAMPLE_COUNT": ["SEARCH samples USING PRIMARY KEY (row_id=?)"],
}


@pytest.mark.parametrize("name", PLANS)
def test_queries_use_indexes_and_never_sort(path: Path, name: str) -> None:
    Database(path).close()
    statement: str = getattr(reads, name)
    with closing(sqlite3.connect(path)) as other:
        values = [1] * statement.count("?")
        plan = [step for *_, step in other.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    found = [step.removesuffix(" LEFT-JOIN") for step in plan if step.startswith(("SCAN", "SEARCH", "USE"))]
    assert found == PLANS[name]
