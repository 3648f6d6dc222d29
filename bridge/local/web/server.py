"""Listens for the page and the REST interface, again and again while the port is taken."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bridge import version
from bridge.local.asker import Asker
from bridge.local.history.history import History
from bridge.local.settings import LOOPBACK, Page
from bridge.local.watch import Watch
from bridge.local.web import metrics, static
from bridge.local.web.access import hosts, kept
from bridge.local.web.access.access import Access
from bridge.local.web.access.passwords import USUAL, Cost
from bridge.local.web.answering import Answering
from bridge.local.web.api.asked import Hashing, Parts
from bridge.local.web.api.operation import PREFIX
from bridge.local.web.api.table import OPERATIONS
from bridge.local.web.events import Events
from bridge.local.web.gate import Gate

AGAIN_S = 15.0  # after a port that was taken
BODY_LIMIT = 64 * 1024
BACKLOG = 16
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Server": "evse-bridge",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Box:
    """What the server needs of the rest of the owner's side."""

    settings: Page
    state: Path
    asker: Asker
    watch: Watch
    history: History
    mock: bool


class Server:
    """The web server of one box. Run `run()` as a task."""

    def __init__(self, box: Box, cost: Cost = USUAL) -> None:
        """`cost`: of hashing a password."""
        self._box = box
        self._gate = Gate()
        settings = box.settings
        self._names = hosts.own_names(socket.gethostname(), settings.names)
        read = kept.load(box.state)
        code = kept.code(box.state) if read.installer is None else ""
        parts = Parts(
            access=Access(read, code, self._keep),
            asker=box.asker,
            watch=box.watch,
            history=box.history,
            hashing=Hashing(cost),
            folder=box.state,
            version=version.full(),
            mock=box.mock,
        )
        self._answering = Answering(parts, self._gate, self._names, https=settings.https)
        self._events = Events(self._answering, box.watch)
        self._metrics = metrics.Metrics(self._answering, box.watch)
        self._page = static.page_files()

    async def run(self) -> None:
        """Serves until it is cancelled. While another program has the port it says so and tries again."""
        runner = web.AppRunner(
            self._app(),
            access_log=None,
            logger=_quiet(),
            auto_decompress=False,
            handler_cancellation=True,
        )
        await runner.setup()
        looking = asyncio.create_task(self._gate.run())
        try:
            assert runner.server is not None
            server = await self._listening(runner.server)
            async with server:
                try:
                    await asyncio.Event().wait()
                finally:  # since Python 3.12 a server that closes waits for its connections
                    self._gate.close()
        finally:
            looking.cancel()
            await runner.cleanup()

    def _keep(self, changed: kept.Kept) -> None:
        kept.save(self._box.state, changed)
        if changed.installer is not None:
            kept.forget_code(self._box.state)

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._answering.guard], client_max_size=BODY_LIMIT)
        app.on_response_prepare.append(_add_headers)
        for operation in OPERATIONS:
            handler = self._answering.handler(operation)
            app.router.add_route(operation.method, f"{PREFIX}{operation.path}", handler)
        app.router.add_get(f"{PREFIX}/events", self._events.stream, allow_head=False)
        app.router.add_get(metrics.PATH, self._metrics.answer, allow_head=False)
        app.router.add_get("/{path:(?!api/).*}", self._static)
        return app

    async def _listening(self, factory: web.Server) -> asyncio.Server:
        settings, loop = self._box.settings, asyncio.get_running_loop()
        host = settings.listen or (LOOPBACK if self._box.mock else None)
        while True:
            try:
                tls = self._tls()
                server = await loop.create_server(
                    self._gate.protocol(factory), host, settings.port, backlog=BACKLOG, ssl=tls
                )
            except OSError as error:
                log.error("no page at port %d: %s; tried again in %g s", settings.port, error, AGAIN_S)
                await asyncio.sleep(AGAIN_S)
            else:
                where, kind = host or "every address of this machine", "http" if tls is None else "https"
                log.info("page: %s, port %d of %s", kind, settings.port, where)
                return server

    def _tls(self) -> ssl.SSLContext | None:
        """Raises OSError when no certificate can be kept."""
        if not self._box.settings.https:
            return None
        from bridge.local.web import certificate  # its library takes memory

        return certificate.context(self._box.state, self._names)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return static.answer(self._page, request)


def _quiet() -> logging.Logger:
    """Returns a log for errors of ours: what others send instead of HTTP fills no disk."""
    quiet = logging.getLogger(f"{__name__}.requests")
    quiet.addFilter(_of_ours)
    return quiet


def _of_ours(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
