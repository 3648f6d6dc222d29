"""Bad disks: really full, really without the right to write."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bridge.core.rows import Remembered, TransactionStarted
from bridge.store import Database, StoreError
from tests.bridge.store.model import a_row
from tests.own_mounts import under

ROOT = Path(__file__).parents[3]
CHILD = [sys.executable, "-m", "tests.bridge.store.bad_disk"]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("scene", ["full", "held"])
def test_a_real_disk_runs_full(folder: Path, scene: str) -> None:
    own_disk = under(f"mount -t tmpfs -o size=400k tmpfs {folder}")
    child = run([*own_disk, *CHILD, scene, str(folder)])
    assert child.returncode == 0, child.stderr


def test_a_file_that_may_not_be_written(folder: Path) -> None:
    child = run([*CHILD, "unwritable", str(folder)])
    assert child.returncode == 0, child.stderr


def test_a_database_at_its_limit_refuses_the_batch_and_keeps_the_rest(path: Path) -> None:
    class Small(Database):
        def limit(self) -> None:
            self._connection.execute("PRAGMA max_page_count = 1")  # no more pages than it has

    with closing(Small(path)) as store:
        store.apply([TransactionStarted(a_row(1)), Remembered("a", "b")])
        store.limit()
        with pytest.raises(StoreError, match=r"2 changes were not stored: .*full; free space on its disk"):
            store.apply([Remembered("a", "c"), Remembered("big", "x" * 100_000)])
        store.apply([Remembered("a", "d")])
    with closing(Database(path)) as reopened:
        assert (reopened.remembered(), reopened.row(1)) == ({"a": "d"}, a_row(1))
