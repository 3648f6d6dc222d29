"""SIGSTOP in mid-charge: a program that is there, with its socket open, and says nothing."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from tests.system.world import World, world

pytestmark = pytest.mark.real


@contextlib.contextmanager
def standing_still(w: World, program: str) -> Iterator[None]:
    """It goes on afterwards, as the same process."""
    pid = w.run.pids()[program]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_silent_instruments_are_a_lost_meter_until_they_speak_again() -> None:
    async with world() as w:
        await w.charge()
        pid = w.run.pids()["instruments"]
        with standing_still(w, "instruments"):
            await w.until_status("Charging", "PowerMeterFailure")
            await w.until(lambda: w.truth.of("pilot")[-1][1] == 6.0, "6 A on the pilot")
        await w.until_status("Charging")
        await w.until(lambda: w.truth.of("pilot")[-1][1] == 16.0, "16 A again")
        assert w.run.pids()["instruments"] == pid
        assert [closed for _, closed in w.truth.of("contactor_closed")] == [True]
        assert w.statuses == ["Available", "Preparing", "Charging"]
        await w.stop_with_card()
        w.stopped_once("Local")
        await w.billed_rightly()
