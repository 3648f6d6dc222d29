"""The shell of the bridge: moves bytes, clock and signals between the world and the actor.

It decides nothing. One inbox, one actor, one TaskGroup, one way to end.
"""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bridge import clock, compose, parts, reset, settings, trial, version
from bridge.awaited_store import awaited_store
from bridge.central_system.effects import Effects
from bridge.central_system.events import LinkEvent, Received
from bridge.central_system.link import Link
from bridge.compose import DATABASE_NAME
from bridge.core.calendar import CLOCK, Calendar
from bridge.core.maintenance.trial import Trial
from bridge.core.rows import Change
from bridge.effects import Answer, AskRestart, Effect, Leave, Log, Report, Say, SetLink, Write
from bridge.events import End, NotStored, RestartRefused, StillWriting, Stored, Tick
from bridge.hal_client import HalClient
from bridge.inbox import Inbox
from bridge.jobs.worker import Worker
from bridge.local.desk import Desk
from bridge.local.frame_ring import FrameRing
from bridge.local.orders import Identity
from bridge.recorder import SOON_S
from bridge.store.errors import ChangeError, DamagedError, StoreError
from bridge.store.writer import Writer
from hal import ending, logs
from hal.configuration.file import ConfigError
from hal.contract import Wish
from hal.notify import Notify

log = logging.getLogger(__name__)

TICK_S = 0.25
FEED_EVERY_S = 0.25  # looks whether systemd's watchdog is to be fed
GOODBYE_S = 1.5  # 1 s for the last answer to be read, the rest for the close frame; SIGTERM takes 2 s in all
ENDS_WITHIN_S = 14.0  # after a signal, whatever disk and peers do; TimeoutStopSec of its unit is 15 s
LEVELS = {"info": logging.INFO, "error": logging.ERROR, "critical": logging.CRITICAL}


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of the configuration, of the state and of the sockets."""

    config: Path
    state: Path
    runtime: Path


class App:
    """One run of the bridge: owns its sockets, files, clock and signals."""

    def __init__(
        self, setup: settings.ChargePoint, folders: Folders, store: Writer, time: clock.Clock, notify: Notify
    ) -> None:
        self._folders = folders
        self._store = store
        self._clock = time
        self._notify = notify
        self._inbox = Inbox(lambda call: self._link.refuse(call.message))
        self._actor = compose.actor(setup, store, time.calendar, version.numbers(), time.now())
        tls = parts.trust(setup, folders.config).context
        self._frames = FrameRing()
        self._link = Link(parts.link_settings(setup, tls), self._hear)
        self._hal = HalClient(folders.runtime, self._inbox.put)
        firmware = partial(parts.firmware_folder, setup, folders.config, folders.state, tls)
        self._worker = Worker(self._inbox.put, firmware, tls)
        self._mock = setup.is_mock
        self._desk = Desk(folders.runtime, self._identity, store, self._inbox.put, self._frames)
        self._trial = Trial()
        self._left = False

    async def run(self) -> None:
        """Runs until a signal or a Reset, or until the store is damaged: the next start mends it, and the
        last wish lives so long."""
        async with asyncio.TaskGroup() as tasks:
            await self._look_at_trial()  # before anything else can happen
            ending.when_asked(lambda: tasks.create_task(self._inbox.put(End())), ENDS_WITHIN_S)
            await self._carry_out()  # how the link is to be kept
            link = tasks.create_task(self._link.run())
            others = (self._hal.run(), self._desk.run(), self._tick(), self._watch(), self._feed())
            background = [link, *(tasks.create_task(work) for work in others)]
            self._notify.send("READY=1")
            while not self._left:
                for event in await self._inbox.drain():
                    self._actor.feed(event, self._clock.now())
                await self._carry_out()
                if self._store.spoilt is not None:
                    self._leave()
            self._notify.send("STOPPING=1")
            await self._inbox.close()
            await self._worker.close()
            await asyncio.wait([link], timeout=GOODBYE_S)
            for task in background:
                task.cancel()

    async def _tick(self) -> None:
        while True:
            await self._inbox.put(Tick())
            await asyncio.sleep(TICK_S)

    async def _watch(self) -> None:
        """Looks each second whether a version is on trial, and tells the actor when that has changed."""
        while True:
            await asyncio.sleep(trial.LOOK_EVERY_S)
            await self._look_at_trial()

    async def _look_at_trial(self) -> None:
        found = trial.look(self._folders.runtime)
        if found != self._trial:
            self._trial = found
            await self._inbox.put(found)

    def _identity(self) -> Identity:
        """Says who listens, and how it is."""
        now = self._actor.parts
        return Identity(
            database=str((self._folders.state / DATABASE_NAME).resolve()),
            mock=self._mock,
            version=version.numbers(),
            store_open=self._store.spoilt is None and now.charge_point.service.recorded,
            central_system=now.conversation.standing,
            trial=now.charge_point.service.trial,
        )

    async def _feed(self) -> None:
        """Feeds the watchdog while the event loop lives; a disk that hangs is no reason to be killed."""
        while True:
            self._notify.feed_watchdog(clock.now_s())
            await asyncio.sleep(FEED_EVERY_S)

    async def _carry_out(self) -> None:
        while effects := self._actor.drain(self._clock.now()):
            for effect in effects:
                await self._do(effect)

    async def _do(self, effect: Effect) -> None:
        match effect:
            case Write(changes=changes):
                await self._write(changes)
            case Say(effects=effects):
                self._say(effects)
            case Wish():
                self._hal.send(effect)
            case Answer(ticket=ticket, reply=reply):
                self._desk.reply(ticket, reply)
            case Log(level=level, line=line):
                log.log(LEVELS[level], "%s", line)
            case SetLink(ping_interval_s=ping_interval_s, password=password):
                self._link.set_ping_interval(ping_interval_s)
                self._link.set_password(password)
            case Report(state=state):
                self._notify.send(f"STATUS={state}")
            case AskRestart(what=what):
                asked = reset.ask(self._folders.runtime, what)
                self._actor.feed(End() if asked else RestartRefused(), self._clock.now())
            case Leave():
                await self._hal.flush()
                self._leave()

    def _leave(self) -> None:
        self._link.close()
        self._left = True

    async def _write(self, changes: tuple[Change, ...]) -> None:
        """Waits for a disk that is well; a slow one answers through the inbox."""
        writing = asyncio.create_task(self._written(changes))
        await asyncio.wait({writing}, timeout=SOON_S)
        if writing.done():
            self._actor.feed(writing.result(), self._clock.now())
        else:
            self._actor.feed(StillWriting(), self._clock.now())
            writing.add_done_callback(self._wrote_late)

    def _wrote_late(self, writing: asyncio.Task[Stored | NotStored]) -> None:
        if not writing.cancelled():
            self._inbox.put_first(writing.result())

    async def _written(self, changes: tuple[Change, ...]) -> Stored | NotStored:
        """Raises ChangeError, which waiting cannot help."""
        try:
            await self._store.apply(changes)
        except ChangeError:
            raise
        except StoreError as error:
            if isinstance(error, DamagedError):
                self._store.spoilt = error
            return NotStored(str(error))
        return Stored()

    async def _hear(self, event: LinkEvent) -> None:
        if isinstance(event, Received):
            self._frames.add("received", event.message, clock.utc_text())
        await self._inbox.put(event)

    def _say(self, effects: Effects) -> None:
        for frame in effects.frames:
            if self._link.send(frame):
                self._frames.add("sent", frame, clock.utc_text())
        for errand in effects.errands:
            self._worker.begin(errand)
        if effects.reconnect is not None:
            self._link.reconnect(effects.reconnect.reason, effects.reconnect.rest_s)


async def run(folders: Folders, setup: settings.ChargePoint, boot_id: str, mock: bool) -> None:
    """Runs one bridge from its start to its end. Raises DamagedError when its store is damaged meanwhile."""
    notify = Notify(os.environ)
    store = await awaited_store(folders.state / DATABASE_NAME, notify)
    try:
        calendar = Calendar(boot_id, store.remembered().get(CLOCK))
        what_time = clock.Clock(calendar, folders.runtime, mock=mock)
        await App(setup, folders, store, what_time, notify).run()
        if store.spoilt is not None:
            raise store.spoilt
    finally:
        await store.close()


def main(config_dir: Path, state_dir: Path, runtime_dir: Path, mock: bool) -> int:
    """Runs the bridge. 0: ended in order; 1: the store is damaged, or no boot id; 2: bad configuration."""
    logs.begin("evse-bridge", "%(message)s")
    folders = Folders(config_dir, state_dir, runtime_dir)
    try:
        setup = settings.load(config_dir / settings.FILE_NAME, mock=mock)
    except ConfigError as error:
        for line in str(error).splitlines():
            log.critical("%s", line)
        return 2
    try:
        asyncio.run(run(folders, setup, clock.boot_id(runtime_dir, mock=mock), mock))
    except (StoreError, OSError) as error:
        log.critical("%s", error)
        return 1
    return 0
