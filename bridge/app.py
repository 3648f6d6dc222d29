"""The composition root of the bridge: one inbox, one actor, one TaskGroup, one way to end.

Everything that happens (a message of `hal`, of the Central System, a tick, a signal) is one event in the
inbox: decided, made durable, then said, and the next. A slow disk is waited for beside the actor, and what
rests on it is held until it is written. So nothing leaves unwritten.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import uuid
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bridge import clock, parts, reset, settings
from bridge.awaited_store import awaited_store
from bridge.central_system.conversation import Conversation
from bridge.central_system.effects import Effects, Outcome, Voice
from bridge.central_system.frames import without_secret
from bridge.central_system.link import Closed, Link, LinkEvent, Opened, Received, Refused
from bridge.central_system.registration import Registration
from bridge.core.calendar import CLOCK, Calendar
from bridge.core.charge_point import ChargePoint
from bridge.core.configuration import Configuration
from bridge.core.errands import Ended
from bridge.core.now import Now
from bridge.core.rows import Remembered
from bridge.core.setup import ORDERLY, Identity, Memory
from bridge.core.wishes import WishContent
from bridge.core.zaptec import BEHAVIOURS
from bridge.hal_client import HalClient
from bridge.jobs.errands import Errands
from bridge.local.desk import Desk, Ordered
from bridge.local.orders import ClearFaults, OfferAgain, Reply, SendDataTransfer
from bridge.recorder import Recorder
from bridge.store.errors import StoreError
from bridge.store.reads import Reads
from bridge.store.writer import Writer
from hal import logs
from hal.config_file import ConfigError
from hal.contract import (
    WISH_LIFE_RESTART_S,
    WISH_LIFE_S,
    Box,
    Card,
    InstrumentBox,
    Message,
    Reading,
    Status,
    Temperatures,
    Wish,
)
from hal.notify import Notify

log = logging.getLogger(__name__)

DATABASE_NAME = "bridge.sqlite"  # in the state folder
TICK_S = 0.25
FEED_EVERY_S = 0.25  # looks whether systemd's watchdog is to be fed
WISH_EVERY_S = 1.0
GOODBYE_S = 2.0  # for the close frame
INBOX_LIMIT = 256  # then sockets are left to wait


@dataclass(frozen=True, slots=True)
class Folders:
    """Where configuration, what lasts, and sockets are."""

    config: Path
    state: Path
    runtime: Path


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class End:
    """SIGTERM or SIGINT."""


Event = Message | LinkEvent | Ended | Ordered | Tick | End


class App:
    """Everything of one run of the bridge, wired together."""

    def __init__(
        self, setup: settings.ChargePoint, folders: Folders, store: Writer, time: clock.Clock, notify: Notify
    ) -> None:
        self._setup = setup
        self._folders = folders
        self._store = store
        self._clock = time
        boot_id, version = time.calendar.boot_id, parts.firmware_version()
        self._inbox: asyncio.Queue[Event] = asyncio.Queue(INBOX_LIMIT)
        self._charge_point = charge_point(setup, store, boot_id, version, self._clock.now())
        self._conversation = conversation(setup, self._charge_point, store, time.calendar)
        tls = parts.trust(setup, folders.config).context
        ping_interval_s = float(self._charge_point.configuration.seconds("WebSocketPingInterval"))
        self._link = Link(parts.link_settings(setup, ping_interval_s, tls), self._inbox.put)
        self._link.set_password(self._charge_point.passwords.in_force(self._clock.now()))
        self._hal = HalClient(folders.runtime, self._inbox.put)
        firmware = partial(parts.firmware_folder, setup, folders.config, folders.state, tls)
        self._errands = Errands(self._inbox.put, firmware, tls)
        self._desk = Desk(folders.runtime, folders.state / DATABASE_NAME, store, self._inbox.put)
        self._recorder = Recorder(store, self._say, self._charge_point.record_kept)
        self._wish_seq = 0
        self._wished: tuple[WishContent, float] | None = None
        self._told_state = ""
        self._notify = notify

    async def run(self) -> None:
        """Until a signal or a Reset."""
        async with asyncio.TaskGroup() as tasks:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, lambda: tasks.create_task(self._inbox.put(End())))
            link = tasks.create_task(self._link.run())
            others = (self._hal.run(), self._desk.run(), self._tick(), self._feed())
            background = [link, *(tasks.create_task(work) for work in others)]
            self._notify.send("READY=1")
            await self._act()
            self._notify.send("STOPPING=1")
            await self._errands.close()
            await asyncio.wait([link], timeout=GOODBYE_S)
            for task in background:
                task.cancel()

    async def _tick(self) -> None:
        while True:
            await self._inbox.put(Tick())
            await asyncio.sleep(TICK_S)

    async def _feed(self) -> None:
        """The event loop lives; a disk that hangs is no reason to be killed."""
        while True:
            self._notify.feed_watchdog(clock.now_s())
            await asyncio.sleep(FEED_EVERY_S)

    # The actor

    async def _act(self) -> None:
        while True:
            event = await self._inbox.get()
            if isinstance(event, End):
                await self._leave()
                return
            self._take(event, self._clock.now())
            await self._carry_out()
            kind = self._charge_point.restart
            if kind is not None and not self._recorder.waits and self._asked_for_restart(kind):
                await self._leave()
                return

    def _take(self, event: Event, now: Now) -> None:
        match event:
            case Opened(password=password):
                self._conversation.link_opened(now, password)
            case Refused(password=password):
                self._conversation.link_refused(password, now)
            case Closed():
                self._recorder.link_closed()
                self._conversation.link_closed(now)
            case Received(message=message):
                log.debug("< %s", without_secret(message))
                self._conversation.received(message, now)
            case Status() | Reading() | Temperatures() | InstrumentBox() | Box() | Card():
                self._charge_point.heard(event, now)
                self._conversation.step(now)
            case Ended():
                self._charge_point.errand_ended(event, now)
            case Ordered(ticket=ticket, order=SendDataTransfer() as order):
                self._conversation.transfer(order.request, ticket, now)
            case Ordered(ticket=ticket, order=OfferAgain(row_id=row_id)):
                self._conversation.offer_again(row_id, ticket)
            case Ordered(ticket=ticket, order=ClearFaults(faults=faults)):
                self._charge_point.clearing.ask(faults, now)
                self._desk.reply(ticket, Reply("Accepted"))
            case Tick():
                self._conversation.step(now)
            case _:
                pass  # messages of the socket that are for others

    async def _carry_out(self) -> None:
        await self._recorder.write_held()
        while effects := self._conversation.effects(self._clock.now()):
            await self._recorder.apply(effects)
        self._renew_wish(self._clock.now())
        self._link.set_ping_interval(self._charge_point.configuration.seconds("WebSocketPingInterval"))
        self._link.set_password(self._charge_point.passwords.in_force(self._clock.now()))
        self._tell_state()

    async def _say(self, effects: Effects) -> None:
        for note in effects.notes:
            log.info("%s", note)
        for frame in effects.frames:
            log.debug("> %s", frame)
            self._link.send(frame)
        for errand in effects.errands:
            self._errands.begin(errand)
        for done in effects.outcomes:
            self._desk.reply(done.ticket, reply_of(done))
        if effects.reconnect is not None:
            self._link.reconnect(effects.reconnect.reason, effects.reconnect.rest_s)

    def _tell_state(self) -> None:
        state = type(self._charge_point.state).__name__
        if state != self._told_state:
            log.info("state %s -> %s", self._told_state or "(start)", state)
            self._notify.send(f"STATUS={state}")
            self._told_state = state

    # Wishes

    def _renew_wish(self, now: Now, life_s: float = WISH_LIFE_S) -> None:
        content = self._charge_point.wish(now)
        if self._wished is not None:
            last, sent_s = self._wished
            if content == last and now.s - sent_s < WISH_EVERY_S and life_s == WISH_LIFE_S:
                return
        self._wish_seq += 1
        self._wished = (content, now.s)
        self._hal.send(
            Wish(
                limit_a=content.limit_a,
                cable=content.cable,
                lamp=content.lamp,
                clear_faults=content.clear_faults,
                valid_until_s=now.s + life_s,
                seq=self._wish_seq,
            )
        )

    # The end

    def _asked_for_restart(self, kind: str) -> bool:
        """False: it is tried again, or given up."""
        asked = "reboot" if kind == "hard" and self._setup.reset.hard == "reboot" else kind
        if not reset.ask(self._folders.runtime, asked):
            self._charge_point.restart_failed(self._clock.now())
        return self._charge_point.restart is not None

    async def _leave(self) -> None:
        """Ends no transaction: the wish outlives us by a minute; the mark says that all was in order."""
        self._renew_wish(self._clock.now(), WISH_LIFE_RESTART_S)  # the disk may take its time
        if await self._recorder.settled():
            await self._recorder.written((Remembered(ORDERLY, self._clock.calendar.boot_id),))
        self._renew_wish(self._clock.now(), WISH_LIFE_RESTART_S)
        await self._hal.flush()
        self._link.close()


def reply_of(done: Outcome) -> Reply:
    """To the owner."""
    answer = done.payload
    if answer is None:
        return Reply(why=done.why)
    return Reply(status=answer["status"], data=answer.get("data"))


def charge_point(
    setup: settings.ChargePoint, store: Reads, boot_id: str, version: str, now: Now
) -> ChargePoint:
    """From the settings and what the store remembers."""
    behaviour = BEHAVIOURS[setup.zaptec.mode]
    remembered = store.remembered()
    configuration = Configuration(
        behaviour,
        setup.ocpp.first_values,
        remembered,
        authorization_required=setup.zaptec.authorization_required,
    )
    row = store.open_transaction()
    memory = Memory(
        next_row_id=store.next_row_id(),
        open_row=row,
        next_sample_seq=store.next_sample_seq(row.row_id) if row is not None else 0,
        last_sample=store.last_sample(row.row_id) if row is not None else None,
        last_periodic=store.last_periodic(row.row_id) if row is not None else None,
        undated=store.undated(),
        remembered=remembered,
        profiles=store.charging_profiles(),
        id_tags=store,
    )
    identity = Identity(
        behaviour,
        boot_id,
        central_system_url=setup.central_system.url,
        accept_before_registration=setup.central_system.accept_before_registration,
        charge_point_id=setup.charge_point.id,
        password=parts.password(setup),
        firmware_version=version,
        firmware_source=setup.firmware.source,
        lost_limit=setup.fallback.lost_limit,
    )
    return ChargePoint(identity, configuration, memory, now)


def conversation(
    setup: settings.ChargePoint, core: ChargePoint, store: Reads, calendar: Calendar
) -> Conversation:
    """OCPP 1.6 6.3: who we say we are. iccid, imsi and meter are left out where unknown."""
    boot_notification = {
        "chargePointVendor": setup.charge_point.vendor,
        "chargePointModel": setup.charge_point.model,
        "chargePointSerialNumber": setup.charge_point.serial_number,
        "firmwareVersion": core.identity.firmware_version,
    }
    voice = Voice(
        boot_notification,
        new_id=lambda: str(uuid.uuid4()),
        calendar=calendar,
        transaction_time_out_s=setup.timing.transaction_time_out_s,
        retry_interval_least_s=setup.timing.retry_interval_least_s,
    )
    return Conversation(core, store, voice, Registration(setup.timing.registration_retry_s))


async def _run(folders: Folders, setup: settings.ChargePoint, boot_id: str, mock: bool) -> None:
    notify = Notify(os.environ)
    store = await awaited_store(folders.state / DATABASE_NAME, notify)
    try:
        calendar = Calendar(boot_id, store.remembered().get(CLOCK))
        what_time = clock.Clock(calendar, folders.runtime, mock=mock)
        await App(setup, folders, store, what_time, notify).run()
    finally:
        await store.close()


def main(config_dir: Path, state_dir: Path, runtime_dir: Path, mock: bool) -> int:
    """Runs the bridge. 0: ended in order; 1: the store fails, or no boot id; 2: bad configuration."""
    logs.begin("evse-bridge", "%(message)s")
    folders = Folders(config_dir, state_dir, runtime_dir)
    try:
        setup = settings.load(config_dir / settings.FILE_NAME, mock=mock)
    except ConfigError as error:
        log.critical("%s", error)
        return 2
    try:
        asyncio.run(_run(folders, setup, clock.boot_id(runtime_dir, mock=mock), mock))
    except (StoreError, OSError) as error:
        log.critical("%s", error)
        return 1
    return 0
