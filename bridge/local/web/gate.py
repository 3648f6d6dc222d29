"""The gate before the web server: how many connections, how long each may dawdle, how much may wait in all.

A connection has HEAD_S for the head of its next request, and PATIENCE_S to read any part of an answer. One
too many takes the place of another: of the address that has most, so that nobody can keep the others out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import cast

from bridge.local.web.access.hosts import network_of

MOST_CONNECTIONS = 16
HEAD_S = 15.0
PATIENCE_S = 20.0
LOOK_EVERY_S = 1.0
MOST_WAITING = 2 * 2**20  # bytes of answers, of all connections together


class Door(asyncio.Protocol):
    """One connection; hands everything on to the web server's own protocol."""

    def __init__(self, inner: asyncio.Protocol, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.place = "?"
        self.busy = False  # with a request whose head has come
        self.since_s = self._loop.time()  # idle since, or so long nothing of an answer was read
        self._waiting = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Lets it in, and another one out if there is no place."""
        self.transport = cast("asyncio.Transport", transport)
        self.place = network_of((transport.get_extra_info("peername") or ("?",))[0])
        self._gate.let_in(self)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hands it on to the web server."""
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hands it on to the web server."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """Hands it on to the web server."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hands it on to the web server."""
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Frees the place of this connection."""
        self._gate.let_out(self)
        self._inner.connection_lost(exc)

    @property
    def waiting(self) -> int:
        """Returns how many bytes of answers the other end has not read."""
        return self.transport.get_write_buffer_size() if self.transport is not None else 0

    def set_busy(self, *, busy: bool) -> None:
        """Begins or ends a request."""
        self.busy = busy
        self.since_s = self._loop.time()

    def look(self, now_s: float) -> None:
        """Ends a connection that dawdles."""
        before, self._waiting = self._waiting, self.waiting
        if self.waiting < before or (self.busy and not self.waiting):
            self.since_s = now_s
        if now_s - self.since_s > (PATIENCE_S if self.waiting else HEAD_S):
            self.close()

    def close(self) -> None:
        """Ends the connection at once."""
        if self.transport is not None:
            self.transport.abort()


class Gate:
    """All connections of one server."""

    def __init__(self) -> None:
        self._doors: dict[Door, None] = {}  # the oldest first

    def protocol(self, factory: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        """Returns what makes a protocol for each connection: those of `factory`, behind doors."""
        return lambda: Door(factory(), self)

    async def run(self) -> None:
        """Looks at all connections each second, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for door in tuple(self._doors):
                door.look(loop.time())

    @property
    def waiting(self) -> int:
        """Returns how many bytes of answers wait in all."""
        return sum(door.waiting for door in self._doors)

    def door(self, transport: asyncio.BaseTransport | None) -> Door | None:
        """Returns the door of that connection; None: it has ended."""
        return next((door for door in self._doors if door.transport is transport), None)

    def let_in(self, door: Door) -> None:
        """Makes room if there is none."""
        if len(self._doors) >= MOST_CONNECTIONS:
            crowded = Counter(each.place for each in [*self._doors, door]).most_common(1)[0][0]
            those = [each for each in self._doors if each.place == crowded] or list(self._doors)
            idle = (each for each in those if not each.busy)
            oldest = next(idle, those[0])
            self.let_out(oldest)
            oldest.close()
        self._doors[door] = None

    def let_out(self, door: Door) -> None:
        """Frees the place of a connection."""
        self._doors.pop(door, None)

    def close(self) -> None:
        """Ends all connections at once."""
        for door in tuple(self._doors):
            door.close()
