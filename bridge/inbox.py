"""What waits for the actor: what the box and its people say goes before what the Central System says."""

from __future__ import annotations

import asyncio
from collections import deque

from bridge.central_system.events import Closed, Opened, Received, Refused
from bridge.central_system.frames import is_request
from bridge.events import Event, NotStored, Stored

OF_LINK = (Opened, Refused, Closed, Received)
MOST_OF_LINK = 64  # then the socket is left to wait
MOST_OTHERS = 256
TOGETHER = 32  # taken at once, so that the disk writes once for all of them


class Inbox:
    """Each of its two queues keeps its order. For one event loop, and one who drains."""

    def __init__(self) -> None:
        self._link: deque[Event] = deque()
        self._others: deque[Event] = deque()
        self._came = asyncio.Event()
        self._taken = asyncio.Condition()
        self._closed = False

    async def put(self, event: Event) -> None:
        """Waits while too many of its kind do. Once it is closed nothing is taken, and nobody waits."""
        of_link = isinstance(event, OF_LINK)
        queue, most = (self._link, MOST_OF_LINK) if of_link else (self._others, MOST_OTHERS)
        async with self._taken:
            if isinstance(event, Closed):
                self._drop_requests()
            else:
                await self._taken.wait_for(lambda: self._closed or len(queue) < most)
            if self._closed:
                return
            queue.append(event)
        self._came.set()

    async def close(self) -> None:
        """Drops all that waits and all that comes: nobody drains any more.

        Who reads the connection would wait for room in vain, and the end of the program for him.
        """
        async with self._taken:
            self._closed = True
            self._link.clear()
            self._others.clear()
            self._taken.notify_all()

    def put_first(self, event: Stored | NotStored) -> None:
        """Puts in what comes from the disk: what rests on it goes before everything."""
        self._others.appendleft(event)
        self._came.set()

    async def drain(self) -> list[Event]:
        """Waits for one at least, and returns the most urgent first."""
        await self._came.wait()
        async with self._taken:
            events = list(self._others)
            self._others.clear()
            room = max(1, TOGETHER - len(events))
            events += [self._link.popleft() for _ in range(min(len(self._link), room))]
            if not self._link:
                self._came.clear()
            self._taken.notify_all()
        return events

    def _drop_requests(self) -> None:
        """Drops what a lost connection asked: nobody waits for answers any more; its own answers count."""
        kept = [
            event for event in self._link if not (isinstance(event, Received) and is_request(event.message))
        ]
        self._link.clear()
        self._link.extend(kept)
