"""What an operation is given: the request as it was judged, and the parts of the owner's side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bridge.local.asker import Asker, BridgeAwayError
from bridge.local.history.history import History
from bridge.local.orders import Order, Reply, ReplyKind
from bridge.local.watch import Watch
from bridge.local.web.access.access import Access
from bridge.local.web.access.passwords import Cost
from bridge.local.web.access.rights import Caller
from bridge.local.web.api.operation import ApiError, Done

MOST_HASHING = 4  # that wait for a password to be hashed
AUTHORIZED_WITHIN_S = 30.0  # a start may wait for the Central System
T = TypeVar("T")


class Hashing:
    """Hashes passwords in a thread, one at a time: each takes 16 MiB."""

    def __init__(self, cost: Cost) -> None:
        self.cost = cost
        self._thread = ThreadPoolExecutor(1, "hashing")
        self._waiting = 0

    async def hash(self, work: Callable[[], T]) -> T:
        """Returns what `work` does. Raises ApiError when too many wait."""
        if self._waiting >= MOST_HASHING:
            raise ApiError(429, "too_many_attempts", "Too many log in at once; try again.", 5.0)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1


@dataclass(frozen=True, slots=True)
class Parts:
    """The owner's side, as far as the REST interface needs it."""

    access: Access
    asker: Asker
    watch: Watch
    history: History
    hashing: Hashing
    folder: Path
    version: str
    mock: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, allowed and well-formed."""

    parts: Parts
    caller: Caller
    place: str  # where it comes from, for counting attempts
    now_s: float  # that never goes back
    query: Any
    places: Any
    body: Any

    async def order(self, order: Order, kind: type[ReplyKind], within_s: float = 10.0) -> ReplyKind:
        """Returns what the bridge replies. Raises ApiError when it is away."""
        try:
            return await self.parts.asker.ask(order, kind, within_s)
        except BridgeAwayError as away:
            raise ApiError(503, "bridge_away", str(away)) from None

    async def carried_out(self, order: Order, within_s: float = 10.0) -> Done:
        """Raises ApiError when the bridge refuses."""
        reply = await self.order(order, Reply, within_s)
        if reply.status != "Accepted":
            raise ApiError(409, "rejected", reply.why or "The charge point has refused.")
        return Done()


@dataclass(frozen=True, slots=True)
class WithCookie:
    """An answer that sets the browser's cookie; an empty `visit` removes it."""

    answer: Any
    visit: str


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that is made while it is sent. `name`: of the file that it is saved as."""

    chunks: AsyncIterator[str]
    name: str = ""
