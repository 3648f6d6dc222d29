"""Keeps a part of the owner's side running: one that raises is logged and begun again, and ends no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

FIRST_S = 1.0
LONGEST_S = 60.0
SETTLED_S = 120.0  # a part that ran so long begins again after the shortest wait

log = logging.getLogger(__name__)


async def guarded(name: str, part: Callable[[], Awaitable[None]]) -> None:
    """Runs the part until it returns, or this is cancelled."""
    loop = asyncio.get_running_loop()
    pause_s = FIRST_S
    while True:
        began_s = loop.time()
        error = await _ended(asyncio.ensure_future(part()))
        if error is None:
            return
        if loop.time() - began_s >= SETTLED_S:
            pause_s = FIRST_S
        log.error("%s ended by an error of ours: again in %g s", name, pause_s, exc_info=error)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_S)


async def _ended(running: asyncio.Future[None]) -> BaseException | None:
    """Waits for it; whoever cancels us cancels it."""
    try:
        await asyncio.wait({running})
    except asyncio.CancelledError:
        running.cancel()
        await asyncio.wait({running})
        raise
    return asyncio.CancelledError() if running.cancelled() else running.exception()
