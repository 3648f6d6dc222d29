"""MQTT as a part of the owner's side: keeps a connection, publishes what is so, carries out commands.

The broker may be away, slow or hostile. Each publication waits for the broker's answer, so nothing piles up
here: a slow broker gets the newest State, and misses what lay between.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections import deque
from collections.abc import Callable
from pathlib import Path

import aiomqtt
import msgspec

from bridge.local.asker import Asker, BridgeAwayError
from bridge.local.messages import waiting
from bridge.local.messages.teller import Teller
from bridge.local.messages.texts import sentence
from bridge.local.mqtt import discovery, readings
from bridge.local.mqtt.commands import Answer, Refused, answer, command, commanded
from bridge.local.mqtt.connection import Access, connected
from bridge.local.mqtt.pace import EVERY_S, Pace
from bridge.local.mqtt.settings import Mqtt
from bridge.local.mqtt.topics import Topics
from bridge.local.orders import Reply
from bridge.local.secret_file import SecretError, first_line
from bridge.local.state.state import State
from bridge.local.watch import Watch
from bridge.local.why.words import words
from hal import durable

SERIAL_FILE = "mqtt-serial"  # the last will names the box, also while the bridge is away at a start
SERIAL_MOST = 64
NO_SERIAL = "box"  # hal.safety could not read one
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
ANSWERS_MOST = 16
GOODBYE_S = 1.0
SETTLED_S = 30.0  # a connection that lasted so long begins again after the shortest pause
SERIAL_WITHIN_S = 30.0
ONLINE, OFFLINE = "online", "offline"
TROUBLES = (aiomqtt.MqttError, OSError, UnicodeError, SecretError)  # of a connection, none of them ours

log = logging.getLogger(__name__)


class Publisher:
    """Run `run()` as a task. `trust` gives the TLS settings; it raises OSError with a sentence."""

    def __init__(
        self,
        settings: Mqtt,
        state_dir: Path,
        asker: Asker,
        watch: Watch,
        teller: Teller,
        trust: Callable[[], ssl.SSLContext],
    ) -> None:
        self._settings = settings
        self._serial_path = state_dir / SERIAL_FILE
        self._asker = asker
        self._watch = watch
        self._teller = teller
        self._trust = trust
        self._answers: deque[Answer] = deque(maxlen=ANSWERS_MOST)
        self._state: State | None = None  # the last that was known
        self._described: State | None = None  # from which the box is announced
        self._wake = asyncio.Event()
        teller.on_put(self._wake.set)

    async def run(self) -> None:
        """Connects again and again, until it is cancelled."""
        loop, pause_s = asyncio.get_running_loop(), FIRST_PAUSE_S
        with self._watch.listening():
            topics = Topics(self._settings.topic_prefix, await self._serial())
            while True:
                began_s = loop.time()
                said = await self._ended(topics)
                if loop.time() - began_s >= SETTLED_S:
                    pause_s = FIRST_PAUSE_S
                log.warning("mqtt: %s: %s; again in %g s", self._settings.broker, said, pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)

    async def _ended(self, topics: Topics) -> str:
        """Keeps one connection as long as it lasts; then says why it ended, or never began."""
        try:
            async with connected(self._access(topics)) as client:
                await self._serve(client, topics)
        except TROUBLES as error:
            return _why(error)
        except ExceptionGroup as group:
            if group.split(TROUBLES)[1] is not None:
                raise
            return _why(group.exceptions[0])
        return "the connection has ended"

    def _access(self, topics: Topics) -> Access:
        """Reads password and authorities anew each time. Raises SecretError, OSError."""
        settings = self._settings
        host, port = settings.address
        password = (
            first_line(Path(settings.password_file), "mqtt.password_file") if settings.password_file else None
        )
        return Access(
            host=host,
            port=port,
            user=settings.user or None,
            password=password,
            tls=self._trust() if settings.tls else None,
            name=topics.client,
            will_topic=topics.availability,
            will=OFFLINE,
        )

    async def _serve(self, client: aiomqtt.Client, topics: Topics) -> None:
        """Raises one of TROUBLES, or a group of them, when the connection ends."""
        settings, pace = self._settings, Pace(frozenset({topics.meter}))
        log.info("mqtt: connected to %s as %s", settings.broker, topics.client)
        if settings.commands:
            await client.subscribe(topics.commands, qos=1)
        if settings.discovery_prefix:
            await client.subscribe(discovery.birth_topic(settings), qos=1)
        await client.publish(topics.availability, ONLINE, qos=1, retain=True)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._publish(client, topics, pace))
                tasks.create_task(self._receive(client, topics, pace))
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError, *TROUBLES):
                async with asyncio.timeout(GOODBYE_S):
                    await client.publish(topics.availability, OFFLINE, qos=1, retain=True)
            raise

    async def _publish(self, client: aiomqtt.Client, topics: Topics, pace: Pace) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            for topic, payload in pace.due(self._wanted(topics), loop.time()):
                await client.publish(topic, payload, qos=1, retain=True)
                pace.published(topic, payload, loop.time())
            while self._answers:
                await client.publish(topics.answer, msgspec.json.encode(self._answers[0]), qos=1)
                self._answers.popleft()
            await self._tell(client, topics)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._wake.wait()

    async def _tell(self, client: aiomqtt.Client, topics: Topics) -> None:
        """Publishes the messages that wait. They are not retained: an old one is no news."""
        unsent = self._teller.outlets.get(waiting.MQTT)
        while unsent is not None and (message := unsent.due(asyncio.get_running_loop().time())) is not None:
            await client.publish(topics.message, msgspec.json.encode(message), qos=1)
            unsent.delivered(message)

    async def _receive(self, client: aiomqtt.Client, topics: Topics, pace: Pace) -> None:
        async for received in client.messages:
            topic, payload = str(received.topic), received.payload
            if topic == discovery.birth_topic(self._settings) and payload == discovery.BIRTH.encode():
                pace.forget()
                self._wake.set()
            elif self._settings.commands:
                name = commanded(topics, topic, retained=received.retain)
                if name is not None:
                    await self._carry_out(name, payload)

    async def _carry_out(self, name: str, payload: bytes) -> None:
        """Gives the order to the bridge; whatever comes of it is answered, and ends nothing."""
        order = command(name, payload, self._settings.id_tag)
        outcome: Reply | Refused
        if isinstance(order, Refused):
            outcome = order
        else:
            try:
                outcome = await self._asker.ask(order, Reply)
            except BridgeAwayError as away:
                outcome = Reply(why=str(away))
        made = answer(name, outcome)
        log.info("mqtt: command %s: %s %s", name, made.result, made.why)
        self._answers.append(made)
        self._wake.set()

    def _wanted(self, topics: Topics) -> dict[str, bytes]:
        """Returns what the retained topics should hold now, in the order in which they are published."""
        seen, settings = self._watch.seen, self._settings
        wanted = {topics.bridge: (ONLINE if seen.state is not None else OFFLINE).encode()}
        if seen.state is not None:
            self._state = seen.state
            self._described = discovery.described(self._described, seen.state)
        if settings.discovery_prefix and self._described is not None:
            wanted |= discovery.announced(settings, topics, self._described)
        if self._state is not None:
            say = words(settings.language, self._state.at)
            troubles = [sentence(noted, settings.language) for noted in self._teller.standing]
            wanted[topics.state] = readings.encoded(readings.state_values(self._state, say, troubles))
            wanted[topics.meter] = readings.encoded(readings.meter_values(self._state))
        return wanted

    async def _serial(self) -> str:
        """Returns the serial number that the box says; the one it said before, if it says none in time."""
        known = _kept(self._serial_path)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SERIAL_WITHIN_S if known else None):
                said = await self._said_serial()
                if said != known:
                    _keep(self._serial_path, said)
                return said
        return known

    async def _said_serial(self) -> str:
        number = 0
        while True:
            seen = await self._watch.newer(number)
            number = seen.number
            if seen.state is not None and seen.state.box.alive:
                return (seen.state.box.serial or NO_SERIAL)[:SERIAL_MOST]


def _kept(path: Path) -> str:
    try:
        return durable.read(path, SERIAL_MOST * 4).decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _keep(path: Path, serial: str) -> None:
    try:
        durable.write(path, serial.encode())
    except OSError as error:
        log.warning("%s: %s; after a start MQTT waits for the bridge", path, error.strerror or error)


def _why(error: BaseException) -> str:
    """Says why a connection ended; what aiomqtt wraps says more."""
    cause = error.__cause__ or error
    if isinstance(cause, OSError):
        return cause.strerror or str(cause)
    return str(cause)
