"""The web hook: each message is sent to one address as JSON by POST, again and again until it is taken.

Nobody waits for it. Its address may be a secret, so that neither it nor an error that holds it is logged.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp.http_exceptions import HttpProcessingError

from bridge.local.messages.texts import Message
from bridge.local.messages.waiting import Waiting

WITHIN_S = 10.0  # from the first byte to the status line, whatever drips
LOOKS_EVERY_S = 1.0

log = logging.getLogger(__name__)


class RefusedError(Exception):
    """The hook did not take a message; says why, without its address."""


class Hook:
    """Run `run()` as a task. `address` reads the address anew for each message; it raises ValueError with a
    sentence. `trust` gives the TLS settings for https."""

    def __init__(
        self, waiting: Waiting, address: Callable[[], str], trust: Callable[[], ssl.SSLContext]
    ) -> None:
        self._waiting = waiting
        self._address = address
        self._trust = trust

    async def run(self) -> None:
        """Delivers what waits, the oldest first, until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            message = self._waiting.due(loop.time())
            if message is None:
                await asyncio.sleep(LOOKS_EVERY_S)
                continue
            try:
                await self.deliver(message)
            except RefusedError as refused:
                pause_s = self._waiting.failed(loop.time())
                log.warning("web hook: %s; %d wait, again in %g s", refused, len(self._waiting), pause_s)
            else:
                self._waiting.delivered(message)

    async def deliver(self, message: Message) -> None:
        """Tries once. Raises RefusedError unless the hook answers with 2xx."""
        try:
            url = self._address()
            tls = self._trust() if urlsplit(url).scheme == "https" else None
        except (ValueError, OSError) as error:
            raise RefusedError(str(error)) from None
        try:
            status = await _posted(url, msgspec.json.encode(message), tls)
        except TimeoutError:
            raise RefusedError(f"no answer within {WITHIN_S:g} s") from None
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            raise RefusedError(_why(error)) from None
        if 300 <= status < 400:
            raise RefusedError(f"it answers {status}, a redirect; none is followed, so give its address")
        if not 200 <= status < 300:
            raise RefusedError(f"it answers {status}, must be 200 to 299")


async def _posted(url: str, body: bytes, tls: ssl.SSLContext | None) -> int:
    """Sends one POST on a connection of its own and returns the status; the rest is not read."""
    connector = aiohttp.TCPConnector(force_close=True, limit=1, ssl=tls if tls is not None else True)
    async with (
        asyncio.timeout(WITHIN_S),
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.post(
            url,
            data=body,
            headers={"Content-Type": "application/json"},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=WITHIN_S),
        ) as response,
    ):
        response.close()
        return response.status


def _why(error: Exception) -> str:
    """Says what is wrong; the text of most errors holds the address."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate is not trusted: see messages.ca_file"
        case aiohttp.ClientConnectorError(os_error=os_error):
            return f"not reached: {os_error.strerror or type(os_error).__name__}"
        case aiohttp.ServerDisconnectedError():
            return "it closed the connection without an answer"
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return "it answers something that is no HTTP"
        case _:
            return f"not sent: {type(error).__name__}"
