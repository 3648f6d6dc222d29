"""What was decided is made durable, then said. While the disk is slow or refuses, the rest goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bridge.central_system.effects import Effects
from bridge.central_system.unrecorded import Unrecorded
from bridge.core.rows import Change
from bridge.store.errors import ChangeError, DamagedError, StoreError

SOON_S = 0.1  # waited for: a disk that is well has written by then
HUNG_S = 10.0  # then it counts as one that refuses: nothing that it would have to record begins

log = logging.getLogger(__name__)


class Store(Protocol):
    """As `Writer`."""

    async def apply(self, changes: Sequence[Change]) -> None:
        """Returns when they are durable. Raises StoreError."""


class TellRecord(Protocol):
    """Told after each attempt to write."""

    def __call__(self, *, recorded: bool, settled: bool, start_unrecorded: bool) -> None: ...


class Recorder:
    """Effects in, in order; those without changes are said at once."""

    def __init__(self, store: Store, say: Callable[[Effects], Awaitable[None]], tell: TellRecord) -> None:
        self._store = store
        self._say = say
        self._tell = tell
        self._unrecorded = Unrecorded()
        self._writing: asyncio.Task[bool] | None = None  # the first of those, while the disk takes its time
        self._began_s = 0.0
        self._refusal_told = False

    @property
    def waits(self) -> bool:
        """The disk is at work, and takes its time."""
        return self._writing is not None

    async def apply(self, effects: Effects) -> None:
        """Changes first. Raises ChangeError and DamagedError, which no patience mends."""
        if effects.changes and (self._unrecorded or not await self._written_soon(effects.changes)):
            if not self._unrecorded.hold(effects):
                kinds = ", ".join(type(change).__name__ for change in effects.changes)
                log.error("so much waits for the disk that this is let go, unanswered: %s", kinds)
            self._tell_record()
        else:
            await self._say(effects)

    async def write_held(self) -> None:
        """Goes on with it, or tries again when it is time to. Raises as `apply`."""
        while (effects := self._unrecorded.due(_now_s())) is not None:
            if not await self._written_soon(effects.changes):
                self._tell_record()
                return
            self._unrecorded.recorded()
            self._tell_record()
            await self._say(effects)

    async def settled(self) -> bool:
        """Waits for the disk. False: it refuses, and something is not recorded. Raises as `apply`."""
        await self.write_held()
        while self._writing is not None:
            await asyncio.wait({self._writing})
            await self.write_held()
        return not self._unrecorded

    async def written(self, changes: Sequence[Change]) -> bool:
        """False: the disk refuses, which is said once. Raises as `apply`."""
        try:
            await self._store.apply(changes)
        except (ChangeError, DamagedError):
            raise
        except StoreError as error:
            if not self._unrecorded.refused_now:
                log.critical("nothing can be recorded, no new session starts: %s", error)
            return False
        return True

    def link_closed(self) -> None:
        """Answers that wait for the disk are for nobody any more."""
        self._unrecorded.link_closed()

    async def _written_soon(self, changes: Sequence[Change]) -> bool:
        """False: not yet, or refused. Called again with the same changes it goes on with them."""
        if self._writing is None:
            self._writing = asyncio.create_task(self.written(changes))
            self._began_s = _now_s()
            await asyncio.wait({self._writing}, timeout=SOON_S)
        if not self._writing.done():
            self._look_whether_hung()
            return False
        writing, self._writing = self._writing, None
        if not writing.result():
            self._unrecorded.refused(_now_s())
        return writing.result()

    def _look_whether_hung(self) -> None:
        if _now_s() - self._began_s > HUNG_S and not self._unrecorded.refused_now:
            log.critical("the disk has not answered for %g s, no new session starts", HUNG_S)
            self._unrecorded.refused(_now_s())

    def _tell_record(self) -> None:
        held = self._unrecorded
        if self._refusal_told and not held.refused_now:
            log.critical("everything is recorded again")
        self._refusal_told = held.refused_now
        self._tell(recorded=not held.refused_now, settled=not held, start_unrecorded=held.holds_start)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
