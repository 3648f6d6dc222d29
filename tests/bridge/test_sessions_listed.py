"""`evse-bridge sessions`: it lists, exports and resends, beside an open store too."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.cli import sessions
from bridge.cli.folders import CliError, Folders, MisuseError
from bridge.core.rows import Delivered, GivenUp, MessageRef, StartConfirmed, TransactionStarted
from bridge.store import Database
from tests.bridge.store.model import a_row, a_stop


@pytest.fixture
def folders() -> Iterator[Folders]:
    made = Path(tempfile.mkdtemp(prefix="evse-"))
    yield Folders(made, made, made, mock=True)
    shutil.rmtree(made)


@pytest.fixture
def store(folders: Folders) -> Iterator[Database]:
    """Stays open, as a running bridge's. 1 told, 2 and 3 given up, 4 waiting, 5 charging."""
    with closing(Database(folders.state / "bridge.sqlite")) as opened:
        for row_id in range(1, 6):
            opened.apply([TransactionStarted(a_row(row_id))])
        opened.apply([a_stop(row_id) for row_id in range(1, 5)])
        opened.apply([StartConfirmed(1, 70, "Accepted", None), Delivered(MessageRef(1, "stop"))])
        opened.apply([GivenUp(2, "refused"), GivenUp(3, "busy", for_now=True)])
        yield opened


def test_the_list(store: Database, folders: Folders) -> None:
    lines = list(sessions.listed(folders, undelivered=False))
    assert lines[0].split() == [
        "1", "2026-04-17T18:34:06Z", "2026-04-17T19:04:06Z", "04AABB01", "0.999", "kWh", "Local", "yes",
    ]  # fmt: skip
    assert lines[1].endswith("given up: refused; --resend 2 offers it again")
    assert lines[2].endswith("given up: busy; it is offered again by itself")
    assert lines[3].endswith("waiting (2 messages wait)")
    assert lines[4].endswith("charging (1 messages wait)")


def test_undelivered_leaves_out_what_is_told(store: Database, folders: Folders) -> None:
    lines = list(sessions.listed(folders, undelivered=True))
    assert [line.split()[0] for line in lines] == ["2", "3", "4", "5"]


def test_nothing_yet(folders: Folders) -> None:
    Database(folders.state / "bridge.sqlite").close()
    assert list(sessions.listed(folders, undelivered=False)) == ["no session yet"]


def test_the_table_has_the_documented_columns(store: Database, folders: Folders) -> None:
    file = folders.state / "F.csv"
    assert sessions.export(folders, file, undelivered=False) == f"5 sessions written to {file}"
    with file.open(encoding="utf-8", newline="") as written:
        rows = list(csv.DictReader(written))
    assert [row["told"] for row in rows] == ["yes", "given up", "given up", "waiting", "charging"]
    assert rows[0] == {
        "session": "1", "started_at": "2026-04-17T18:34:06Z", "stopped_at": "2026-04-17T19:04:06Z",
        "id_tag": "04AABB01", "energy_kwh": "0.999", "meter_start_kwh": "12345.001",
        "meter_stop_kwh": "12346.000", "reason": "Local", "estimated": "no", "transaction_id": "70",
        "told": "yes", "given_up": "", "time_estimated": "no",
    }  # fmt: skip
    documented = (Path(__file__).parents[2] / "docs" / "sessions.md").read_text("utf-8")
    table = documented.partition("## The table")[2].partition("##")[0]
    names = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert [name for cell in names[1:] for name in cell.split(", ")] == list(sessions.COLUMNS)


def test_an_export_that_cannot_be_written_says_so(store: Database, folders: Folders) -> None:
    with pytest.raises(CliError, match="No such file or directory: give a file in a folder"):
        sessions.export(folders, folders.state / "nowhere" / "F.csv", undelivered=False)


def test_an_export_of_nothing_leaves_the_former_table_alone(folders: Folders) -> None:
    file = folders.state / "F.csv"
    file.write_text("last month's")
    with pytest.raises(CliError, match="there is none"):
        sessions.export(folders, file, undelivered=False)
    assert file.read_text() == "last month's"


def test_a_resend_is_seen_by_the_open_store(store: Database, folders: Folders) -> None:
    head = store.head()
    assert head is not None
    assert head.ref == MessageRef(4, "start")
    assert sessions.resend(folders, 2) == "session 2 is offered to the Central System again"
    head = store.head()
    assert head is not None
    assert head.ref == MessageRef(2, "start")
    assert [row.row_id for row in store.dead_letters()] == [3]


@pytest.mark.parametrize("row_id", [1, 4, 99])
def test_only_what_was_given_up_can_be_resent(store: Database, folders: Folders, row_id: int) -> None:
    with pytest.raises(
        MisuseError, match=rf"--resend {row_id}: must be a session that was given up \(2, 3\)"
    ):
        sessions.resend(folders, row_id)


def test_without_a_store_one_clear_line(folders: Folders) -> None:
    with pytest.raises(CliError, match="bridge makes it at its first start"):
        list(sessions.listed(folders, undelivered=False))


def test_a_damaged_database_is_spoken_of(store: Database, folders: Folders) -> None:
    (folders.state / "bridge.sqlite.damaged-20261125T123005Z").touch()
    assert next(iter(sessions.listed(folders, undelivered=False))).startswith(
        "A DAMAGED database was set aside"
    )
