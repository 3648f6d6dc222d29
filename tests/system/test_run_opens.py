"""`evse-bridge run` as the one who opens: a stopped hal.safety, and an output that nobody reads.

The kernel keeps the outputs of a dead process, as a Raspberry Pi's does.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from hal.contract import Status
from tests.system.world import World, world

pytestmark = pytest.mark.real
KEEPS = {"mock.kernel": "keeps"}
# 1 s of silence; it was fed up to 0.25 s before; safe_outputs starts a Python: 0.1 s, more on a busy machine.
SAFE_WITHIN_S = 1.5
BUSY_S = 2.0  # for other work on this machine


async def charging_at(w: World) -> float:
    """A moment at which it is closed and offers: a busy machine without real-time priority opens at times."""
    while True:
        seen = w.truth.of("contactor_closed", 0.0)  # what is seen of it comes after it is so
        state = await w.plant()
        if seen and seen[-1][1] and state["contactor_closed"] and state["pilot"] != "x1":
            return float(state["at_s"])
        await asyncio.sleep(0.02)


async def safe_after(w: World, since_s: float) -> float:
    """The contactor is open and nothing is offered: how long that took, by the plant's own clock."""
    await w.until(lambda: w.truth.of("contactor_closed", since_s), "open")
    await w.until(lambda: w.truth.of("pilot", since_s), "x1")
    (opened_at_s, closed), *_ = w.truth.of("contactor_closed", since_s)
    (x1_at_s, pilot), *_ = w.truth.of("pilot", since_s)
    assert (closed, pilot) == (False, "x1")
    return max(opened_at_s, x1_at_s) - since_s


async def test_a_stopped_hal_safety_is_killed_and_its_outputs_are_made_safe() -> None:
    async with world(KEEPS) as w:
        await w.charge()
        starts, stopped_at_s = len(starts_of(w)), await charging_at(w)
        os.kill(w.run.pids()["safety"], signal.SIGSTOP)
        assert await safe_after(w, stopped_at_s) < SAFE_WITHIN_S + BUSY_S
        await w.until(lambda: w.run.times_said("safety no longer feeds its watchdog: killed"), "the reason")
        await charges_again(w, starts)
        await w.until_status("Charging")
        await w.stop_with_card()
        w.stopped_once("Local")
        await w.billed_rightly()


async def test_a_writer_that_hangs_keeps_nobody_from_opening() -> None:
    """It holds the output of the hal.safety that started it, and a disk that hangs holds it for long."""
    async with world(KEEPS) as w:
        await w.charge()
        safety = w.run.pids()["safety"]
        writers = writers_of(safety)
        assert writers
        at_s = await charging_at(w)
        try:
            for pid in (*writers, safety):
                os.kill(pid, signal.SIGSTOP)
            assert await safe_after(w, at_s) < SAFE_WITHIN_S + BUSY_S
        finally:
            for pid in writers:
                os.kill(pid, signal.SIGCONT)


def writers_of(safety: int) -> list[int]:
    """The children of that process."""
    children = Path(f"/proc/{safety}/task/{safety}/children").read_text(encoding="ascii")
    return [int(pid) for pid in children.split()]


def starts_of(w: World) -> set[str]:
    """Of hal.safety, as far as it spoke."""
    return {status.start_id for status in w.observer.of(Status)}


async def charges_again(w: World, starts: int) -> None:
    """By the word of a hal.safety that is not among the first `starts`."""
    await w.until(
        lambda: len(starts_of(w)) > starts and w.observer.status.contactor_closed, "it charges again"
    )


async def test_an_output_that_nobody_reads_keeps_nobody_from_opening() -> None:
    """The story of issue J: run's pipe is full, then hal.safety is killed, then another one is stopped."""
    async with world(KEEPS) as w:
        await w.charge()
        await w.run.stop_reading()
        for number in (signal.SIGKILL, signal.SIGSTOP):
            starts, at_s = len(starts_of(w)), await charging_at(w)
            os.kill(w.run.pids()["safety"], number)
            assert await safe_after(w, at_s) < SAFE_WITHIN_S + BUSY_S
            await charges_again(w, starts)
        w.run.read_again()
        await w.until(lambda: w.run.times_said("safety was killed by SIGKILL") == 2, "the lines that waited")
        await w.until_status("Charging")
        await w.stop_with_card()
        w.stopped_once("Local")
        await w.billed_rightly()


async def test_run_ends_though_nobody_reads() -> None:
    async with world(KEEPS) as w:
        await w.run.stop_reading()
        ending = asyncio.create_task(w.run.end())
        await w.until(lambda: not w.run.pids(), "all have ended")
        w.run.read_again()
        assert await ending == 0
