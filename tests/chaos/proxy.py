"""A WebSocket proxy between charge point and Central System that does harm when it is told to, and counts it.

Each fault is armed and happens at the next occasion; what never found one is seen in `done`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, get_args

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.http11 import Request, Response
from websockets.typing import Data, Subprotocol

LinkFault = Literal[
    "refuse",  # the next connection is answered with 503
    "accept, then silence",  # the next connection is open, and no CALL on it is ever answered
    "stop reading",  # nothing of the charge point is read any more, what is said to it still arrives
    "half-open",  # nothing passes any more, in neither direction, no close either
    "close before",  # at the next CALL, which the Central System does not get
    "close between",  # the Central System has got the next CALL, its answer is lost
    "close after",  # right after the next answer
    "lose answer",  # of the next CALL, the connection stays
    "late answer",  # of the next CALL, after the charge point's patience
    "callerror",  # instead of passing the next CALL on
]
FAULTS: tuple[LinkFault, ...] = get_args(LinkFault)
AT_HANDSHAKE: frozenset[LinkFault] = frozenset({"refuse", "accept, then silence"})
AT_ONCE: frozenset[LinkFault] = frozenset({"stop reading", "half-open"})
TRANSACTION_CALLS = ("StartTransaction", "StopTransaction")
HOST = "127.0.0.1"
OCPP = Subprotocol("ocpp1.6")


@dataclass(frozen=True, slots=True)
class Armed:
    """`action` None: any CALL is an occasion."""

    fault: LinkFault
    action: str | None = None

    def fits(self, action: str) -> bool:
        return self.action in (None, action)


@dataclass(slots=True)
class _Passage:
    """One connection through the proxy."""

    near: ServerConnection
    far: ClientConnection
    silent: bool = False
    half_open: bool = False
    asked: dict[str, str] = field(default_factory=dict)  # CALLs of the charge point: id -> action
    harmed: dict[str, LinkFault] = field(default_factory=dict)  # what is to become of their answers


class Proxy:
    """Use as `async with Proxy(url_of_the_central_system) as proxy`."""

    def __init__(self, far_url: str, *, late_s: float = 60.0) -> None:
        """`late_s`: how much later a late answer comes."""
        self.port = 0
        self.done: Counter[LinkFault] = Counter()
        self.destroyed: Counter[str] = Counter()  # answers that never reached the charge point, by action
        self._far_url = far_url
        self._late_s = late_s
        self._armed: list[Armed] = []
        self._server: Server | None = None
        self._passage: _Passage | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        self._server = await serve(
            self._pass, HOST, 0, subprotocols=[OCPP], process_request=self._refuse,
            compression=None, ping_interval=None, close_timeout=0.5,
        )  # fmt: skip
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        if self._passage is not None:
            self._cut(self._passage)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """In the place of the Central System's."""
        return f"ws://{HOST}:{self.port}/ocpp"

    @property
    def connected(self) -> bool:
        """A charge point is there, and nothing has been done to its connection."""
        passage = self._passage
        return passage is not None and not passage.silent and not passage.half_open

    @property
    def waiting(self) -> list[Armed]:
        """Faults that have not found their occasion yet."""
        return list(self._armed)

    # Harm

    def arm(self, fault: LinkFault, action: str | None = None) -> None:
        """At the next occasion. Those of a handshake end the present connection, so that there is one."""
        if fault in AT_ONCE:
            self._stop(fault)
            return
        self._armed.append(Armed(fault, action))
        if fault in AT_HANDSHAKE and self._passage is not None:
            self._cut(self._passage)

    def calm(self) -> None:
        """Nothing is armed any more, and a connection that was harmed ends."""
        self._armed.clear()
        passage = self._passage
        if passage is not None and (passage.silent or passage.half_open):
            self._cut(passage)

    def _stop(self, fault: LinkFault) -> None:
        """Raises ConnectionError when there is no connection."""
        if self._passage is None:
            raise ConnectionError("no charge point is connected")
        self._passage.near.transport.pause_reading()
        self._passage.half_open = fault == "half-open"
        self.done[fault] += 1

    def _take(self, faults: frozenset[LinkFault], action: str = "") -> LinkFault | None:
        for armed in self._armed:
            if armed.fault in faults and armed.fits(action):
                self._armed.remove(armed)
                self.done[armed.fault] += 1
                return armed.fault
        return None

    async def _refuse(self, connection: ServerConnection, _: Request) -> Response | None:
        if self._take(frozenset({"refuse"})) is None:
            return None
        return connection.respond(503, "the proxy refuses\n")

    # Passing on

    async def _pass(self, near: ServerConnection) -> None:
        assert near.request is not None
        name = near.request.path.rpartition("/")[2]
        options = {"compression": None, "ping_interval": None, "close_timeout": 0.5}
        try:
            far = await connect(f"{self._far_url}/{name}", subprotocols=[OCPP], **options)  # type: ignore[arg-type]
        except (OSError, InvalidHandshake):
            near.transport.abort()
            return
        if self._passage is not None:
            self._cut(self._passage)  # half-open: only its end of the line has noticed
        passage = self._passage = _Passage(near, far)
        passage.silent = self._take(frozenset({"accept, then silence"})) is not None
        try:
            await asyncio.gather(self._outward(passage), self._homeward(passage))
        finally:
            self._cut(passage)
            if self._passage is passage:
                self._passage = None

    async def _outward(self, passage: _Passage) -> None:
        """From the charge point."""
        with contextlib.suppress(ConnectionClosed):
            async for message in passage.near:
                await self._call(passage, message)
        if not passage.half_open:
            self._cut(passage)

    async def _call(self, passage: _Passage, message: Data) -> None:
        kind, identity, action = _head(message)
        if kind != 2:
            await passage.far.send(message)
            return
        if passage.silent:
            return  # never seen by the Central System
        fault = self._take(frozenset(FAULTS) - AT_ONCE - AT_HANDSHAKE, action)
        match fault:
            case "close before":
                self._cut(passage)
                return
            case "callerror":
                await passage.near.send(json.dumps([4, identity, "InternalError", "the proxy's", {}]))
                return
            case None:
                pass
            case _:
                passage.harmed[identity] = fault
        passage.asked[identity] = action
        await passage.far.send(message)

    async def _homeward(self, passage: _Passage) -> None:
        """From the Central System."""
        with contextlib.suppress(ConnectionClosed):
            async for message in passage.far:
                await self._answer(passage, message)
        if not passage.half_open:
            self._cut(passage)

    async def _answer(self, passage: _Passage, message: Data) -> None:
        _, identity, _ = _head(message)
        action = passage.asked.pop(identity, "")
        match passage.harmed.pop(identity, None):
            case "close between":
                self._destroy(action)
                self._cut(passage)
            case "lose answer":
                self._destroy(action)
            case "late answer":
                late = asyncio.create_task(self._late(passage, action, message))
                self._tasks.add(late)
                late.add_done_callback(self._tasks.discard)
            case fault:
                await self._hand_over(passage, action, message)
                if fault == "close after":
                    self._cut(passage)

    async def _late(self, passage: _Passage, action: str, message: Data) -> None:
        await asyncio.sleep(self._late_s)
        await self._hand_over(passage, action, message)

    async def _hand_over(self, passage: _Passage, action: str, message: Data) -> None:
        """What does not arrive is destroyed."""
        if passage.half_open:
            self._destroy(action)
            return
        try:
            await passage.near.send(message)
        except ConnectionClosed:
            self._destroy(action)

    def _destroy(self, action: str) -> None:
        if action in TRANSACTION_CALLS:
            self.destroyed[action] += 1

    def _cut(self, passage: _Passage) -> None:
        """Both sides, without a word. What was on its way home is lost."""
        for action in passage.asked.values():
            self._destroy(action)
        passage.asked.clear()
        passage.near.transport.abort()
        passage.far.transport.abort()


def _head(message: Data) -> tuple[int, str, str]:
    """Type, id, and the action of a CALL."""
    frame = json.loads(message)
    return frame[0], frame[1], frame[2] if frame[0] == 2 else ""
