"""Sends frames on a connection one after another; nobody waits for it.

A Central System that reads slowly delays no decision of the bridge: what it has not read waits here, up
to a limit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

MOST_WAITING = 256 << 10  # characters, before the newest frame: the longest of ours is always taken


class Speaker:
    """The queue of one connection. Run `run()` as a task; `send` queues a frame and returns at once."""

    def __init__(self, send: Callable[[str], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: deque[str] = deque()
        self._size = 0
        self._news = asyncio.Event()
        self._all_said = asyncio.Event()
        self._all_said.set()

    def say(self, text: str) -> bool:
        """Puts a message at the end. False: not taken, because so much waits already."""
        if self._size > MOST_WAITING:
            return False
        self._waiting.append(text)
        self._size += len(text)
        self._all_said.clear()
        self._news.set()
        return True

    async def said(self) -> None:
        """Returns when nothing waits."""
        await self._all_said.wait()

    async def run(self) -> None:
        """Sends what waits, one frame after the other, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                await self._send(self._waiting[0])
                self._size -= len(self._waiting.popleft())
            self._all_said.set()
