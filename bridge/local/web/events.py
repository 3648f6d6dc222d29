"""Server-sent events: the state to everybody who has the page open, at most once a second."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
from aiohttp import web

from bridge.local.watch import Seen, Watch
from bridge.local.web.answering import Answering
from bridge.local.web.api.charging import In
from bridge.local.web.api.operation import ApiError, fields
from bridge.local.web.told import told
from bridge.local.why.words import Language

MOST_STREAMS = 8
HEARTBEAT_S = 15.0
SENT_WITHIN_S = 20.0  # who reads no event for so long is gone


class Events:
    """All streams of one server."""

    def __init__(self, answering: Answering, watch: Watch) -> None:
        self._answering = answering
        self._watch = watch
        self._streams = 0
        self._made: dict[Language, tuple[int, bytes]] = {}  # the newest event, by language

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Sends until the other end goes, is logged out, or reads no more."""
        self._answering.admitted(request, "owner")
        language = fields(dict(request.query), In, "query").language
        if self._streams >= MOST_STREAMS:
            why = f"The page is open {MOST_STREAMS} times already: close one, or ask for /state now and then."
            raise ApiError(503, "too_many_streams", why, HEARTBEAT_S)
        response = web.StreamResponse()
        response.content_type, response.charset = "text/event-stream", "utf-8"
        response.headers["Cache-Control"] = "no-store"
        self._streams += 1
        try:
            with self._watch.listening(), contextlib.suppress(ApiError, TimeoutError, ConnectionError):
                await response.prepare(request)
                await self._send(request, response, language)
        finally:
            self._streams -= 1
        if request.transport is not None:
            request.transport.abort()
        return response

    async def _send(self, request: web.Request, response: web.StreamResponse, language: Language) -> None:
        """Raises ApiError when the caller may no longer look, TimeoutError when he reads nothing."""
        seen = await self._watch.fresh()
        while True:
            await _write(response, self._event(seen, language))
            while (newer := await self._newer(seen.number)) is None:
                await _write(response, b": still here\n\n")
            self._answering.admitted(request, "owner")
            seen = newer

    async def _newer(self, number: int) -> Seen | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_S):
                return await self._watch.newer(number)
        return None

    def _event(self, seen: Seen, language: Language) -> bytes:
        """Returns the event; made once, however many get it."""
        number, made = self._made.get(language, (-1, b""))
        if number != seen.number:
            body = msgspec.json.encode(told(seen.state, seen.away, language))
            made = b"event: state\ndata: " + body + b"\n\n"
            self._made[language] = seen.number, made
        return made


async def _write(response: web.StreamResponse, event: bytes) -> None:
    async with asyncio.timeout(SENT_WITHIN_S):
        await response.write(event)
