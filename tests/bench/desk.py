"""A Central System that accepts everything at once, remembers what came, and when; it may call often."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from bridge.core.now import timestamp

CALLS_EVERY_S = 0.005
QUEUED = frozenset({"StartTransaction", "MeterValues", "StopTransaction"})  # what waits in the store


@dataclass(frozen=True, slots=True)
class Told:
    """One CALL as it arrived, on CLOCK_MONOTONIC."""

    at_s: float
    action: str
    payload: dict[str, Any]


@dataclass
class Desk:
    """Of one port, for any number of charge points one after the other."""

    open: bool = True  # False: it refuses handshakes
    answers_after_s: float = 0.0
    calls_per_s: float = 0.0  # ChangeConfiguration on a registered connection, however slow the answers are
    sent: int = 0  # of those
    answered: int = 0
    refused: int = 0  # by a CALLERROR
    told: list[Told] = field(default_factory=list)
    url: str = ""
    _ids: count[int] = field(default_factory=lambda: count(1))

    def of(self, *actions: str) -> list[Told]:
        """In order."""
        return [told for told in self.told if told.action in actions]

    @property
    def queued(self) -> list[Told]:
        """What came of transactions."""
        return self.of(*QUEUED)

    def rate(self) -> float:
        """Of those, in messages per second from the first to the last."""
        queued = self.queued
        return (len(queued) - 1) / (queued[-1].at_s - queued[0].at_s)

    def refuse(self, connection: ServerConnection, _: Request) -> Response | None:
        """At the handshake."""
        return None if self.open else connection.respond(503, "not yet\n")

    async def converse(self, connection: ServerConnection) -> None:
        """All of one connection."""
        calling: list[asyncio.Task[None]] = []
        try:
            async for text in connection:
                kind, identity, *rest = json.loads(text)
                if kind != 2:
                    self.answered += kind == 3
                    self.refused += kind == 4
                    continue
                self.told.append(Told(time.monotonic(), rest[0], rest[1]))
                if self.answers_after_s:
                    await asyncio.sleep(self.answers_after_s)
                await connection.send(json.dumps([3, identity, self._answer(rest[0])]))
                if self.calls_per_s and rest[0] == "BootNotification":
                    calling.append(asyncio.create_task(self._call(connection)))
        except ConnectionClosed:
            pass
        finally:
            for task in calling:
                task.cancel()

    async def _call(self, connection: ServerConnection) -> None:
        """Waits for no answer, only for the link; what it was late with is made up for."""
        began_s, sent = time.monotonic(), 0
        with contextlib.suppress(ConnectionClosed):
            while True:
                for _ in range(int((time.monotonic() - began_s) * self.calls_per_s) - sent):
                    sent, self.sent = sent + 1, self.sent + 1
                    # Each value is another one, so that each is a change that must be durable.
                    payload = {"key": "HeartbeatInterval", "value": str(600 + self.sent % 300)}
                    call = [2, f"bench-{self.sent}", "ChangeConfiguration", payload]
                    await connection.send(json.dumps(call))
                await asyncio.sleep(CALLS_EVERY_S)

    def _answer(self, action: str) -> dict[str, Any]:
        match action:
            case "BootNotification":
                now = timestamp(datetime.now(UTC))
                return {"status": "Accepted", "currentTime": now, "interval": 300}
            case "StartTransaction":
                return {"transactionId": next(self._ids), "idTagInfo": {"status": "Accepted"}}
            case "Authorize":
                return {"idTagInfo": {"status": "Accepted"}}
            case "Heartbeat":
                return {"currentTime": timestamp(datetime.now(UTC))}
            case _:
                return {}


@contextlib.asynccontextmanager
async def listening(desk: Desk) -> AsyncIterator[Desk]:
    """Its `url` is known then."""
    async with serve(
        desk.converse, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")],
        process_request=desk.refuse, ping_interval=None, compression=None,
    ) as server:  # fmt: skip
        desk.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ocpp"
        yield desk
