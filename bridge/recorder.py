"""What was decided is made durable, then said. While the disk refuses, the rest goes on."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bridge import clock
from bridge.central_system.effects import Effects
from bridge.central_system.unrecorded import Unrecorded
from bridge.core.rows import Change
from bridge.store.errors import ChangeError, DamagedError, StoreError
from bridge.store.writer import Writer

log = logging.getLogger(__name__)


class TellRecord(Protocol):
    """Told after each attempt to write."""

    def __call__(self, *, recorded: bool, start_unrecorded: bool) -> None: ...


class Recorder:
    """Effects in, in order; those without changes are said at once."""

    def __init__(self, store: Writer, say: Callable[[Effects], Awaitable[None]], tell: TellRecord) -> None:
        self._store = store
        self._say = say
        self._tell = tell
        self._unrecorded = Unrecorded()

    async def apply(self, effects: Effects) -> None:
        """Changes first. Raises ChangeError and DamagedError, which no patience mends."""
        if effects.changes and (self._unrecorded or not await self.written(effects.changes)):
            self._unrecorded.hold(effects)
            self._tell_record()
        else:
            await self._say(effects)

    async def write_held(self) -> None:
        """Tries again, when it is time to. Raises as `apply`."""
        while (effects := self._unrecorded.due(clock.now().s)) is not None:
            if not await self.written(effects.changes):
                self._unrecorded.refused(clock.now().s)
                return
            self._unrecorded.recorded()
            self._tell_record()
            await self._say(effects)
            if not self._unrecorded:
                log.critical("everything is recorded again")

    async def written(self, changes: Sequence[Change]) -> bool:
        """False: the disk refuses, which is said once. Raises as `apply`."""
        try:
            await self._store.apply(changes)
        except (ChangeError, DamagedError):
            raise
        except StoreError as error:
            if not self._unrecorded:
                log.critical("nothing can be recorded, no new session starts: %s", error)
            return False
        return True

    def link_closed(self) -> None:
        """Answers that wait for the disk are for nobody any more."""
        self._unrecorded.link_closed()

    def _tell_record(self) -> None:
        held = self._unrecorded
        self._tell(recorded=not held, start_unrecorded=held.holds_start)
