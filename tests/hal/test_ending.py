"""A program ends within its time after SIGTERM, whatever its ports do. Each case is a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys

import pytest

from hal.ending import cancelled
from tests.hal.instruments.waiting import PATIENCE_S

LONG_S = 20.0  # more than the orderly ends below need on a busy machine
SHORT_S = 0.5
HEAD = """
import asyncio, os, sys, tempfile, threading, time
from hal import ending
fifo = os.path.join(tempfile.mkdtemp(), "fifo")
os.mkfifo(fifo)

def ready():
    print("ready", flush=True)
"""
LOSES_ITS_CANCELLATION = """
async def work():
    try:
        ready()
        await asyncio.sleep(1000)
    except asyncio.CancelledError:  # as wait_for of Python 3.11 does
        pass
    await asyncio.sleep(1000)
"""
A_CHILD_LOSES_ITS = """
async def child():
    try:
        await asyncio.sleep(1000)
    except asyncio.CancelledError:
        pass
    await asyncio.sleep(1000)

async def work():
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(child())
        tasks.create_task(asyncio.sleep(1000))
        ready()
"""
ENDS_IN_ORDER = """
async def work():
    try:
        ready()
        await asyncio.sleep(1000)
    finally:
        print("in order", flush=True)
"""
BLOCKS_THE_LOOP = """
async def work():
    ready()
    open(fifo).read()
"""
SPINS_IN_THE_LOOP = """
async def work():
    ready()
    while True:
        pass
"""
A_THREAD_WAITS_FOR_A_FIFO = """
async def work():
    waiting = asyncio.create_task(asyncio.to_thread(lambda: open(fifo).read()))
    await asyncio.sleep(0.05)
    ready()
    await waiting
"""
THE_END_BLOCKS = """
async def work():
    try:
        ready()
        await asyncio.sleep(1000)
    finally:
        threading.Event().wait()
"""


def end_of(program: str, limit_s: float, *, signals: int = 1) -> tuple[int, str]:
    """The exit code after SIGTERM, and what was printed."""
    source = f"{HEAD}{program}\nending.run(work(), {limit_s})\n"
    with subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        try:
            assert running.stdout.readline() == "ready\n"
            for _ in range(signals):
                running.send_signal(signal.SIGTERM)
            rest, _ = running.communicate(timeout=PATIENCE_S)
        finally:
            running.kill()
        return running.returncode, rest


@pytest.mark.parametrize("program", [LOSES_ITS_CANCELLATION, A_CHILD_LOSES_ITS])
def test_whoever_loses_a_cancellation_is_cancelled_again(program: str) -> None:
    assert end_of(program, LONG_S)[0] == 0


def test_an_orderly_end_is_one() -> None:
    assert end_of(ENDS_IN_ORDER, LONG_S) == (0, "in order\n")


@pytest.mark.parametrize("program", [
    BLOCKS_THE_LOOP, SPINS_IN_THE_LOOP, A_THREAD_WAITS_FOR_A_FIFO, THE_END_BLOCKS,
])  # fmt: skip
def test_what_hangs_is_ended_by_the_kernel(program: str) -> None:
    assert end_of(program, SHORT_S, signals=3)[0] == -signal.SIGALRM


async def deaf(times: int) -> None:
    """Loses so many cancellations."""
    for _ in range(times):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(1000)
    await asyncio.sleep(1000)


@pytest.mark.parametrize("times", [0, 1])
async def test_a_task_is_cancelled_until_it_has_ended(times: int) -> None:
    task = asyncio.create_task(deaf(times))
    await asyncio.sleep(0)
    await cancelled(task)
    assert task.cancelled()
