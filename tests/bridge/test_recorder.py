"""What waits for a disk that is slow, hangs, or refuses, and what does not. In simulated time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import pytest

from bridge.central_system.effects import Effects
from bridge.core.rows import Change, Remembered, TransactionStarted
from bridge.recorder import HUNG_S, SOON_S, Recorder
from bridge.store import StoreError
from bridge.store.errors import ChangeError
from tests.bridge.central_system.simulated_loop import now_s, simulated
from tests.bridge.store.model import a_row

START = Effects((TransactionStarted(a_row(1)),), notes=("start",))
KEY = Effects((Remembered("a", "b"),), notes=("key",))
TALK = Effects(notes=("talk",))


class Disk:
    """Takes its time, then stores or fails."""

    def __init__(self) -> None:
        self.takes_s = 0.0
        self.fails: StoreError | None = None
        self.stored: list[Change] = []

    async def apply(self, changes: Sequence[Change]) -> None:
        await asyncio.sleep(self.takes_s)
        if self.fails is not None:
            raise self.fails
        self.stored += changes


class Bench:
    """A recorder, its disk, and what came of it."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.said: list[str] = []
        self.told: list[tuple[bool, bool, bool]] = []  # recorded, settled, start unrecorded
        self.recorder = Recorder(self.disk, self._say, self._tell)

    async def _say(self, effects: Effects) -> None:
        self.said += effects.notes

    def _tell(self, *, recorded: bool, settled: bool, start_unrecorded: bool) -> None:
        self.told.append((recorded, settled, start_unrecorded))

    async def pass_time(self, for_s: float) -> None:
        """As the bridge's ticks do."""
        end_s = now_s() + for_s
        while now_s() < end_s:
            await asyncio.sleep(0.25)
            await self.recorder.write_held()


def on_bench(story: Callable[[Bench], Awaitable[None]]) -> Bench:
    bench = Bench()

    async def play() -> None:
        await story(bench)

    simulated(play())
    return bench


def test_a_disk_that_is_well_is_waited_for() -> None:
    async def story(b: Bench) -> None:
        b.disk.takes_s = SOON_S / 2
        for effects in (START, TALK, KEY):
            await b.recorder.apply(effects)
        assert not b.recorder.waits

    bench = on_bench(story)
    assert (bench.said, bench.told) == (["start", "talk", "key"], [])


def test_a_slow_disk_holds_up_what_it_has_to_store_and_nothing_else() -> None:
    async def story(b: Bench) -> None:
        b.disk.takes_s = 2.0
        began_s = now_s()
        for effects in (START, TALK, KEY):
            await b.recorder.apply(effects)
        assert now_s() - began_s <= SOON_S
        assert b.recorder.waits
        assert (b.said, b.told[-1]) == (["talk"], (True, False, True))
        await b.pass_time(2.5)
        assert (b.said, b.told[-1]) == (["talk", "start"], (True, False, False))
        await b.pass_time(2.5)

    bench = on_bench(story)
    assert (bench.said, bench.told[-1]) == (["talk", "start", "key"], (True, True, False))
    assert bench.disk.stored == [*START.changes, *KEY.changes]


def test_a_disk_that_hangs_counts_as_one_that_refuses(caplog: pytest.LogCaptureFixture) -> None:
    async def story(b: Bench) -> None:
        b.disk.takes_s = 3 * HUNG_S
        await b.recorder.apply(START)
        await b.pass_time(HUNG_S - 1.0)
        assert b.told[-1] == (True, False, True)
        await b.pass_time(2.0)
        assert b.told[-1] == (False, False, True)
        await b.pass_time(2 * HUNG_S + 2.0)

    bench = on_bench(story)
    assert (bench.said, bench.told[-1]) == (["start"], (True, True, False))
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert said == [
        "the disk has not answered for 10 s, no new session starts",
        "everything is recorded again",
    ]


def test_a_disk_that_refuses_slowly(caplog: pytest.LogCaptureFixture) -> None:
    async def story(b: Bench) -> None:
        b.disk.takes_s, b.disk.fails = 1.0, StoreError("full")
        await b.recorder.apply(START)
        await b.pass_time(10.0)
        assert b.told[-1] == (False, False, True)
        assert not await b.recorder.settled()
        b.disk.fails = None
        await b.pass_time(3.0)
        assert await b.recorder.settled()

    bench = on_bench(story)
    assert bench.said == ["start"]
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL] == [
        "nothing can be recorded, no new session starts: full",
        "everything is recorded again",
    ]


def test_the_end_waits_for_a_slow_disk() -> None:
    async def story(b: Bench) -> None:
        b.disk.takes_s = 2.0
        await b.recorder.apply(START)
        await b.recorder.apply(KEY)
        assert await b.recorder.settled()

    assert on_bench(story).said == ["start", "key"]


def test_what_no_patience_mends_is_raised_later_too() -> None:
    async def story(b: Bench) -> None:
        b.disk.takes_s, b.disk.fails = 1.0, ChangeError("a bug")
        await b.recorder.apply(START)
        with pytest.raises(ChangeError):
            await b.pass_time(2.0)

    assert on_bench(story).said == []
