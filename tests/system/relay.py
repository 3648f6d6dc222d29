"""The way between charge point and Central System, in bytes: it may move, speak TLS, stop without a word."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable

HERE = "127.0.0.1"


class Relay:
    """Passes on to a port of this machine while it is open; `open` again to be elsewhere or another.

    Use as `async with Relay(...) as relay`, which begins closed.
    """

    def __init__(self, far_port: Callable[[], int]) -> None:
        self.port = 0  # a free one is taken for 0; kept from then on
        self.taken = 0  # connections so far
        self._far_port = far_port
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()
        self._may_pass = asyncio.Event()
        self._may_pass.set()

    async def __aenter__(self) -> Relay:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, host: str = HERE, tls: ssl.SSLContext | None = None) -> None:
        """On the same port as before."""
        self._server = await asyncio.start_server(self._begin, host, self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """No connection is left, and none is taken."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)
        self._may_pass.set()

    def hold(self) -> None:
        """What arrives goes no further, in neither direction; the connections stay."""
        self._may_pass.clear()

    def _begin(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        self.taken += 1
        passing = asyncio.create_task(self._pass(near, to_near))
        self._passing.add(passing)
        passing.add_done_callback(self._passing.discard)

    async def _pass(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        far, to_far = await asyncio.open_connection(HERE, self._far_port())
        ways = {asyncio.create_task(self._way(near, to_far)), asyncio.create_task(self._way(far, to_near))}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ways:
                task.cancel()
            for writer in (to_near, to_far):
                writer.transport.abort()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _way(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while received := await source.read(65_536):
                await self._may_pass.wait()
                sink.write(received)
                await sink.drain()
