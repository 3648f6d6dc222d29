"""Says what an owner must know, and remembers on the disk what was said and what each outlet has to send."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from bridge import outcome
from bridge.core.maintenance.outcome import Outcome
from bridge.local.messages.telling import Memory, Noted, Said, Telling
from bridge.local.messages.texts import Message, message
from bridge.local.messages.waiting import Waiting
from bridge.local.state.state import State
from bridge.local.watch import Watch
from bridge.local.why.words import Language
from hal import durable

FILE_NAME = "messages.json"
_MOST_BYTES = 1 << 20
STORE_WITHIN_S = 1.0
STORE_EVERY_S = 600.0  # how long a trouble has stood is written no more often: the card wears

log = logging.getLogger(__name__)


class _Stored(msgspec.Struct, frozen=True):
    """The file. `waiting`: what each outlet has not delivered, by the outlet's name."""

    memory: Memory = Memory()
    waiting: dict[str, tuple[Message, ...]] = {}
    box: str = ""


class Teller:
    """Run `run()` as a task. `outlets` is what each of them has to deliver."""

    def __init__(self, state_dir: Path, watch: Watch, language: Language, names: tuple[str, ...]) -> None:
        self._path = state_dir / FILE_NAME
        self._outcomes = (state_dir, state_dir.parent)  # of all programs with `run`; of this one in the units
        self._watch = watch
        self._language = language
        stored = _read(self._path)
        self._telling = Telling(stored.memory, asyncio.get_running_loop().time())
        self.outlets = {name: Waiting(stored.waiting.get(name, ())) for name in names}
        self._box, self._mock = stored.box, False
        self._written = _Stored()
        self._written_s = float("-inf")
        self._put: list[Callable[[], None]] = []

    @property
    def standing(self) -> tuple[Noted, ...]:
        """Returns what needs the owner now."""
        return self._telling.standing

    def on_put(self, wake: Callable[[], None]) -> None:
        """Has `wake` called whenever an outlet has got something to deliver."""
        self._put.append(wake)

    async def run(self) -> None:
        """Looks until it is cancelled; what is delivered meanwhile is noted within STORE_WITHIN_S."""
        loop, number = asyncio.get_running_loop(), 0
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STORE_WITHIN_S):
                        seen = await self._watch.newer(number)
                    number = seen.number
                    self._look(seen.state, loop.time())
                await self._store(loop.time())
        finally:
            self._write(self._now())

    def _look(self, state: State | None, now_s: float) -> None:
        for said in self._telling.feed(state, self._last_update(), now_s):
            self._say(said, state)

    def _last_update(self) -> Outcome | None:
        return next((found for each in self._outcomes if (found := outcome.read(each)) is not None), None)

    def _say(self, said: Said, state: State | None) -> None:
        if state is not None:
            self._box, self._mock = state.box.serial or self._box, state.mock
        at = state.at if state is not None else None
        made = message(said, self._language, box=self._box, mock=self._mock, at=at)
        log.info("to the owner: %s %s: %s", made.kind, made.event, made.text)
        for waiting in self.outlets.values():
            waiting.put(made)
        for wake in self._put:
            wake()

    async def _store(self, now_s: float) -> None:
        """Writes at once what was said or delivered, and how long something stands now and then."""
        now = self._now()
        seldom = now_s - self._written_s < STORE_EVERY_S
        if now == self._written or (seldom and _without_times(now) == _without_times(self._written)):
            return
        self._written, self._written_s = now, now_s
        await asyncio.to_thread(self._write, now)

    def _now(self) -> _Stored:
        waiting = {name: each.messages for name, each in self.outlets.items()}
        return _Stored(self._telling.memory, waiting, self._box)

    def _write(self, now: _Stored) -> None:
        try:
            durable.write(self._path, msgspec.json.encode(now))
        except OSError as error:
            log.warning("%s: %s; after a restart what was said may be said again", self._path, error.strerror)


def _without_times(stored: _Stored) -> _Stored:
    noted = tuple(
        msgspec.structs.replace(each, stood_s=0.0, gone_s=0.0) for each in stored.memory.noted if each.told
    )
    return msgspec.structs.replace(stored, memory=Memory(noted))


def _read(path: Path) -> _Stored:
    """Reads the file; what cannot be read is set aside, and the memory begins anew."""
    try:
        return msgspec.json.decode(durable.read(path, _MOST_BYTES), type=_Stored)
    except FileNotFoundError:
        return _Stored()
    except (OSError, ValueError, RecursionError):
        log.warning("%s cannot be read: what was said before may be said again", path)
        durable.set_aside(path)
        return _Stored()
