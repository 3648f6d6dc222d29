"""The disk of a box with all its programs: slow, full, read-only. What is billed stays true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.system import disk
from tests.system.configured import Values
from tests.system.disk import Disk
from tests.system.world import CARD, World, world

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(disk.missing() is not None, reason=str(disk.missing())),
]
SLOW_S = 2.0
FEW_VALUES: Values = {"ocpp.keys.MeterValueSampleInterval": 5}


@asynccontextmanager
async def asked_all_the_time(w: World) -> AsyncIterator[list[tuple[float, float]]]:
    """GetConfiguration, again and again; when each was sent and answered."""
    answered: list[tuple[float, float]] = []

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()  # CLOCK_MONOTONIC, as the disk's
            await w.central_system.call("GetConfiguration", {"key": ["HeartbeatInterval"]}, timeout_s=60.0)
            answered.append((began_s, loop.time()))
            await asyncio.sleep(0.05)

    asking = asyncio.create_task(ask())
    try:
        yield answered
        assert not asking.done(), "an answer never came"
    finally:
        asking.cancel()
        await asyncio.wait([asking])


async def test_a_slow_disk_delays_what_must_be_written_and_nothing_else() -> None:
    async with world(charge_point=FEW_VALUES, environment=disk.whole_environment) as w:
        box_disk = Disk(w.run.state.parent)
        box_disk.slow(SLOW_S)
        began_s = asyncio.get_running_loop().time()
        async with asked_all_the_time(w) as answered:
            await w.charge()
            await w.do("swipe", tag=CARD)
            await w.until(lambda: not w.observer.status.contactor_closed, "it stops")
        box_disk.well()
        await w.until(lambda: w.transaction.stops, "StopTransaction")
        await w.leave()
        w.stopped_once("Local")
        await w.billed_rightly()

        syncs = [sync for sync in box_disk.syncs if sync.began_s >= began_s]
        own = [sync for sync in syncs if sync.program == "bridge"]
        assert len(own) >= 3
        for sync in own[:3]:
            during = [one for one in answered if sync.began_s < one[0] and one[1] < sync.ended_s]
            assert len(during) >= 3, f"answers during {sync}: {during}"
        assert {sync.program for sync in syncs if sync.in_main_thread} <= {
            "hal.safety.state.writer"
        }  # its purpose
        assert {"bridge", "hal.instruments"} <= {sync.program for sync in syncs}
        (closed_s, _), *_ = [change for change in w.truth.of("contactor_closed") if change[1]]
        assert any(sync.ended_s <= closed_s for sync in own), "closed before the row was written"
        offered = [amps for at_s, amps in w.truth.of("pilot") if at_s > closed_s]
        assert offered.count("x1") == 1, f"a wish has lapsed: {offered}"
        assert "SuspendedEVSE" not in w.statuses


@pytest.mark.parametrize("trouble", ["full", "read_only"])
async def test_a_disk_that_takes_nothing_loses_nothing(trouble: str) -> None:
    async with world(environment=disk.database_environment) as w:
        box_disk = Disk(w.run.state.parent)
        transaction = await w.charge()
        (box_disk.full if trouble == "full" else box_disk.read_only)()
        await w.until_status("Charging", "InternalError")
        assert w.run.times_said("the disk cannot be written, no new session starts: ") == 1
        values = len(transaction.values)
        await w.until_charged_wh(300)
        await w.do("swipe", tag=CARD)
        await w.until(lambda: not w.observer.status.contactor_closed, "it stops")
        await w.until_status("Unavailable", "InternalError")
        assert (len(transaction.values), transaction.stops) == (values, [])
        box_disk.well()
        await w.until(lambda: transaction.stops, "StopTransaction")
        await w.until(lambda: w.run.times_said("the disk can be written again"), "it is said")
        assert len(transaction.values) > values
        await w.until_status("Finishing")
        await w.leave()
        w.stopped_once("Local")
        await w.billed_rightly()


async def test_a_full_disk_and_a_kill_forget_the_end_but_no_energy() -> None:
    """What only memory held is gone: the session goes on, as after any kill, and is billed whole."""
    async with world(environment=disk.database_environment) as w:
        box_disk = Disk(w.run.state.parent)
        transaction = await w.charge()
        box_disk.full()
        await w.until_status("Charging", "InternalError")
        await w.do("swipe", tag=CARD)
        await w.until_status("Unavailable", "InternalError")
        assert not w.observer.status.contactor_closed
        w.run.kill("bridge")
        await w.until(lambda: len(w.central_system.ledger.boots) == 2, "it comes back, full as the disk is")
        await w.until_status("Charging", "InternalError")
        await w.until_charged_wh(200)
        assert transaction.stops == []
        box_disk.well()
        await w.until_status("Charging")
        await w.stop_with_card()
        await w.until(lambda: transaction.stops, "StopTransaction")
        w.stopped_once("Local")
        await w.billed_rightly()
