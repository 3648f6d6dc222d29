"""Listens for the page and the REST interface, again and again while the port is taken."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import msgspec
from aiohttp import web

from bridge.local.asker import Asker
from bridge.local.settings import LOOPBACK, Page
from bridge.local.watch import Watch
from bridge.local.web import static
from bridge.local.web.told import told
from bridge.local.why.words import language_of

AGAIN_S = 15.0  # after a port that was taken

log = logging.getLogger(__name__)


class Server:
    """The web server of one box."""

    def __init__(self, settings: Page, state_dir: Path, asker: Asker, watch: Watch, *, mock: bool) -> None:
        self._settings = settings
        self._state_dir = state_dir
        self._asker = asker
        self._watch = watch
        self._mock = mock
        self._page = static.page_files()

    async def run(self) -> None:
        """Serves until it is cancelled. While another program has the port it says so and waits."""
        app = web.Application()
        app.router.add_get("/api/v1/state", self._state)
        app.router.add_get("/{path:.*}", self._static)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await self._listen(runner)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        host, port = self._settings.listen or (LOOPBACK if self._mock else None), self._settings.port
        while True:
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                log.error("no page at port %d: %s; tried again in %g s", port, error.strerror, AGAIN_S)
                await asyncio.sleep(AGAIN_S)
            else:
                log.info("page: http://%s:%d/", host or "(this machine)", port)
                return

    async def _state(self, request: web.Request) -> web.Response:
        language = language_of(request.query.get("language"))
        seen = await self._watch.fresh()
        body = msgspec.json.encode(told(seen.state, seen.away, language))
        return web.Response(body=body, content_type="application/json")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return static.answer(self._page, request)
