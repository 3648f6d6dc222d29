"""What a Central System says, on its way to the store, the log, a table and the terminal."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.central_system.events import Received
from bridge.central_system.trouble import NoOcppError
from bridge.cli import sessions
from bridge.cli.main import app
from bridge.compose import DATABASE_NAME
from bridge.core.rows import GivenUp, TransactionStarted
from bridge.folders import Folders
from bridge.jobs.attempt import TransferError
from bridge.store import Database
from hal.visible import MOST
from tests.bridge.core.messages import CHARGING, WAITING
from tests.bridge.shell import Shell
from tests.bridge.store.model import a_row, a_stop

HOSTILE = (
    "\x1b]0;title\x07\x1b[2J",
    "x\nMay 01 00:00:00 evse-bridge: BootNotification: Accepted",
    "\u202e\u2066x",
    "y" * 900_000,
)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")')


def folders(path: Path) -> Folders:
    return Folders(path, path, path, mock=True)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_why_a_session_was_given_up_is_one_visible_line(hostile: str) -> None:
    shell = Shell()
    shell.store.apply([TransactionStarted(a_row(1)), a_stop(1)])
    shell.register()
    for _ in range(200):
        if shell.open_call is not None:
            _, identity, *_ = shell.open_call
            shell.refuse(identity, [hostile, hostile, {"a": hostile}])
        shell.let_pass(30.0)
        if shell.store.dead_letters():
            break
    (row,) = shell.store.dead_letters()
    assert row.given_up is not None
    assert row.given_up.isprintable()
    assert len(row.given_up) < 5 * MOST
    shell.store.close()


@pytest.mark.parametrize("hostile", HOSTILE[:3], ids=range(3))
def test_an_id_tag_is_sent_back_as_it_came(hostile: str) -> None:
    """OCPP 1.6 IdToken: what is compared and returned is the peer's own, whatever it looks like."""
    shell = Shell()
    shell.register()
    tag = hostile[:20]
    shell.ask("1", "RemoteStartTransaction", idTag=tag)
    shell.facts = WAITING
    shell.let_pass(2.0)
    shell.settle()
    authorized = [frame[3]["idTag"] for frame in shell.sent_calls() if frame[2] == "Authorize"]
    started = [frame[3]["idTag"] for frame in shell.sent_calls() if frame[2] == "StartTransaction"]
    assert {*authorized, *started} == {tag}
    shell.facts = CHARGING
    shell.store.close()


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_errors_of_the_network_are_one_visible_line(hostile: str) -> None:
    for error in (TransferError(f"x answered {hostile}"), NoOcppError(hostile)):
        assert str(error).isprintable()
        assert len(str(error)) < 5 * MOST


def test_a_table_holds_no_formula_and_no_line_that_is_none(tmp_path: Path) -> None:
    with closing(Database(tmp_path / DATABASE_NAME)) as store:
        for number, text in enumerate((*FORMULAS, *HOSTILE), start=1):
            row = replace(a_row(number), id_tag=text)
            store.apply([TransactionStarted(row), a_stop(number), GivenUp(number, text)])
    file = tmp_path / "out.csv"
    assert list(sessions.export(folders(tmp_path), file, undelivered=False))
    with file.open(encoding="utf-8", newline="") as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert all(cell.isprintable() and len(cell) < 5 * MOST for cell in cells)
    assert {f"'{formula}" for formula in FORMULAS} <= set(cells)


def test_the_terminal_gets_what_can_be_seen(tmp_path: Path) -> None:
    with closing(Database(tmp_path / DATABASE_NAME)) as store:
        for number, text in enumerate(HOSTILE, start=1):
            store.apply([TransactionStarted(replace(a_row(number), id_tag=text)), GivenUp(number, text)])
    where = ["--state-dir", str(tmp_path), "--runtime-dir", str(tmp_path), "--config-dir", str(tmp_path)]
    done = CliRunner().invoke(app, ["sessions", "--mock", *where])
    lines = done.output.split("\n")[:-1]
    numbered = [line for line in lines[1:] if line[5:10].strip().isdigit()]
    assert (done.exit_code, len(numbered)) == (0, len(HOSTILE))
    assert all(line.isprintable() for line in lines)


def test_no_frame_of_the_central_system_forges_a_line_of_what_we_note() -> None:
    """What is no frame, an answer to nothing, an action that nobody knows."""
    shell = Shell()
    shell.register()
    for hostile in HOSTILE:
        for frame in (
            hostile,
            json.dumps([3, hostile, {}]),
            json.dumps([4, hostile, hostile, hostile, {}]),
            json.dumps([2, hostile, hostile, {}]),
            json.dumps([2, "1", "Reset", {"type": hostile}]),
            json.dumps([2, "2", "ChangeConfiguration", {"key": hostile[:50], "value": hostile[:500]}]),
            json.dumps([2, "3", "DataTransfer", {"vendorId": hostile[:255], "data": hostile}]),
        ):
            shell.feed(Received(frame))
    assert all(len(line) < 2000 for line in shell.lines().split("\n"))
    shell.store.close()
