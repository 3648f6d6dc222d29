"""`evse-bridge clear`: what only a person may clear, once its cause is gone and somebody has looked."""

from __future__ import annotations

import asyncio

import pytest

from bridge.cli.clear import clear
from bridge.folders import CommandError
from tests.system.world import World, world

pytestmark = pytest.mark.real


async def cleared(w: World, *, sure: bool) -> tuple[list[str], list[str]]:
    """What was asked, and what came of it."""
    shown: list[str] = []

    def answer(faults: list[str]) -> bool:
        shown.extend(faults)
        return sure

    return shown, await asyncio.to_thread(clear, w.run.runtime, answer)


async def test_an_emergency_stop_stands_until_it_is_released_looked_at_and_cleared() -> None:
    async with world({"stop.kind": "emergency"}) as w:
        assert await cleared(w, sure=True) == ([], ["there is no fault that a person must clear"])
        await w.truth.do("fault", name="stop_button")
        await w.until_status("Faulted", "InternalError")
        with pytest.raises(
            CommandError, match=r"emergency_stop: hal[.]safety does not clear a fault while its cause"
        ):
            await cleared(w, sure=True)
        await w.truth.do("clear", name="stop_button")
        shown, told = await cleared(w, sure=False)
        assert told == ["nothing was cleared"]
        assert [line.split(":")[0] for line in shown] == ["emergency_stop"]
        assert (await cleared(w, sure=True))[1] == ["cleared: emergency_stop"]
        await w.until_status("Available")


async def test_a_fault_that_nobody_need_clear_says_how_it_ends() -> None:
    async with world() as w:
        await w.truth.do("fault", name="cp_short")
        await w.truth.do("plug-in")
        await w.until_status("Faulted", "OtherError")
        assert await cleared(w, sure=True) == (
            [],
            [
                "there is no fault that a person must clear",
                "pilot_short ends by itself, after its cause",
            ],
        )
