"""A store that was whole at the start and is not any more: the bridge ends, and the next one mends it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge import app
from bridge.cli.asking import NoBridgeError, asked
from bridge.compose import DATABASE_NAME
from bridge.core.rows import SampleTaken, StartConfirmed, TransactionStarted
from bridge.folders import Folders
from bridge.local.orders import ListSessions, Page
from bridge.store import Database
from bridge.store.database import address
from bridge.store.errors import DamagedError
from bridge.store.sessions import Sessions
from tests.bridge.shell import setup
from tests.bridge.store.model import a_row, a_sample, a_stop
from tests.memory import MEMORY

pytestmark = pytest.mark.distribution

PATIENCE_S = 60.0


@pytest.fixture
def state() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="evse-", dir=MEMORY) as name:
        yield Path(name)


def spoil(path: Path, statement: str) -> None:
    """Within this process, as another one is kept out."""
    with closing(sqlite3.connect(address(path), uri=True, isolation_level=None)) as other:
        other.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transactions SET started_at = 'soon'",
        "UPDATE outbox SET frozen = '{' || 'x'",
        "UPDATE samples SET at = x'ff' || ''",
    ],
)
def test_what_cannot_be_read_any_more_is_known(path: Path, statement: str) -> None:
    with closing(Database(path)) as store:
        store.apply([TransactionStarted(a_row(1)), a_stop(1)])
        if "samples" in statement:
            taken = SampleTaken(1, 0, a_sample(0))
            store.apply([taken, StartConfirmed(1, 5, "Accepted", None)])
        assert store.head() is not None
        assert store.spoilt is None
        spoil(path, statement)
        with pytest.raises(DamagedError):
            store.head()
        assert store.spoilt is not None


async def page_of(folders: Folders) -> Page:
    """From the bridge that runs, as soon as it does."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(NoBridgeError):
                return await asyncio.to_thread(lambda: asked(folders.runtime, ListSessions(0), Page))
            await asyncio.sleep(0.02)


async def test_the_bridge_ends_and_the_next_one_mends_it(state: Path) -> None:
    """Without a box, and without a Central System."""
    path = state / DATABASE_NAME
    with closing(Database(path)) as store:
        store.apply([TransactionStarted(a_row(1)), a_stop(1)])
    where = app.Folders(state, state, state)
    folders = Folders(state, state, state, mock=True)
    running = asyncio.create_task(app.run(where, setup(), "boot-1", mock=True))
    assert len((await page_of(folders)).sessions) == 1
    spoil(path, "UPDATE transactions SET started_at = 'soon'")
    assert "cannot be read" in (await page_of(folders)).why
    with pytest.raises(DamagedError, match="soon"):
        async with asyncio.timeout(PATIENCE_S):
            await running
    again = asyncio.create_task(app.run(where, setup(), "boot-1", mock=True))
    (session,) = (await page_of(folders)).sessions
    assert session.row.given_up == "the card was damaged: started_at cannot be read"
    again.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await again


def test_its_owner_sees_the_others_meanwhile(path: Path) -> None:
    """While no bridge runs nobody mends it."""
    with closing(Database(path)) as store:
        store.apply([TransactionStarted(a_row(1)), TransactionStarted(a_row(2))])
        spoil(path, "UPDATE transactions SET started_at = 'soon' WHERE row_id = 1")
    with closing(Sessions.open(path)) as sessions:
        assert [session.row.row_id for session in sessions.sessions(0, 10)] == [2]
