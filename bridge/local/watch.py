"""What is so, for everybody on the owner's side: the bridge is asked once, however many want to know.

Only the newest is kept: who reads slowly misses what lay between.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from bridge.local.asker import Asker, BridgeAwayError
from bridge.local.orders import LookAtState, Looked
from bridge.local.state.state import State

LISTENED_EVERY_S = 1.0
ELSE_EVERY_S = 10.0
WITHIN_S = 5.0
NOT_YET = "The charge point has not been asked yet."


@dataclass(frozen=True, slots=True)
class Seen:
    """What the bridge said last. `state` None: it is away, and `away` says why in a sentence."""

    number: int  # rises with each look
    at_s: float  # of the event loop's clock
    state: State | None
    away: str = ""


class Watch:
    """Looks each second while somebody listens, each ten seconds else."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._listeners = 0
        self._wanted = asyncio.Event()  # somebody has begun to listen
        self._next: asyncio.Future[Seen] | None = None
        self.seen = Seen(0, float("-inf"), None, NOT_YET)

    async def run(self) -> None:
        """Looks until it is cancelled."""
        while True:
            self._publish(*await self._look())
            self._wanted.clear()
            pause_s = LISTENED_EVERY_S if self._listeners else ELSE_EVERY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wanted.wait()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Has the bridge looked at each second meanwhile."""
        self._listeners += 1
        if self._listeners == 1:
            self._wanted.set()
        try:
            yield
        finally:
            self._listeners -= 1

    async def newer(self, than: int) -> Seen:
        """Returns the newest look with a number above this one, as soon as there is one."""
        while self.seen.number <= than:
            if self._next is None:
                self._next = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._next)
        return self.seen

    async def fresh(self) -> Seen:
        """Returns a look that is at most a second old."""
        loop = asyncio.get_running_loop()
        if loop.time() - self.seen.at_s < LISTENED_EVERY_S:
            return self.seen
        before = self.seen.number
        self._wanted.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WITHIN_S):
                return await self.newer(before)
        return self.seen

    async def _look(self) -> tuple[State | None, str]:
        try:
            looked = await self._asker.ask(LookAtState(), Looked, WITHIN_S)
        except BridgeAwayError as away:
            return None, str(away)
        return looked.state, looked.why or "The charge point says nothing of its state."

    def _publish(self, state: State | None, why: str) -> None:
        now_s = asyncio.get_running_loop().time()
        self.seen = Seen(self.seen.number + 1, now_s, state, "" if state is not None else why)
        if self._next is not None and not self._next.done():
            self._next.set_result(self.seen)
        self._next = None
