"""`python -m bridge.local` as a process: what it serves, what it says of a mistake, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bridge.local import settings
from bridge.local.web.access import kept
from tests.bridge.local.web.serving import free_port
from tests.system.programs import Programs

pytestmark = pytest.mark.real

PATIENCE_S = 60.0


@contextlib.asynccontextmanager
async def living(box: Programs) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(*box.program("bridge.local", "--mock"), stderr=PIPE)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def heard(process: Process, words: str) -> str:
    """The first line with these words."""
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE_S):
        async for line in process.stderr:
            if words in line.decode():
                return line.decode()
    raise AssertionError(f"it ended without {words!r}")


async def test_it_serves_without_a_bridge_and_ends_in_order(tmp_path: Path) -> None:
    box, port = Programs.in_one(tmp_path), free_port()
    (tmp_path / settings.FILE_NAME).write_text(f"[page]\nport = {port}\n")
    async with living(box) as process, aiohttp.ClientSession() as browser:
        assert str(port) in await heard(process, "page: http")
        async with browser.get(f"http://localhost:{port}/api/v1/state") as answer:
            assert (await answer.json())["bridge"] == "The charge point does not run."
        async with browser.get(f"http://localhost:{port}/") as answer:
            assert "<title>" in await answer.text()
        code = (tmp_path / kept.CODE_FILE_NAME).read_text().strip()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            assert await process.wait() == 0
        assert process.stderr is not None
        assert code not in (await process.stderr.read()).decode()


async def test_a_mistake_in_its_file_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / settings.FILE_NAME).write_text("[page]\nport = 80\n")
    async with living(Programs.in_one(tmp_path)) as process:
        assert await heard(process, "owner.toml:2: page.port = 80")
        async with asyncio.timeout(PATIENCE_S):
            assert await process.wait() == 2
