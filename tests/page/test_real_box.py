"""The page over all real processes: a session on the mock wallbox, as it is seen in a browser."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bridge.local import settings
from tests.bridge.local.web.serving import free_port
from tests.page.browser import PHONE, browser, missing
from tests.system.world import World, world

pytestmark = [pytest.mark.real, pytest.mark.skipif(missing() is not None, reason=missing() or "")]


@asynccontextmanager
async def owners_side(w: World) -> AsyncIterator[str]:
    """`python -m bridge.local` beside the box; the address of its page."""
    port = free_port()
    (w.run.config / settings.FILE_NAME).write_text(f"[page]\nport = {port}\n")
    command = w.run.program("bridge.local", "--mock")
    program = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        program.terminate()
        assert await program.wait() == 0


async def test_a_session_is_seen_from_plug_to_plug() -> None:
    async with world() as w, owners_side(w) as url, browser() as opened, opened.page(PHONE) as page:
        while not await page.run("document.querySelector('#main') !== null"):
            await page.open(url)
            await asyncio.sleep(0.1)
        await page.until_text("Ready for a car", "h1")
        await page.until_text("MOCK", ".mock")
        await w.charge()
        await page.until_text("Charging with", "h1")
        await page.until_text("0004AABBCC", "main")
        await page.run("void (location.hash = 'ocpp')")
        await page.until_text("connected and registered", ".facts")
        await page.run("void (location.hash = 'now')")
        await w.stop_with_card()
        await page.until_text("Ready for a car", "h1")
        await page.run("void (location.hash = 'sessions')")
        await page.until_text("delivered", "tbody")
