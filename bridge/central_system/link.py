"""The WebSocket to the Central System: connects again after each loss and stores nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from bridge.central_system.back_off import Attempts, back_off_s
from bridge.central_system.events import Closed, LinkEvent, Opened, Received, Refused
from bridge.central_system.frames import crowded, is_request
from bridge.central_system.handshake import CLOSE_WAIT_S, MESSAGE_LIMIT, LinkSettings, address, connected
from bridge.central_system.speaker import Speaker
from bridge.central_system.tcp import watch_tcp
from bridge.central_system.trouble import (
    REFUSED_PASSWORD,
    NoOcppError,
    shown,
    since,
)
from bridge.core.password import Password
from hal.visible import visible

TOO_BIG = 1009  # RFC 6455 7.4.1
CROWDED_SAID_EVERY_S = 60.0  # in the log
NORMAL_CLOSES = (1000, 1001)  # Home Assistant closes with these right after the handshake
ANSWER_READ_S = 1.0  # after an answer: a close on its heels costs some Central Systems the answer
ANSWERS_READ_MOST_S = 3.0  # of one who goes on asking meanwhile

log = logging.getLogger(__name__)


Listener = Callable[[LinkEvent], Awaitable[None]]


class Link:
    """One connection at a time. Events go to `listener` one after another; while it works, nothing is read.

    Run `run()` as a task; cancelling it drops the connection at once.
    """

    def __init__(self, settings: LinkSettings, listener: Listener) -> None:
        self.settings = settings
        self.offline_since: datetime | None = datetime.now(UTC)  # None while connected
        self.trouble = "not connected yet"  # why there is no connection, or why the last one ended
        self._heard_at = datetime.now(UTC)  # of the other side, whatever it was
        self._listener = listener
        self._speaker: Speaker | None = None  # while connected
        self._end: asyncio.Future[Closed] | None = None  # while connected: its result ends the connection
        self._closing = asyncio.Event()
        self._password: Password | None = None  # see `set_password`
        self._ping_interval_s = 0.0  # see `set_ping_interval`
        self._ping_changed = asyncio.Event()
        self._rest_s = 0.0  # asked for once, by `reconnect`
        self._crowded_said_s = -math.inf
        self._answered_s = -math.inf  # on the loop's clock: when the last answer of ours was sent

    async def run(self) -> None:
        """Connects, and again after each end, until `close()` or cancelled."""
        attempts = Attempts()
        while not self._closing.is_set():
            password = self._password
            connection = await self._connect_unless_closing(password)
            if connection is not None:
                opened_s = time.monotonic()
                closed = await self._converse(connection, password)
                attempts.ended(time.monotonic() - opened_s, normally=closed.code in NORMAL_CLOSES)
            await self._pause(attempts.next())

    def send(self, text: str) -> bool:
        """Waits for nobody; nothing outlives the connection. False: there is none, or it takes no more."""
        taken = self._speaker is not None and self._speaker.say(text)
        if not taken:
            heard = since(self._heard_at)
            self._finish(Closed(f"it does not read what we send; last answer at {heard}"))
        return taken

    def refuse(self, message: str | bytes) -> None:
        """Answers a CALL for which there is no room."""
        if answer := crowded(message):
            self.send(answer)
        if time.monotonic() - self._crowded_said_s >= CROWDED_SAID_EVERY_S:
            self._crowded_said_s = time.monotonic()
            log.warning("too many CALLs of the Central System wait for their answers: the newest are refused")

    def reconnect(self, reason: str, rest_s: float = 0.0) -> None:
        """Ends the present connection, if any, a second after the last answer at the earliest; a new one
        follows after the back-off, or a longer `rest_s`."""
        self._rest_s = rest_s
        self._finish(Closed(reason))

    def close(self) -> None:
        """Ends the connection, with a close frame, and then `run()`."""
        self._closing.set()
        self._finish(Closed("closed by us"))

    def set_ping_interval(self, seconds: float) -> None:
        """Sets WebSocketPingInterval, at once and for later connections; 0: none."""
        if seconds != self._ping_interval_s:
            self._ping_interval_s = seconds
            self._ping_changed.set()

    def set_password(self, password: Password | None) -> None:
        """Uses this password from the next connection on."""
        self._password = password

    def _finish(self, closed: Closed) -> None:
        if self._end is not None and not self._end.done():
            self._end.set_result(closed)

    # Connecting

    async def _connect_unless_closing(self, password: Password | None) -> ClientConnection | None:
        attempt = asyncio.create_task(self._connect(password))
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({attempt, closing}, return_when=asyncio.FIRST_COMPLETED)
            return attempt.result() if attempt.done() else None
        finally:
            attempt.cancel()
            closing.cancel()

    async def _connect(self, password: Password | None) -> ClientConnection | None:
        """Connects; None, with `trouble` in words, when there is no OCPP to be had."""
        try:
            connection = await connected(replace(self.settings, password=password))
        except NoOcppError as error:
            self._in_trouble(str(error))
            if error.status == REFUSED_PASSWORD:
                await self._listener(Refused(password))
            return None
        watch_tcp(connection.transport.get_extra_info("socket"))
        return connection

    def _in_trouble(self, trouble: str) -> None:
        """Logs once for each new cause, not at every attempt."""
        if trouble != self.trouble:
            moment = since(self.offline_since)
            log.warning("no connection to the Central System since %s: %s", moment, trouble)
        self.trouble = trouble

    async def _pause(self, attempt: int) -> None:
        settings = self.settings
        back_off = back_off_s(attempt, random.random(), settings.back_off_first_s, settings.back_off_max_s)
        wait_s, self._rest_s = max(back_off, self._rest_s), 0.0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._closing.wait()

    # Connected

    async def _converse(self, connection: ClientConnection, password: Password | None) -> Closed:
        """Runs until either side ends the connection. Cancelled: drops it at once."""
        speaker = self._speaker = Speaker(partial(self._hand_over, connection))
        self._end = asyncio.get_running_loop().create_future()
        self.offline_since, self._heard_at = None, datetime.now(UTC)
        log.info("connected to %s", shown(address(self.settings.url, self.settings.identity)))
        if self._closing.is_set():
            self.close()
        reader, pinger = (
            asyncio.create_task(self._read(connection, password)),
            asyncio.create_task(self._ping(connection)),
        )
        speaking = asyncio.create_task(speaker.run())
        try:
            closed = await _first(self._end, reader, pinger)
            await self._close(connection, speaker, reader)
            connection.transport.abort()
            await reader  # never cut the listener short; what was received before the end is heard before it
        finally:
            for task in (reader, pinger, speaking):
                task.cancel()
            connection.transport.abort()
            self._speaker = self._end = None
            self.offline_since = datetime.now(UTC)
        self.trouble = closed.reason
        log.log(logging.INFO if closed.code in NORMAL_CLOSES else logging.WARNING, "link: %s", closed.reason)
        await self._listener(closed)
        return closed

    async def _read(self, connection: ClientConnection, password: Password | None) -> Closed:
        await self._listener(Opened(password))
        try:
            while True:
                message = await connection.recv()
                self._heard_at = datetime.now(UTC)
                await self._listener(Received(message))
        except ConnectionClosed as closed:
            return _closed_by(closed)

    async def _hand_over(self, connection: ClientConnection, text: str) -> None:
        with contextlib.suppress(ConnectionClosed):  # the reader tells
            await connection.send(text)
        if not is_request(text):
            self._answered_s = asyncio.get_running_loop().time()

    async def _close(
        self, connection: ClientConnection, speaker: Speaker, reader: asyncio.Task[Closed]
    ) -> None:
        """Closes after all that was sent before, and never on the heels of an answer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WAIT_S):
                await speaker.said()
            await self._let_answers_be_read(reader)
            async with asyncio.timeout(CLOSE_WAIT_S):
                await connection.close()

    async def _let_answers_be_read(self, reader: asyncio.Task[Closed]) -> None:
        """Returns a second after the last answer, or when the other side has closed."""
        clock = asyncio.get_running_loop().time
        most_s = clock() + ANSWERS_READ_MOST_S
        while (rest_s := min(self._answered_s + ANSWER_READ_S, most_s) - clock()) > 0 and not reader.done():
            await asyncio.wait({reader}, timeout=rest_s)

    async def _ping(self, connection: ClientConnection) -> Closed:
        while True:
            await self._ping_due()
            patience_s = max(self._ping_interval_s, self.settings.pong_wait_min_s)
            try:
                async with asyncio.timeout(patience_s):
                    await (await connection.ping())
                self._heard_at = datetime.now(UTC)
            except TimeoutError:
                return Closed(f"no pong for {patience_s:g} s; last answer at {since(self._heard_at)}")
            except ConnectionClosed:
                await asyncio.Event().wait()  # the reader tells, after all that was received before

    async def _ping_due(self) -> None:
        """Returns when an interval has passed unchanged."""
        while True:
            self._ping_changed.clear()
            try:
                async with asyncio.timeout(self._ping_interval_s or None):
                    await self._ping_changed.wait()
            except TimeoutError:
                return


async def _first(*ends: asyncio.Future[Closed]) -> Closed:
    """Returns the first that is there; what the listener raises is raised."""
    done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    return next(end.result() for end in ends if end in done)


def _closed_by(closed: ConnectionClosed) -> Closed:
    if closed.rcvd is not None:
        said = f": {visible(closed.rcvd.reason)}" if closed.rcvd.reason else ""
        return Closed(f"closed by the Central System with {closed.rcvd.code}{said}", closed.rcvd.code)
    if closed.sent is not None and closed.sent.code == TOO_BIG:
        return Closed(f"closed by us with {TOO_BIG}: a message came of more than {MESSAGE_LIMIT} bytes")
    if closed.sent is not None:
        return Closed(f"closed by us with {closed.sent.code}: {closed.sent.reason}")
    return Closed("the connection was lost without a close frame")
