"""Waits for what shall come true, however slow the machine is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 30.0


async def until(holds: Callable[[], bool]) -> None:
    """Polls until it holds; fails after a generous while."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up_s, "it did not come true"
        await asyncio.sleep(0.005)
