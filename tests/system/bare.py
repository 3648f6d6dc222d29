"""Mock wallbox and `hal.safety` alone, without anybody who cleans up after them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

from tests.hal.safety.peers import hello, wish
from tests.system import configured, folders
from tests.system.programs import Programs
from tests.system.waiting import until, until_asked
from tests.system.wires import Truth

CONTACTOR = 17  # of a new wallbox.toml
OFFERED_A = 6.0  # no instruments: nobody tells how hot the contacts are


class BareBox:
    """The test itself is its bridge."""

    def __init__(self, folder: Path) -> None:
        self.run = Programs(folder)
        self.truth = Truth(self.run.runtime)
        self.living: list[asyncio.subprocess.Process] = []

    async def start(self, module: str, *options: str) -> asyncio.subprocess.Process:
        """One program; its words are nobody's."""
        command = self.run.program(module, *options)
        null = asyncio.subprocess.DEVNULL
        started = await asyncio.create_subprocess_exec(*command, stdout=null, stderr=null)
        self.living.append(started)
        return started

    async def plant(self) -> dict[str, Any]:
        """The whole truth."""
        return await self.truth.do("state")

    async def contactor_line(self) -> dict[str, Any]:
        """Its level and its owner."""
        (line,) = [line for line in (await self.plant())["lines"] if line["line"] == CONTACTOR]
        return dict(line)

    async def wish(self) -> None:
        """16 A, renewed until it is cancelled or `hal.safety` is gone."""
        bridge = hello(self.run.runtime, "bridge")
        try:
            while not bridge.over:
                now_s = time.monotonic()
                bridge.say(wish(16.0, seq=int(now_s * 1000), valid_until_s=now_s + 15))
                bridge.heard()
                await asyncio.sleep(0.5)
        finally:
            bridge.close()


@contextlib.asynccontextmanager
async def charging_bare_box(
    kernel: Literal["keeps", "releases"],
) -> AsyncIterator[tuple[BareBox, asyncio.subprocess.Process]]:
    """A car takes current; the process is `hal.safety`. `kernel`: what becomes of a dead one's outputs."""
    folder = folders.new()
    configured.write(folder / "c", {"mock.kernel": kernel}, {})
    box = BareBox(folder)
    try:
        await box.start("hal.mock")
        await until((box.run.runtime / "mock.sock").exists, "mock.sock")
        safety = await box.start("hal.safety", "--mock")
        await until((box.run.runtime / "hal.sock").exists, "hal.sock")
        wishing = asyncio.create_task(box.wish())
        await box.truth.do("plug-in")
        await until_asked(lambda: _charges(box), "current flows")
        yield box, safety
        wishing.cancel()
        await asyncio.wait([wishing])
    finally:
        for process in box.living:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        folders.remove(folder)


async def _charges(box: BareBox) -> bool:
    return bool((await box.plant())["power_w"] > 1000)
