"""The writer thread: order, durability at return, errors to the caller who waits, an orderly end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bridge.core.rows import Remembered, SampleTaken, TransactionStarted
from bridge.store import Database, StoreError
from bridge.store.writer import Writer
from tests.bridge.store.model import a_row, a_sample

pytestmark = pytest.mark.distribution


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Writer]:
    writer = await Writer.open(path)
    try:
        yield writer
    finally:
        await writer.close()


def in_file(path: Path) -> dict[str, str]:
    with closing(Database(path)) as store:
        return store.remembered()


async def test_reads_see_what_apply_returned_for(path: Path) -> None:
    async with opened(path) as writer:
        for row_id in range(1, 20):
            await writer.apply([TransactionStarted(a_row(row_id)), SampleTaken(row_id, 0, a_sample(0))])
            assert writer.row(row_id) == a_row(row_id)
            assert (writer.next_row_id(), writer.backlog()) == (row_id + 1, 2 * row_id)
            assert writer.last_sample(row_id) == a_sample(0)


async def test_batches_are_written_in_the_order_of_the_calls(path: Path) -> None:
    async with opened(path) as writer:
        calls = [writer.apply([Remembered("last", str(number))]) for number in range(50)]
        await asyncio.gather(*calls)
        assert writer.remembered() == {"last": "49"}


async def test_an_error_reaches_its_own_caller_and_nobody_else(path: Path) -> None:
    async with opened(path) as writer:
        outcomes = await asyncio.gather(
            writer.apply([TransactionStarted(a_row(1))]),
            writer.apply([Remembered("a", "refused"), SampleTaken(9, 0, a_sample(0))]),
            writer.apply([SampleTaken(1, 0, a_sample(0))]),
            return_exceptions=True,
        )
        assert outcomes[0] is outcomes[2] is None
        assert isinstance(outcomes[1], StoreError)
        assert (writer.remembered(), writer.backlog()) == ({}, 2)


async def test_the_event_loop_goes_on_while_the_disk_is_busy(path: Path) -> None:
    """Another connection writes; the loop turns until it lets go, and only then apply() returns."""
    async with opened(path) as writer:
        with closing(Locked(path)) as other:
            other.lock()
            applying = asyncio.create_task(writer.apply([Remembered("a", "b")]))
            for _ in range(100):
                await asyncio.sleep(0)
                assert writer.remembered() == {}
            assert not applying.done()
            other.unlock()
            await applying
        assert writer.remembered() == {"a": "b"}


class Locked(Database):
    def lock(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def unlock(self) -> None:
        self._connection.execute("ROLLBACK")


async def test_a_batch_is_written_even_if_its_caller_is_cancelled(path: Path) -> None:
    async with opened(path) as writer:
        with closing(Locked(path)) as other:
            other.lock()  # so that nothing is written before the cancellation
            calls = [asyncio.create_task(writer.apply([Remembered(name, "1")])) for name in "abc"]
            await asyncio.sleep(0)
            for call in calls:
                call.cancel()
            other.unlock()
        assert all(
            isinstance(outcome, asyncio.CancelledError)
            for outcome in await asyncio.gather(*calls, return_exceptions=True)
        )
    assert in_file(path) == {"a": "1", "b": "1", "c": "1"}


async def test_close_writes_what_was_handed_over_and_leaves_one_file_and_no_thread(path: Path) -> None:
    threads = set(threading.enumerate())
    writer = await Writer.open(path)
    call = asyncio.create_task(writer.apply([Remembered("a", "b")]))
    await asyncio.sleep(0)
    await writer.close()
    await call
    await writer.close()
    assert [file.name for file in path.parent.iterdir()] == ["bridge.sqlite"]  # the WAL is folded in
    assert set(threading.enumerate()) <= threads  # of others one may have ended
    assert in_file(path) == {"a": "b"}


async def test_a_closed_writer_says_so(path: Path) -> None:
    writer = await Writer.open(path)
    await writer.close()
    with pytest.raises(StoreError, match="the store is closed"):
        await writer.apply([Remembered("a", "b")])
    with pytest.raises(StoreError, match="could not be read"):
        writer.head()


async def test_opening_reports_as_the_database_does_and_leaves_no_thread(folder: Path) -> None:
    with pytest.raises(StoreError, match="its folder must exist"):
        await Writer.open(folder / "nowhere" / "bridge.sqlite")


async def test_a_path_with_the_signs_of_a_uri(folder: Path) -> None:
    async with opened(folder / "a ?mode=rw#%41.sqlite") as writer:
        await writer.apply([Remembered("a", "b")])
        assert writer.remembered() == {"a": "b"}
