"""The store's single promises, one test each; `test_against_model.py` has the combinations."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from bridge.core.rows import (
    Attempted,
    Change,
    Delivered,
    Frozen,
    GivenUp,
    MessageRef,
    Remembered,
    SampleTaken,
    StartConfirmed,
    TransactionStarted,
)
from bridge.store import ChangeError, Database, StoreError
from tests.bridge.store.model import EPOCH, a_row, a_sample, a_stop

pytestmark = pytest.mark.distribution

START, STOP = MessageRef(1, "start"), MessageRef(1, "stop")
VALUES = MessageRef(1, "values", 0)
CONFIRMED = StartConfirmed(1, 4711, "Accepted", None)


class Watched(Database):
    """Records the statements it runs."""

    def watch(self) -> list[str]:
        seen: list[str] = []
        self._connection.set_trace_callback(seen.append)
        return seen


def kinds(store: Database) -> list[str]:
    """The messages in the order of sending; empties the outbox."""
    sent = []
    while (head := store.head()) is not None:
        sent.append(f"{head.ref.kind} {head.ref.seq}")
        confirmed = StartConfirmed(head.ref.row_id, 1, "Accepted", None)
        store.apply([confirmed if head.ref.kind == "start" else Delivered(head.ref)])
    return sent


def test_a_row_is_sent_in_order_whatever_the_order_of_its_changes(memory: Database) -> None:
    memory.apply([TransactionStarted(a_row(1)), a_stop(1)])
    memory.apply([SampleTaken(1, 1, a_sample(1)), SampleTaken(1, 0, a_sample(0))])
    assert kinds(memory) == ["start 0", "values 0", "values 1", "stop 0"]


def test_an_open_row_with_nothing_to_send_does_not_hold_up_the_next(memory: Database) -> None:
    memory.apply([TransactionStarted(a_row(1)), CONFIRMED, TransactionStarted(a_row(2))])
    head = memory.head()
    assert head is not None
    assert head.ref == MessageRef(2, "start")


def test_samples_stay_until_the_stop_is_delivered_and_the_row_stays_for_good(memory: Database) -> None:
    memory.apply([TransactionStarted(a_row(1)), CONFIRMED, SampleTaken(1, 0, a_sample(0)), a_stop(1)])
    memory.apply([Delivered(VALUES)])
    assert (memory.sample_count(1), memory.last_sample(1)) == (1, a_sample(0))
    memory.apply([Delivered(STOP)])
    assert (memory.sample_count(1), memory.last_sample(1)) == (0, None)
    assert [row.row_id for row in memory.rows(10)] == [1]


def test_the_first_send_freezes_a_message(memory: Database) -> None:
    payload = {
        "idTag": "04\ud800",
        "meterStart": 1,
        "list": [0.1, None, True],
    }  # also what JSON may smuggle in
    memory.apply([TransactionStarted(a_row(1)), Frozen(START, payload), Attempted(START), Attempted(START)])
    head = memory.head()
    assert head is not None
    assert (head.frozen, head.attempts, head.sample) == (payload, 2, None)
    memory.apply([Frozen(START, payload)])
    with pytest.raises(ChangeError, match="cannot become"):
        memory.apply([Frozen(START, {"meterStart": 2})])


def test_a_row_given_up_steps_aside_whole_and_so_does_what_follows_in_it(memory: Database) -> None:
    memory.apply([TransactionStarted(a_row(1)), GivenUp(1, "refused"), TransactionStarted(a_row(2))])
    memory.apply([SampleTaken(1, 0, a_sample(0)), a_stop(1)])
    assert memory.backlog() == 1
    assert kinds(memory) == ["start 0"]
    (dead,) = memory.dead_letters()
    assert (dead.row_id, dead.given_up, dead.stop_reason) == (1, "refused", "Local")
    assert memory.sample_count(1) == 1


def test_a_known_parent_survives_an_answer_without_one(memory: Database) -> None:
    memory.apply([TransactionStarted(a_row(1, parent_id_tag="FAMILY")), CONFIRMED])
    assert memory.row(1) == replace(
        a_row(1), parent_id_tag="FAMILY", transaction_id=4711, id_tag_status="Accepted"
    )


@pytest.mark.parametrize("transaction_id", [0, -1, -(2**31), 2**31 - 1])
def test_every_transaction_id_confirms(memory: Database, transaction_id: int) -> None:
    memory.apply([TransactionStarted(a_row(1)), StartConfirmed(1, transaction_id, "Blocked", None)])
    assert memory.head() is None


def test_a_row_id_is_never_given_twice(path: Path) -> None:
    with closing(Database(path)) as store:
        assert store.next_row_id() == 1
        store.apply([TransactionStarted(a_row(7))])
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DELETE FROM outbox")
        other.execute("DELETE FROM transactions")
    with closing(Database(path)) as store:
        assert (store.rows(10), store.next_row_id()) == ([], 8)
        with pytest.raises(ChangeError, match="take next_row_id"):
            store.apply([TransactionStarted(a_row(7))])


def test_a_remembered_value_is_replaced_and_forgotten(memory: Database) -> None:
    memory.apply([Remembered("key.A", "1"), Remembered("key.B", ""), Remembered("key.A", "2")])
    assert memory.remembered() == {"key.A": "2", "key.B": ""}
    memory.apply([Remembered("key.A", None), Remembered("never there", None)])
    assert memory.remembered() == {"key.B": ""}


@pytest.mark.parametrize(
    "change",
    [
        SampleTaken(9, 0, a_sample(0)),
        a_stop(9),
        Frozen(MessageRef(9, "start"), {}),
        Attempted(MessageRef(9, "start")),
        StartConfirmed(9, 1, "Accepted", None),
        Delivered(MessageRef(9, "stop")),
        Delivered(MessageRef(9, "start")),
        GivenUp(9, "refused"),
    ],
    ids=lambda change: type(change).__name__,
)
def test_an_unknown_row_is_a_loud_bug_and_the_batch_leaves_nothing(memory: Database, change: Change) -> None:
    with pytest.raises(ChangeError, match="row 9 is not in the store"):
        memory.apply([TransactionStarted(a_row(1)), Remembered("a", "b"), change])
    assert (memory.rows(10), memory.remembered(), memory.backlog()) == ([], {}, 0)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (TransactionStarted(a_row(1)), "ids below 2 were used"),
        (TransactionStarted(replace(a_row(2), transaction_id=5)), "cannot start with an answer"),
        (a_stop(1), "it did at"),
        (StartConfirmed(1, 4712, "Accepted", None), "cannot become 4712"),
        (SampleTaken(1, 0, a_sample(0)), "UNIQUE constraint failed"),
        (SampleTaken(1, 1, replace(a_sample(1), power_w=float("nan"))), "NOT NULL constraint failed"),
        (SampleTaken(1, 1, replace(a_sample(1), at=datetime(2026, 1, 1))), "no time zone"),  # noqa: DTZ001
        (SampleTaken(1, 1, replace(a_sample(1), energy_wh=2**63)), "too large"),
        (SampleTaken(1, 1, replace(a_sample(1), context="\ud800")), "cannot be stored"),
        (Frozen(VALUES, {"value": float("inf")}), "cannot be stored"),
        (Delivered(STOP), "before its other messages"),
        (Delivered(MessageRef(1, "values", 5)), "no message of the store"),
        (Frozen(MessageRef(1, "values", 5), {}), "no message of the store"),
        (Attempted(MessageRef(1, "stop", 1)), "no message of the store"),
    ],
)
def test_what_cannot_follow_is_a_loud_bug(memory: Database, change: Change, complaint: str) -> None:
    memory.apply([TransactionStarted(a_row(1)), CONFIRMED, SampleTaken(1, 0, a_sample(0)), a_stop(1)])
    with pytest.raises(ChangeError, match=complaint):
        memory.apply([Remembered("a", "b"), change])
    assert memory.remembered() == {}
    assert kinds(memory) == ["values 0", "stop 0"]


def test_a_start_is_only_delivered_by_its_confirmation(memory: Database) -> None:
    memory.apply([TransactionStarted(a_row(1))])
    with pytest.raises(ChangeError, match="delivered by StartConfirmed"):
        memory.apply([Delivered(START)])


def test_a_finished_row_takes_no_samples_but_late_answers(memory: Database) -> None:
    memory.apply([TransactionStarted(a_row(1)), CONFIRMED, SampleTaken(1, 0, a_sample(0)), a_stop(1)])
    memory.apply([Delivered(VALUES), Delivered(STOP)])
    memory.apply([CONFIRMED, Delivered(START), Delivered(VALUES), Delivered(STOP), Attempted(VALUES)])
    with pytest.raises(ChangeError, match="its stop is delivered"):
        memory.apply([SampleTaken(1, 1, a_sample(1))])


@pytest.mark.parametrize(
    ("batch", "level"),
    [
        ([SampleTaken(1, 0, a_sample(0)), Frozen(START, {}), Attempted(START)], "NORMAL"),
        ([TransactionStarted(a_row(2))], "FULL"),
        ([SampleTaken(1, 0, a_sample(0)), a_stop(1)], "FULL"),
        ([Attempted(START), GivenUp(1, "refused")], "FULL"),
        ([CONFIRMED], "FULL"),
        ([Remembered("a", "b")], "FULL"),
        ([Delivered(START)], "FULL"),
    ],
)
def test_only_samples_frozen_payloads_and_attempts_may_ride(
    path: Path, batch: list[Change], level: str
) -> None:
    with closing(Watched(path)) as store:
        store.apply([TransactionStarted(a_row(1)), CONFIRMED])
        seen = store.watch()
        store.apply(batch)
    assert seen[:2] == [f"PRAGMA synchronous = {level}", "BEGIN IMMEDIATE"]
    assert seen[-1] == "COMMIT"


def test_an_empty_batch_writes_nothing(path: Path) -> None:
    with closing(Watched(path)) as store:
        seen = store.watch()
        store.apply([])
    assert seen == []


def test_moments_are_text_in_utc_for_whoever_looks_with_another_tool(path: Path) -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    with closing(Database(path)) as store:
        store.apply([TransactionStarted(replace(a_row(1), started_at=EPOCH.astimezone(kathmandu)))])
    with closing(sqlite3.connect(path)) as other:
        found = other.execute("SELECT started_at FROM transactions").fetchone()
    assert found == ("2026-04-17T17:34:06.123456+00:00",)


def test_a_folder_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(
        StoreError, match=r"nowhere/bridge.sqlite: could not be opened: .*its folder must exist"
    ):
        Database(folder / "nowhere" / "bridge.sqlite")


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"surely no database" * 100)
    with pytest.raises(StoreError, match="this is no database: the bridge sets it aside"):
        Database(path)


def test_another_program_that_writes_for_long_is_named(path: Path) -> None:
    class Impatient(Database):
        def lose_patience(self) -> None:
            self._connection.execute("PRAGMA busy_timeout = 1")

    with closing(Impatient(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        store.lose_patience()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program holds it") as caught:
            store.apply([Remembered("a", "b")])
        assert not isinstance(caught.value, ChangeError)
        other.execute("ROLLBACK")
        store.apply([Remembered("a", "b")])
        assert store.remembered() == {"a": "b"}


def test_one_process_has_the_file(path: Path) -> None:
    """Also one that only wants to look, and with SQLite's own shell: else two would have two indexes."""
    ask = (
        "import sqlite3, sys; print(sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True, timeout=0.1)"
        ".execute('SELECT name FROM remembered').fetchall())"
    )
    command = [sys.executable, "-c", ask, str(path)]
    with closing(Database(path)) as store:
        store.apply([Remembered("a", "b")])
        other = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (other.returncode, other.stdout) == (1, "")
        assert "database is locked" in other.stderr
    assert subprocess.check_output(command, text=True) == "[('a',)]\n"


def test_nobody_else_reads_it(path: Path) -> None:
    """It holds idTags and perhaps a password; one of an older version is made private too."""
    path.touch(0o644)
    store = Database(path)
    store.apply((Remembered("name", "value"),))
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    store.close()
    assert set(modes.values()) == {0o600}
    assert set(modes) == {"bridge.sqlite", "bridge.sqlite-wal"}  # the index of the WAL is in memory
