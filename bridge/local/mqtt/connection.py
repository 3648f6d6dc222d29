"""One connection to a broker: aiomqtt, with bounds that it does not have for what a broker sends."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PACKET_MOST = 65_536  # bytes; all that is meant for us has some hundred
WAITING_MOST = 16  # messages from the broker that nobody has looked at
WITHIN_S = 10.0  # the answer to whatever we ask
CONNECTED_WITHIN_S = 5.0
KEEP_ALIVE_S = 20  # the broker publishes the last will after one and a half of these


@dataclass(frozen=True, slots=True)
class Access:
    """Where the broker is, who we are there, and what it says of us when we are gone."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: ssl.SSLContext | None
    name: str  # MQTT's client identifier
    will_topic: str
    will: str


@contextlib.asynccontextmanager
async def connected(access: Access) -> AsyncIterator[aiomqtt.Client]:
    """Connects, and leaves no socket open at the end. Raises aiomqtt.MqttError, OSError, ValueError."""
    client = aiomqtt.Client(
        access.host,
        access.port,
        username=access.user,
        password=access.password,
        identifier=access.name,
        tls_context=access.tls,
        will=aiomqtt.Will(access.will_topic, access.will, qos=1, retain=True),
        keepalive=KEEP_ALIVE_S,
        timeout=WITHIN_S,
        max_queued_incoming_messages=WAITING_MOST,
        protocol=aiomqtt.ProtocolVersion.V5,
        properties=_asked(),
    )
    bounds = _Bounds(client)
    try:
        async with client:
            yield client
    finally:
        bounds.close()


def _asked() -> Properties:
    """Asks the broker to keep longer packets to itself (MQTT 5, 3.1.2.11.4): else whoever may write to one of
    our topics could end each connection."""
    asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    asked.MaximumPacketSize = PACKET_MOST
    return asked


class _Bounds:
    """Refuses a packet by the length that it claims, before any of it is kept. paho-mqtt asks for all that a
    packet still lacks; it has no bound of its own, and MQTT's is 256 MB."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._paho = client._client  # noqa: SLF001  # neither library has a public way to it
        self._receive = self._paho._sock_recv  # noqa: SLF001
        self._paho._sock_recv = self.receive  # type: ignore[method-assign]  # noqa: SLF001
        self._paho._create_socket_connection = self.connect  # type: ignore[method-assign]  # noqa: SLF001

    def connect(self) -> socket.socket:
        """Connects without a bind first, which paho-mqtt makes and evse-local.service forbids."""
        return socket.create_connection((self._paho.host, self._paho.port), CONNECTED_WITHIN_S)

    def receive(self, bufsize: int) -> bytes:
        """Raises ConnectionError for a packet that is too long: paho-mqtt then ends the connection."""
        if bufsize > PACKET_MOST:
            raise ConnectionError(f"the broker sends {bufsize} bytes at once; {PACKET_MOST} at most are read")
        return self._receive(bufsize)

    def close(self) -> None:
        """Closes the socket that aiomqtt leaves open after an error."""
        self._paho._sock_close()  # noqa: SLF001
        ended = self._client._disconnected  # noqa: SLF001
        if ended.done() and not ended.cancelled():
            ended.exception()  # looked at, so that asyncio does not complain of it
