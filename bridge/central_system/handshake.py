"""The opening handshake: how a connection that speaks OCPP 1.6J comes about, or why there is none.

Clauses are of OCPP-J 1.6.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.protocol import State
from websockets.typing import Subprotocol

from bridge.central_system.credentials import basic
from bridge.central_system.trouble import Attempt, NoOcppError, cause, http_status, shown
from bridge.core.password import Password

SUBPROTOCOL = Subprotocol("ocpp1.6")  # 3.1.2
MESSAGE_LIMIT = 1 << 20  # bytes; a larger one closes the connection with 1009, so that memory is bounded
UNREAD_LIMIT = 2 << 20  # bytes the other side may leave unread: our longest message, and pongs to its pings
# An answer with its body, of which the library reads 1 MiB in time that grows with the square of its chunks.
HANDSHAKE_LIMIT = 128 << 10  # bytes
MESSAGES_AHEAD = 4  # received while the listener is busy; then the socket is left to wait
CLOSE_WAIT_S = 1.0  # a close not answered: drop
HANDSHAKE_WAIT_S = 30.0  # name, TCP, TLS and HTTP over a slow mobile link
PONG_WAIT_MIN_S = 10.0
DEVICE_ID = re.compile(r"\{deviceId\}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """The address, the credentials and the waits of the link."""

    url: str
    identity: str
    back_off_first_s: float
    back_off_max_s: float
    tls: Callable[[], ssl.SSLContext]  # raises OSError, in words
    pong_wait_min_s: float = PONG_WAIT_MIN_S
    password: Password | None = None  # of this attempt; see `Link.set_password`


def address(url: str, identity: str) -> str:
    """Returns the URL with the encoded identity as its last path segment; a query is kept (3.1.1).

    As in Zaptec's portal, {deviceId} in the path (in any case) says that the identity goes there instead.
    """
    parts = urlsplit(url)
    encoded = quote(identity, safe="")
    path, places = DEVICE_ID.subn(lambda _: encoded, parts.path)
    if not places:
        path = parts.path.rstrip("/") + "/" + encoded
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


class _Connection(ClientConnection):
    """A connection that ends when the handshake's answer is too long, or when the other side does not read:
    the library answers pings without waiting for it."""

    _before_open = 0  # bytes received

    def data_received(self, data: bytes) -> None:
        if self.state is State.CONNECTING:
            self._before_open += len(data)
            if self._before_open > HANDSHAKE_LIMIT:
                self.transport.abort()
                return
        super().data_received(data)
        if self.transport.get_write_buffer_size() > UNREAD_LIMIT:
            self.transport.abort()


class _Direct(connect):
    """Follows no redirect: the Central System's address is the owner's decision alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def connected(settings: LinkSettings) -> ClientConnection:
    """Returns a new connection that speaks OCPP 1.6J; who has it closes it. Raises NoOcppError."""
    url = address(settings.url, settings.identity)
    try:
        connection = await _handshake(url, settings)
    except (OSError, InvalidURI, InvalidHandshake, ConnectionClosed, ValueError) as error:
        tried = Attempt(url, HANDSHAKE_WAIT_S, with_password=settings.password is not None)
        why = f"{shown(url)}: {cause(error, tried)}"
        raise NoOcppError(why, http_status(error)) from None
    if connection.subprotocol != SUBPROTOCOL:  # 3.1.2: without the header it has not agreed to any
        connection.transport.abort()
        raise NoOcppError(f"{shown(url)}: the server did not agree to the subprotocol {SUBPROTOCOL}")
    return connection


async def _handshake(url: str, settings: LinkSettings) -> ClientConnection:
    return await _Direct(
        url,
        subprotocols=[SUBPROTOCOL],
        ssl=settings.tls() if url.startswith("wss://") else None,
        additional_headers=basic(settings.identity, settings.password),
        user_agent_header="evse-bridge",
        compression=None,
        proxy=None,
        open_timeout=HANDSHAKE_WAIT_S,
        ping_interval=None,  # our own: the interval changes while connected
        close_timeout=CLOSE_WAIT_S,
        max_size=MESSAGE_LIMIT,
        max_queue=MESSAGES_AHEAD,
        create_connection=_Connection,
    )
