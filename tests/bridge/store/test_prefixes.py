"""A power cut at any byte: every prefix of the writes opens as the store was after one of its batches.

The file is SQLite's: a WAL of frames, each a page; the last frame of a batch bears the size of the database.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from bridge.core.rows import Change
from bridge.store import Database
from tests.bridge.store.story import BATCHES_A_ROW, batch

BATCHES = 4 * BATCHES_A_ROW  # the last row is given up
HEADER, FRAME_HEADER = 32, 24  # https://sqlite.org/fileformat2.html#the_write_ahead_log


class Story(Database):
    def keep_the_wal(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.execute("PRAGMA wal_autocheckpoint = 0")

    def checkpoint(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(FULL)")

    def dump(self) -> list[str]:
        return list(self._connection.iterdump())


@dataclass(frozen=True)
class Written:
    """What the disk held before, what was appended, what the store held after each batch."""

    before: bytes
    wal: bytes
    after_checkpoint: bytes
    states: list[list[str]]

    @property
    def frame(self) -> int:
        return FRAME_HEADER + int(struct.unpack(">I", self.wal[8:12])[0])

    def commits(self, length: int) -> int:
        """Whole batches in the first `length` bytes of the WAL."""
        heads = range(HEADER, length - self.frame + 1, self.frame)
        return sum(struct.unpack(">I", self.wal[at + 4 : at + 8])[0] != 0 for at in heads)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    folder = tmp_path_factory.mktemp("prefixes")
    path = folder / "bridge.sqlite"
    with closing(Story(path)) as store:
        store.keep_the_wal()
        before, states = path.read_bytes(), [store.dump()]
        for number in range(BATCHES):
            store.apply(batch(number))
            states.append(store.dump())
        wal = Path(f"{path}-wal").read_bytes()
        store.checkpoint()
        yield Written(before, wal, path.read_bytes(), states)
    shutil.rmtree(folder)


def dump_of(path: Path, database: bytes, wal: bytes) -> list[str]:
    path.write_bytes(database)
    Path(f"{path}-wal").write_bytes(wal)
    with closing(sqlite3.connect(path)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        dump = list(opened.iterdump())
    Path(f"{path}-wal").unlink(missing_ok=True)
    return dump


def test_the_story_has_all_kinds_of_changes() -> None:
    told = {type(change) for number in range(BATCHES) for change in batch(number)}
    assert told == set(get_args(Change))


def test_every_frame_boundary_and_the_middle_of_every_frame(written: Written, path: Path) -> None:
    assert written.commits(len(written.wal)) == BATCHES
    boundaries = range(HEADER, len(written.wal) + 1, written.frame)
    assert len(boundaries) > BATCHES
    for boundary in boundaries:
        for length in (boundary, boundary + FRAME_HEADER - 1, boundary + written.frame // 2):
            if length <= len(written.wal):
                held = dump_of(path, written.before, written.wal[:length])
                assert held == written.states[written.commits(length)], f"cut at byte {length}"


def test_a_cut_while_the_wal_is_folded_in(written: Written, path: Path) -> None:
    """The pages on their way into the file, cut at each page and in mid-page: the WAL still has them all."""
    for length in range(0, len(written.after_checkpoint) + 1, 2048):
        database = written.after_checkpoint[:length] + written.before[length:]
        assert dump_of(path, database, written.wal) == written.states[-1], f"cut at byte {length}"
