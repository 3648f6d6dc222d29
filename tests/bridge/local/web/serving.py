"""The web server of a box in the test's own loop, before a real desk whose actor answers at once."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bridge.compose import DATABASE_NAME
from bridge.core.charging_profile import Mains
from bridge.core.limits.charging_schedule import Circumstances
from bridge.local.asker import Asker
from bridge.local.desk import Desk
from bridge.local.frame_ring import FrameRing
from bridge.local.history.history import History
from bridge.local.orders import (
    SOCKET_NAME,
    Answered,
    Identity,
    Installed,
    Key,
    Keys,
    ListKeys,
    ListProfiles,
    LookAtState,
    Looked,
    Order,
    Ordered,
    Reply,
)
from bridge.local.settings import Page
from bridge.local.watch import Watch
from bridge.local.web.access import kept
from bridge.local.web.access.passwords import Cost
from bridge.local.web.server import Box, Server
from bridge.store.database import IN_MEMORY, Database
from tests.bridge.local.states import WELL
from tests.memory import MEMORY

PATIENCE_S = 30.0
CHEAP = Cost(n=2, r=1, p=1)
FAR = {"X-Forwarded-For": "192.0.2.7"}  # from the network, through a proxy of this machine
PASSWORD = "correct horse"
KEYS = Keys((Key(name="HeartbeatInterval", value="300", readonly=False, source="default", meaning_en="m"),))
ACCEPTED = Reply("Accepted")
INSTALLED = Installed((), Circumstances(None, 0, 16.0, Mains(3, 230.0)))


@dataclass
class Served:
    """The server, what the bridge was asked, and a browser."""

    folder: Path
    url: str
    browser: aiohttp.ClientSession
    port: int
    another: Callable[[], Server]  # of the same box, at the same port
    orders: list[Order] = field(default_factory=list)
    reply: Reply = ACCEPTED
    csrf: str = ""

    @property
    def code(self) -> str:
        """As `evse-bridge page-code` shows it."""
        return (self.folder / kept.CODE_FILE_NAME).read_text().strip()

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and JSON of one request; each change with X-CSRF-Token, if there is one yet."""
        headers = {**({"X-CSRF-Token": self.csrf} if self.csrf else {}), **more.pop("headers", {})}
        async with self.browser.request(method, f"{self.url}{path}", headers=headers, **more) as answer:
            found = await answer.json() if answer.content_type == "application/json" else await answer.text()
            if isinstance(found, dict) and "csrf" in found:
                self.csrf = found["csrf"]
            return answer.status, found

    async def enter(self, **headers: str) -> None:
        """Sets the first password, from this machine."""
        await self.ask("GET", "/api/v1/session")
        given = {"password": PASSWORD}
        status, said = await self.ask("POST", "/api/v1/password", json=given, headers=headers)
        assert status == 200, said

    def changed(self) -> list[Order]:
        """What the bridge was asked, but looks."""
        looks = (LookAtState, ListProfiles, ListKeys)
        return [each for each in self.orders if not isinstance(each, looks)]


@contextlib.asynccontextmanager
async def served(*, bridge: bool = True, store: Database | None = None, **page: Any) -> AsyncIterator[Served]:
    """A mock box. `bridge`: one runs."""
    with contextlib.ExitStack() as kept_open:
        folder = Path(kept_open.enter_context(tempfile.TemporaryDirectory(prefix="evse-", dir=MEMORY)))
        store = store or kept_open.enter_context(contextlib.closing(Database(IN_MEMORY)))
        port = free_port()
        asker = Asker(folder)
        watch = Watch(asker)
        history = History(folder, watch)
        box = Box(Page(port=port, **page), folder, asker, watch, history, mock=True)
        server = Server(box, CHEAP)
        jar = aiohttp.CookieJar(unsafe=True)  # an address has cookies too
        scheme = "https" if page.get("https") else "http"
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            found = Served(folder, f"{scheme}://127.0.0.1:{port}", browser, port, lambda: Server(box, CHEAP))

            async def act(ordered: Ordered) -> None:
                found.orders.append(ordered.order)
                desk.reply(ordered.ticket, _reply(found, ordered.order))

            who = Identity(str(folder / DATABASE_NAME), mock=True)
            desk = Desk(folder, lambda: who, store, act, FrameRing())
            running = [asyncio.create_task(desk.run())] if bridge else []
            try:
                while bridge and not await asyncio.to_thread((folder / SOCKET_NAME).exists):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                running += [asyncio.create_task(each) for each in (watch.run(), history.run(), server.run())]
                await _listens(port)
                yield found
            finally:
                for task in running:
                    task.cancel()
                ended = await asyncio.gather(*running, return_exceptions=True)
                errors = [each for each in ended if not isinstance(each, asyncio.CancelledError)]
                assert not any(isinstance(each, Exception) for each in errors), errors


def _reply(found: Served, order: Order) -> Answered:
    match order:
        case LookAtState():
            return Looked(WELL)
        case ListKeys():
            return KEYS
        case ListProfiles():
            return INSTALLED
        case _:
            return found.reply


def free_port() -> int:
    """One that nobody has now."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


async def _listens(port: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(ConnectionError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.transport.abort()
                return
            await asyncio.sleep(0.01)
