"""`evse-bridge sessions` while no bridge runs: it lists, exports, resends. With one: `local/test_desk.py`."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path

import pytest

from bridge.cli import session_lines, sessions
from bridge.core.now import SINCE_BOOT
from bridge.core.rows import Delivered, GivenUp, MessageRef, Session, StartConfirmed, TransactionStarted
from bridge.folders import CommandError, Folders, MisuseError
from bridge.local.session_table import COLUMNS
from bridge.store import Database
from tests.bridge.store.model import EPOCH, a_row, a_stop
from tests.memory import MEMORY
from tests.own_mounts import under


@pytest.fixture
def folders() -> Iterator[Folders]:
    made = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
    yield Folders(made, made, made, mock=True)
    shutil.rmtree(made)


@pytest.fixture
def five(folders: Folders) -> None:
    """1 delivered, 2 and 3 dead letters, 4 waiting, 5 charging."""
    with closing(Database(folders.state / "bridge.sqlite")) as store:
        for row_id in range(1, 6):
            store.apply([TransactionStarted(a_row(row_id))])
        store.apply([a_stop(row_id) for row_id in range(1, 5)])
        store.apply([StartConfirmed(1, 70, "Accepted", None), Delivered(MessageRef(1, "stop"))])
        store.apply([GivenUp(2, "refused"), GivenUp(3, "busy", for_now=True)])


def left_by_a_killed_bridge(folders: Folders, change: GivenUp) -> None:
    """In its log, which nobody has folded in."""
    add = (
        "import os, sys; from bridge.store import Database; from bridge.core.rows import GivenUp;"
        "store = Database(sys.argv[1]); store.apply([GivenUp(int(sys.argv[2]), sys.argv[3])]);"
        "os.kill(os.getpid(), 9)"
    )
    words = (str(folders.state / "bridge.sqlite"), str(change.row_id), change.why)
    subprocess.run([sys.executable, "-c", add, *words], check=False)


def head_and_dead_letters(folders: Folders) -> tuple[MessageRef | None, list[int]]:
    with closing(Database(folders.state / "bridge.sqlite")) as store:
        head = store.head()
        return head.ref if head is not None else None, [row.row_id for row in store.dead_letters()]


@pytest.mark.usefixtures("five")
def test_the_list(folders: Folders) -> None:
    head, *lines = sessions.listed(folders, undelivered=False)
    assert head.split() == ["nr", "begun", "for", "kWh", "card"]
    begun = EPOCH.astimezone() + timedelta(hours=1)
    assert lines[0] == f"    1  {begun:%Y-%m-%d %H:%M}    0:30      0.999  04AABB01"
    assert [line.strip() for line in lines if line.startswith("       ")] == [
        "dead letter: refused; --resend 2 sends it again",
        "dead letter: busy; it is sent again automatically",
        "waiting, 2 messages wait",
        "charging, 1 message waits",
    ]
    assert all(len(line) <= 60 for line in lines)


def test_what_is_not_usual_is_said_beside_it() -> None:
    """Of a session that runs the energy so far, if the bridge says it; a long reason is broken."""
    row = replace(a_row(7), id_tag="", time_estimated=True, stop_reason="PowerLoss", stop_estimated=True)
    told = list(session_lines.lines(Session(row, 1), 12_345, UTC, 60))
    assert told == [
        "    7  2026-04-18 00:34       -     12.345  (none)",
        "       charging, 1 message waits, ended by PowerLoss, energy",
        "       estimated, time estimated",
    ]
    undated = replace(row, started_at=SINCE_BOOT + timedelta(seconds=83), id_tag="A\x1b[2J")
    assert next(session_lines.lines(Session(undated, 0), None, UTC, 60)) == (
        "    7  boot+83s               -          -  A\\x1b[2J"
    )


@pytest.mark.usefixtures("five")
def test_as_json(folders: Folders) -> None:
    told = json.loads(sessions.as_json(folders, undelivered=True))
    assert [(each["number"], each["delivery"]) for each in told] == [
        (2, "dead letter"), (3, "dead letter"), (4, "waiting"), (5, "charging"),
    ]  # fmt: skip


@pytest.mark.usefixtures("five")
def test_undelivered_leaves_out_what_is_delivered(folders: Folders) -> None:
    _, *lines = sessions.listed(folders, undelivered=True)
    assert [line.split()[0] for line in lines if line[:5].strip()] == ["2", "3", "4", "5"]


def test_nothing_yet(folders: Folders) -> None:
    Database(folders.state / "bridge.sqlite").close()
    assert list(sessions.listed(folders, undelivered=False)) == ["no session yet"]


@pytest.mark.usefixtures("five")
def test_the_table_has_the_documented_columns(folders: Folders) -> None:
    file = folders.state / "F.csv"
    assert list(sessions.export(folders, file, undelivered=False)) == [f"5 sessions written to {file}"]
    with file.open(encoding="utf-8", newline="") as written:
        rows = list(csv.DictReader(written))
    assert [row["delivery"] for row in rows] == [
        "delivered",
        "dead letter",
        "dead letter",
        "waiting",
        "charging",
    ]
    assert rows[0] == {
        "session": "1", "started_at": "2026-04-17T18:34:06Z", "stopped_at": "2026-04-17T19:04:06Z",
        "id_tag": "04AABB01", "energy_kwh": "0.999", "meter_start_kwh": "12345.001",
        "meter_stop_kwh": "12346.000", "reason": "Local", "estimated": "no", "transaction_id": "70",
        "delivery": "delivered", "dead_letter_reason": "", "time_estimated": "no",
    }  # fmt: skip
    documented = (Path(__file__).parents[2] / "docs" / "sessions.md").read_text("utf-8")
    table = documented.partition("## The columns of the table")[2].partition("##")[0]
    names = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert [name for cell in names[1:] for name in cell.split(", ")] == list(COLUMNS)


@pytest.mark.usefixtures("five")
def test_an_export_that_cannot_be_written_says_so(folders: Folders) -> None:
    with pytest.raises(CommandError, match="No such file or directory: name a file in a folder"):
        list(sessions.export(folders, folders.state / "nowhere" / "F.csv", undelivered=False))


def test_an_export_of_nothing_leaves_the_former_table_alone(folders: Folders) -> None:
    file = folders.state / "F.csv"
    file.write_text("last month's")
    with pytest.raises(CommandError, match="there is none"):
        list(sessions.export(folders, file, undelivered=False))
    assert file.read_text() == "last month's"


@pytest.mark.usefixtures("five")
def test_a_resend_is_for_the_next_bridge(folders: Folders) -> None:
    assert head_and_dead_letters(folders) == (MessageRef(4, "start"), [2, 3])
    assert sessions.resend(folders, 2) == "session 2 will be sent to the Central System again"
    assert head_and_dead_letters(folders) == (MessageRef(2, "start"), [3])


@pytest.mark.usefixtures("five")
def test_a_store_that_another_program_holds(folders: Folders) -> None:
    hold = (
        "import sys; from pathlib import Path; from bridge.store import Database;"
        "held = Database(Path(sys.argv[1])); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(folders.state / "bridge.sqlite")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(CommandError, match="database is locked; another program holds it: try again"):
            list(sessions.listed(folders, undelivered=False))
        other.communicate()
    assert len(json.loads(sessions.as_json(folders, undelivered=False))) == 5


@pytest.mark.usefixtures("five")
def test_what_a_killed_bridge_left_in_its_log_is_listed(folders: Folders) -> None:
    left_by_a_killed_bridge(folders, GivenUp(4, "just now"))
    assert (folders.state / "bridge.sqlite-wal").stat().st_size > 0
    assert "       dead letter: just now; --resend 4 sends it again" in list(
        sessions.listed(folders, undelivered=True)
    )
    assert sessions.resend(folders, 4) == "session 4 will be sent to the Central System again"


@pytest.mark.usefixtures("five")
def test_listing_leaves_the_folder_as_it_was(folders: Folders) -> None:
    assert len(json.loads(sessions.as_json(folders, undelivered=False))) == 5
    assert [file.name for file in folders.state.iterdir()] == ["bridge.sqlite"]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("killed", [False, True])
def test_a_card_that_takes_no_write_any_more_is_read(folders: Folders, killed: bool) -> None:
    if killed:
        left_by_a_killed_bridge(folders, GivenUp(4, "just now"))
    read_only = under(f"mount --bind -o ro {folders.state} {folders.state} && ! touch {folders.state}/file")
    command = [sys.executable, "-m", "bridge.cli.main", "sessions", *folders.arguments]
    listed = subprocess.run([*read_only, *command], capture_output=True, text=True, check=False)
    lines = listed.stdout.splitlines()
    rows = [line.split()[:2] for line in lines[1:] if line[5:10].strip()]
    assert rows == [["MOCK", f"{number}"] for number in range(1, 6)], listed.stderr
    assert ("dead letter: just now" in listed.stdout) == killed


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("row_id", [1, 4, 99])
def test_only_what_was_given_up_can_be_resent(folders: Folders, row_id: int) -> None:
    with pytest.raises(
        MisuseError, match=rf"--resend {row_id}: must be the number of a dead letter \(2, 3\)"
    ):
        sessions.resend(folders, row_id)


def test_without_a_store_one_clear_line(folders: Folders) -> None:
    with pytest.raises(CommandError, match=r"bridge makes it at its first start\. Or name its --state-dir"):
        list(sessions.listed(folders, undelivered=False))


@pytest.mark.usefixtures("five")
def test_a_damaged_database_is_spoken_of(folders: Folders) -> None:
    (folders.state / "bridge.sqlite.damaged-20261125T123005Z").touch()
    for told in (sessions.listed, partial(sessions.export, file=folders.state / "F.csv")):
        assert next(told(folders, undelivered=False)).startswith("A DAMAGED database was renamed")
