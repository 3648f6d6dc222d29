"""A damaged file is kept aside and an empty one begun; an older one is copied first."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.core.rows import Remembered, TransactionStarted
from bridge.store import Database
from bridge.store.errors import DamagedError, StoreError
from bridge.store.opening import opened, set_aside
from bridge.store.schema import MIGRATIONS
from bridge.store.sessions import Sessions
from tests.bridge.store.model import a_row
from tests.spoiled import SPOILED, Spoiling

pytestmark = pytest.mark.distribution

NOW = datetime(2026, 11, 25, 12, 30, 5, tzinfo=UTC)


def filled(path: Path) -> None:
    with closing(Database(path)) as store:
        store.apply([TransactionStarted(a_row(row_id)) for row_id in range(1, 200)])


def zeroed_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:12288] = bytes(4096)
    path.write_bytes(content)


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database " * 500)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


@pytest.mark.parametrize(("damage", "next_row_id"), [(zeroed_page, 200), (garbage, 1), (cut, 1)])
def test_a_damaged_file_is_kept_and_an_empty_one_begun(
    path: Path, damage: object, next_row_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert callable(damage)
    filled(path)
    damage(path)
    held = path.read_bytes()
    with caplog.at_level(logging.CRITICAL), closing(opened(path, NOW)) as store:
        assert (store.rows(10), store.next_row_id()) == ([], next_row_id)
        store.apply([Remembered("a", "b")])
    kept = path.with_name("bridge.sqlite.damaged-20261125T123005Z")
    assert set_aside(path) == [kept]
    assert kept.read_bytes() == held
    assert str(kept) in caplog.text
    with closing(opened(path, NOW)) as again:
        assert again.remembered() == {"a": "b"}


@pytest.mark.parametrize("part", ["", "-wal", "-journal", ".salvaged"])
@pytest.mark.parametrize("spoil", SPOILED)
def test_whatever_stands_there_a_store_is_opened(path: Path, spoil: Spoiling, part: str) -> None:
    """What is beside the file costs no session; what stood there is kept."""
    filled(path)
    place = Path(f"{path}{part}")
    place.touch()
    spoil(place)
    with closing(opened(path, NOW)) as store:
        store.check()
        store.apply([Remembered("after", "all")])
        assert not part or len(store.rows(1000)) == 199
    is_file = spoil.__name__ not in ("folder", "circle", "pipe")
    assert is_file or list(path.parent.glob(f"{path.name}.damaged-*"))


def test_a_link_to_a_disk_that_is_not_there_is_waited_for(path: Path) -> None:
    path.symlink_to("not mounted/bridge.sqlite")
    with pytest.raises(StoreError, match="could not be opened"):
        opened(path, NOW)
    assert path.is_symlink()


def test_a_sound_file_stays(path: Path) -> None:
    filled(path)
    with closing(opened(path, NOW)) as store:
        assert len(store.rows(1000)) == 199
    assert set_aside(path) == []


def test_whoever_only_opens_it_is_told(path: Path) -> None:
    garbage(path)
    with pytest.raises(DamagedError, match="sets it aside"):
        Database(path)


def test_an_older_file_is_copied_before_it_is_brought_up(path: Path) -> None:
    """Of the version before dead letters were offered again; a row given up then is offered now."""
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        for file in sorted(MIGRATIONS.glob("000[123]_*.sql")):
            older.executescript(file.read_text("utf-8"))
        older.execute("PRAGMA user_version = 3")
        for row_id, why in enumerate(("InternalError busy", "FormationViolation"), start=1):
            older.execute(
                "INSERT INTO transactions (row_id, boot_id, connector_id, id_tag, meter_start_wh, started_at,"
                " given_up) VALUES (?, 'b', 1, 'T', 0, '2026-01-01T00:00:00.000000+00:00', ?)",
                (row_id, f"StartTransaction was answered with {why}"),
            )
            older.execute(
                "INSERT INTO set_aside (row_id, place, seq, attempts) VALUES (?, 0, 0, 3)", (row_id,)
            )
    with pytest.raises(StoreError, match="schema version 3, must be"):
        Sessions.open(path)
    with closing(Database(path)) as store:
        assert store.given_up_for_now() == (1,)
        assert len(store.dead_letters()) == 2
    with closing(sqlite3.connect(f"{path}.schema-3")) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (3,)
        assert copy.execute("SELECT count(*) FROM transactions").fetchone() == (2,)
    assert not list(path.parent.glob("*.unfinished"))


def test_a_new_file_has_no_copy(path: Path) -> None:
    filled(path)
    assert [file.name for file in path.parent.iterdir()] == ["bridge.sqlite"]
