"""The queue of the actor: events of box, cards and signals come before those of the Central System."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from bridge.central_system.events import Closed, Opened, Received, Refused
from bridge.central_system.frames import is_request
from bridge.events import Event, NotStored, Stored

OF_LINK = (Opened, Refused, Closed, Received)
MOST_OF_LINK = 64  # then the socket is left to wait
MOST_OTHERS = 256
TOGETHER = 32  # taken at once, so that the disk writes once for all of them
MOST_CALLS = 1000  # OCPP-J 1.6 4.1.1 allows one; a portal may send all its keys at once
MOST_CALLED = 1 << 20  # characters of all of them, before the newest: the longest is always taken


class Inbox:
    """Each queue keeps its order: the others', the link's, and the CALLs of the Central System.

    Its answers overtake its CALLs: else one of ours, a card's Authorize behind it, waits as long as all CALLs
    before the answer. For one event loop with one reader.
    """

    def __init__(self, refuse: Callable[[Received], None]) -> None:
        """Hands to `refuse` each CALL that comes while too many wait."""
        self._refuse = refuse
        self._others: deque[Event] = deque()
        self._link: deque[Event] = deque()
        self._calls: deque[Received] = deque()
        self._called = 0  # characters
        self._came = asyncio.Event()
        self._taken = asyncio.Condition()
        self._closed = False

    async def put(self, event: Event) -> None:
        """Waits while too many of its kind do, but not with a CALL. Once closed it keeps nothing."""
        if isinstance(event, Received) and is_request(event.message):
            self._put_call(event)
            return
        of_link = isinstance(event, OF_LINK)
        queue, most = (self._link, MOST_OF_LINK) if of_link else (self._others, MOST_OTHERS)
        async with self._taken:
            if isinstance(event, Closed):
                self._drop_calls()  # nobody waits for answers any more
            else:
                await self._taken.wait_for(lambda: self._closed or len(queue) < most)
            if not self._closed:
                queue.append(event)
                self._came.set()

    def _put_call(self, call: Received) -> None:
        if self._closed:
            return
        if len(self._calls) >= MOST_CALLS or self._called > MOST_CALLED:
            self._refuse(call)
            return
        self._calls.append(call)
        self._called += len(call.message)
        self._came.set()

    async def close(self) -> None:
        """Drops all that waits and all that comes: nobody drains any more.

        Who reads the connection would wait for room in vain, and the end of the program for him.
        """
        async with self._taken:
            self._closed = True
            self._drop_calls()
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
            events = [*self._others, *self._link]
            self._others.clear()
            self._link.clear()
            for _ in range(min(len(self._calls), max(1, TOGETHER - len(events)))):
                call = self._calls.popleft()
                self._called -= len(call.message)
                events.append(call)
            if not self._calls:
                self._came.clear()
            self._taken.notify_all()
        return events

    def _drop_calls(self) -> None:
        self._calls.clear()
        self._called = 0
