"""What holds idTags or a password is hidden from all but its owner, from its first byte on."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge import config_files
from bridge.core.rows import Remembered
from bridge.store import Database
from bridge.store.opening import opened
from bridge.store.schema import MIGRATIONS
from bridge.store.sessions import Sessions

NOW = datetime(2026, 11, 25, 12, 30, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _everything_is_readable() -> Iterator[None]:
    """Unless somebody says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o077 for file in folder.rglob("*") if file.is_file()}


class Watch:
    """Looks at all files of a folder at each step of what is done there."""

    def __init__(self, folder: Path) -> None:
        self.seen: dict[str, int] = {}
        self._folder = folder

    def __enter__(self) -> Watch:
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _look(self, _frame: object, event: str, _called: object) -> None:
        if event not in ("c_return", "c_exception"):
            return
        with os.scandir(self._folder) as files:
            for file in files:
                if file.is_file():
                    mode = file.stat().st_mode & 0o077
                    self.seen[file.name] = self.seen.get(file.name, 0) | mode


def test_the_database_and_its_log(tmp_path: Path) -> None:
    with Watch(tmp_path) as watch, closing(opened(tmp_path / "bridge.sqlite", NOW)) as store:
        store.apply([Remembered("a", "b")])
    assert {"bridge.sqlite", "bridge.sqlite-wal"} <= watch.seen.keys()
    assert not any(watch.seen.values()), watch.seen


def test_the_copy_of_an_older_database(tmp_path: Path) -> None:
    path = tmp_path / "bridge.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        for file in sorted(MIGRATIONS.glob("000[123]_*.sql")):
            older.executescript(file.read_text("utf-8"))
        older.execute("PRAGMA user_version = 3")
    path.chmod(0o600)
    with Watch(tmp_path) as watch:
        Database(path).close()
    assert {"bridge.sqlite.schema-3", "bridge.sqlite.schema-3.unfinished"} <= watch.seen.keys()
    assert not any(watch.seen.values()), watch.seen


def test_a_damaged_database_and_what_is_saved_of_it(tmp_path: Path) -> None:
    path = tmp_path / "bridge.sqlite"
    with closing(Database(path)) as store:
        store.apply([Remembered("a", "b")])
    with closing(sqlite3.connect(path, isolation_level=None)) as damaged:
        damaged.execute("UPDATE local_list_version SET version = -1")
    with Watch(tmp_path) as watch, closing(opened(path, NOW)) as store:
        assert store.remembered() == {"a": "b"}
    assert {"bridge.sqlite.damaged-20261125T123005Z", "bridge.sqlite.salvaged"} <= watch.seen.keys()
    assert not any(watch.seen.values()), watch.seen


def test_what_is_read_of_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "bridge.sqlite"
    Database(path).close()
    with closing(Sessions.open(path)):
        assert not any(modes(tmp_path).values())


def test_a_new_charge_point_toml(tmp_path: Path) -> None:
    """The folder is anybody's to look into; wallbox.toml holds no secret."""
    with Watch(tmp_path) as watch:
        config_files.init(tmp_path, mock=True)
    assert watch.seen["charge-point.toml"] == 0
    assert watch.seen["wallbox.toml"] != 0
