"""A power cut at any step of opening: an older file brought up, a damaged one set aside, a new one made."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.core.rows import Remembered
from bridge.store.opening import opened, set_aside
from bridge.store.schema import MIGRATIONS, newest_version
from tests.bridge.store.opening_cuts import NAME, NOW

ROOT = Path(__file__).parents[3]
LATER = NOW + timedelta(minutes=1)
ROWS = 20
GARBAGE = b"this is no database " * 500


def left_by_deaths(template: Path) -> Iterator[Path]:
    """The store as each death left it, and as it is opened whole."""
    command = [sys.executable, "-m", "tests.bridge.store.opening_cuts", str(template)]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    for step in range(1, int(ran.stdout.split()[-1]) + 1):
        yield Path(f"{template}-{step}") / NAME


@pytest.fixture
def template(folder: Path) -> Path:
    made = folder / "t"
    made.mkdir()
    return made


def older(path: Path) -> None:
    """Of schema 3, with sessions that wait."""
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        for file in sorted(MIGRATIONS.glob("000[123]_*.sql")):
            store.executescript(file.read_text("utf-8"))
        store.execute("PRAGMA user_version = 3")
        for row_id in range(1, ROWS + 1):
            store.execute(
                "INSERT INTO transactions (row_id, boot_id, connector_id, id_tag, meter_start_wh, started_at)"
                " VALUES (?, 'b', 1, 'T', 0, '2026-01-01T00:00:00.000000+00:00')",
                (row_id,),
            )
            store.execute("INSERT INTO outbox (row_id, place, seq, attempts) VALUES (?, 0, 0, 0)", (row_id,))


def test_cut_while_an_older_file_is_brought_up(template: Path) -> None:
    older(template / NAME)
    steps = 0
    for path in left_by_deaths(template):
        steps += 1
        with closing(opened(path, LATER)) as store:
            assert (len(store.rows(1000)), store.backlog()) == (ROWS, ROWS), path
        with closing(sqlite3.connect(path)) as store:
            assert store.execute("PRAGMA user_version").fetchone() == (newest_version(),)
        with closing(sqlite3.connect(f"{path}.schema-3")) as copy:
            assert copy.execute("PRAGMA user_version").fetchone() == (3,), path
            assert copy.execute("SELECT count(*) FROM transactions").fetchone() == (ROWS,)
        assert set_aside(path) == []
        assert not list(path.parent.glob("*.unfinished"))
    assert steps > 20


def test_cut_while_a_damaged_file_is_kept_aside(template: Path) -> None:
    (template / NAME).write_bytes(GARBAGE)
    steps = 0
    for path in left_by_deaths(template):
        steps += 1
        with closing(opened(path, LATER)) as store:
            assert (store.rows(10), store.next_row_id()) == ([], 1)
            store.apply([Remembered("a", "b")])
        assert [kept.read_bytes() for kept in set_aside(path)] == [GARBAGE], path
        with closing(opened(path, LATER)) as again:
            assert again.remembered() == {"a": "b"}
    assert steps > 5


def test_cut_while_a_new_file_is_made(template: Path) -> None:
    for path in left_by_deaths(template):
        with closing(opened(path, LATER)) as store:
            store.apply([Remembered("a", "b")])
        assert set_aside(path) == [], path
        shutil.rmtree(path.parent)
