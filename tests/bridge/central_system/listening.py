"""A listener that remembers, links that run, and a Central System for them to talk to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from bridge.central_system.events import Closed, LinkEvent, Opened, Received
from bridge.central_system.handshake import LinkSettings
from bridge.central_system.link import Link
from bridge.demo.central_system import CentralSystem
from bridge.demo.ledger import Tag
from bridge.trust import tls_context

PATIENCE_S = 30.0


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.events: list[LinkEvent] = []
        self._news = asyncio.Event()

    async def __call__(self, event: LinkEvent) -> None:
        self.events.append(event)
        self._news.set()

    def of(self, kind: type[LinkEvent]) -> list[LinkEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not seen():
                self._news.clear()
                await self._news.wait()

    async def opened(self, times: int = 1) -> None:
        await self.until(lambda: len(self.of(Opened)) >= times)

    async def closed(self) -> Closed:
        await self.until(lambda: bool(self.of(Closed)))
        event = self.of(Closed)[0]
        assert isinstance(event, Closed)
        return event

    @property
    def messages(self) -> list[str | bytes]:
        return [event.message for event in self.events if isinstance(event, Received)]


async def eventually(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not seen():  # noqa: ASYNC110 - there is no event for an attempt that failed
            await asyncio.sleep(0.01)


def impatient(url: str) -> LinkSettings:
    return LinkSettings(
        url, "box 1", back_off_first_s=0.01, back_off_max_s=0.02, tls=tls_context, pong_wait_min_s=0.1
    )


@contextlib.asynccontextmanager
async def running(settings: LinkSettings, ping_interval_s: float = 0.0) -> AsyncIterator[tuple[Link, Heard]]:
    heard = Heard()
    link = Link(settings, heard)
    link.set_password(settings.password)
    link.set_ping_interval(ping_interval_s)
    task = asyncio.create_task(link.run())
    try:
        yield link, heard
    finally:
        task.cancel()
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(asyncio.CancelledError):
                await task
        # A connection it had just begun is seen, and closed, by a server that still listens.
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def central() -> AsyncIterator[CentralSystem]:
    async with CentralSystem({"04AABBCC": Tag()}) as central_system:
        yield central_system
