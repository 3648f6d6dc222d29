"""The database of a box between two runs of its programs: damaged, or of a newer version of them."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.store.schema import mark
from tests.system.configured import Values
from tests.system.world import World, world

pytestmark = pytest.mark.real
NEWER = 99
ITS_OWN: Values = {"charge_point.serial_number": "MOCK4711", "charge_point.id": "Garage"}
SMALL_FUSE: Values = {"installation.max_current_a": 10}


def schema_version(path: Path, to: int) -> int:
    """Sets it; what it was."""
    with closing(sqlite3.connect(path)) as connection:
        (was,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {to}")
        mark(connection, to)
        connection.commit()
        return int(was)


async def test_a_newer_and_a_damaged_database() -> None:
    async with world(SMALL_FUSE, ITS_OWN) as w:
        path = w.run.state / "bridge.sqlite"
        assert await w.end() == 0

        was = schema_version(path, NEWER)
        starting = asyncio.create_task(w.start())
        await w.until(lambda: w.run.times_said(f"{path}: schema version {NEWER}: "), "it says why")
        await same_program_for_two_tries(w)
        assert w.run.times_said(f"schema version {NEWER}") == 1
        schema_version(path, was)
        await starting
        assert await w.end() == 0

        content = bytearray(path.read_bytes())
        content[4096:8192] = bytes(4096)
        path.write_bytes(content)
        await w.start()
        (kept,) = path.parent.glob("bridge.sqlite.damaged-*")
        assert kept.read_bytes() == content
        assert w.run.times_said(f"the damaged database is kept as {kept}") == 1
        serials = [boot["chargePointSerialNumber"] for boot in w.central_system.ledger.boots]
        assert serials == ["MOCK4711"] * 3
        assert w.central_system.identity == "Garage"
        assert w.observer.status.limits_a["installation"] == 10.0


async def same_program_for_two_tries(w: World) -> None:
    """It waits; it is not started again and again."""
    pid = w.run.pids()["bridge"]
    await asyncio.sleep(6.0)
    assert w.run.pids()["bridge"] == pid
