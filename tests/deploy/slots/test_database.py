"""The database before a trial and after it: real SQLite files, and a folder that a stranger may hold."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from deploy.slots import database
from deploy.slots.disk import Disk
from tests.deploy.slots.box import BEFORE, IN_TRIAL, Box, box
from tests.deploy.slots.fickle_disk import QuickDisk


@pytest.fixture
def on(tmp_path: Path) -> Box:
    made = box(tmp_path / "box")
    made.places.copy.mkdir()
    return made


def trial_writes(on: Box) -> None:
    for name, content in IN_TRIAL.items():
        (on.places.bridge / name).write_bytes(content)


def test_what_the_trial_wrote_is_gone(on: Box) -> None:
    database.copy(QuickDisk(), on.places, on.places.copy)
    trial_writes(on)
    database.restore(QuickDisk(), on.places)
    assert on.database() == BEFORE


def test_a_database_that_was_not_there_before_is_gone(on: Box) -> None:
    """The version before could not open one of a newer schema."""
    for name in BEFORE:
        (on.places.bridge / name).unlink()
    database.copy(QuickDisk(), on.places, on.places.copy)
    trial_writes(on)
    database.restore(QuickDisk(), on.places)
    assert on.database() == {}


def test_rows_come_back_out_of_the_log_of_a_killed_program(on: Box) -> None:
    for name in BEFORE:
        (on.places.bridge / name).unlink()
    file = on.places.bridge / "bridge.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as store:
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("CREATE TABLE t (n INTEGER)")
        store.execute("INSERT INTO t VALUES (1)")
        database.copy(QuickDisk(), on.places, on.places.copy)  # its rows are still in the log
    with closing(sqlite3.connect(file, isolation_level=None)) as store:
        store.execute("INSERT INTO t VALUES (2)")
        store.execute("ALTER TABLE t ADD COLUMN later")
        database.restore(QuickDisk(), on.places)
    with closing(sqlite3.connect(file)) as store:
        assert store.execute("SELECT * FROM t").fetchall() == [(1,)]
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_link_is_not_followed(on: Box, tmp_path: Path) -> None:
    """Else the bridge's user could read every file of root's in its own folder."""
    (tmp_path / "secret").write_text("of root's")
    (on.places.bridge / "bridge.sqlite").unlink()
    (on.places.bridge / "bridge.sqlite").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic"):
        database.copy(QuickDisk(), on.places, on.places.copy)


def test_what_is_no_file_is_not_waited_for(on: Box) -> None:
    (on.places.bridge / "bridge.sqlite-wal").unlink()
    os.mkfifo(on.places.bridge / "bridge.sqlite-wal")
    with pytest.raises(OSError, match="must be a plain file of its program's own user"):
        database.copy(QuickDisk(), on.places, on.places.copy)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has files of another user")
def test_a_second_name_of_another_user_s_file_is_not_copied(on: Box) -> None:
    shutil.chown(on.places.bridge, 65534)
    with pytest.raises(OSError, match="must be a plain file of its program's own user"):
        database.copy(QuickDisk(), on.places, on.places.copy)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has files of another user")
def test_owner_and_mode_come_back(on: Box) -> None:
    for path in (on.places.bridge, *on.places.bridge.iterdir()):
        shutil.chown(path, 65534, 65534)
    (on.places.bridge / "bridge.sqlite").chmod(0o600)
    database.copy(Disk(), on.places, on.places.copy)
    trial_writes(on)
    database.restore(Disk(), on.places)
    seen = (on.places.bridge / "bridge.sqlite").stat()
    assert (seen.st_uid, seen.st_gid, seen.st_mode & 0o777) == (65534, 65534, 0o600)


@pytest.mark.parametrize("errno", [18, 1])
def test_where_a_file_has_no_second_name_it_is_copied(on: Box, errno: int) -> None:
    class Without(QuickDisk):
        def give_second_name(self, path: Path, new: Path) -> None:
            raise OSError(errno, "Invalid cross-device link", str(path), None, str(new))

    database.copy(QuickDisk(), on.places, on.places.copy)
    trial_writes(on)
    database.restore(Without(), on.places)
    assert on.database() == BEFORE


def test_a_full_disk_does_not_keep_it_from_coming_back(on: Box) -> None:
    class Full(QuickDisk):
        def write(self, *_: object) -> None:
            raise OSError(28, "No space left on device")

    database.copy(QuickDisk(), on.places, on.places.copy)
    trial_writes(on)
    database.restore(Full(), on.places)
    assert on.database() == BEFORE


def test_a_folder_in_the_place_of_a_file_gives_way(on: Box) -> None:
    database.copy(QuickDisk(), on.places, on.places.copy)
    for name in ("bridge.sqlite", "bridge.sqlite-wal"):
        (on.places.bridge / name).unlink()
        (on.places.bridge / name).mkdir()
        (on.places.bridge / name / "x").write_text("x")
    database.restore(QuickDisk(), on.places)
    assert on.database() == BEFORE
