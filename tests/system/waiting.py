"""Waiting with a generous deadline, since nothing may depend on the speed of the machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE_S = 60.0
LOOK_S = 0.02
T = TypeVar("T")


async def until(seen: Callable[[], T], what: str) -> T:
    """What `seen` gives as soon as it is true. Raises AssertionError."""

    async def ask() -> T:
        return seen()

    return await until_asked(ask, what)


async def until_asked(ask: Callable[[], Awaitable[T]], what: str) -> T:
    """As `until`, for what has to be asked for."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not (outcome := await ask()):
        assert time.monotonic() < deadline_s, f"not within {PATIENCE_S:g} s: {what}"
        await asyncio.sleep(LOOK_S)
    return outcome
