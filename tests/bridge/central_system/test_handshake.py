"""What a server can answer instead of a WebSocket that speaks OCPP 1.6: one clear line each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from bridge.central_system.events import Opened, Refused
from bridge.central_system.link import Link
from bridge.core.password import Password
from tests.bridge.central_system.listening import PATIENCE_S, Heard, central, eventually, impatient, running


@pytest.fixture(autouse=True)
async def _everybody_has_left() -> AsyncIterator[None]:
    """A server's side of a refused handshake closes a moment after the server has."""
    yield
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=PATIENCE_S)
    await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def tcp(answer: bytes | None, *, stay: bool) -> AsyncIterator[str]:
    """A server that is no WebSocket server: answers with these bytes, if any, then stays or leaves."""
    leave = asyncio.Event()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer or b"")
            if stay:
                await leave.wait()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.ensure_future(serve_one(reader, writer)))

    serving: list[asyncio.Future[None]] = []
    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        leave.set()
        server.close()
        await asyncio.gather(*serving)


async def test_close_and_cancel_end_it_during_a_handshake() -> None:
    async with tcp(None, stay=True) as url:
        link = Link(impatient(url), Heard())
        closing = asyncio.create_task(link.run())
        async with running(impatient(url)):
            await asyncio.sleep(0.05)
            link.close()
            await asyncio.wait_for(closing, PATIENCE_S)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"", "did not receive a valid HTTP response"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "did not receive a valid HTTP response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "answered HTTP 200 instead of a WebSocket"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "header"),
    ],
)
async def test_a_server_that_is_none_is_one_clear_line(answer: bytes, cause: str) -> None:
    async with tcp(answer, stay=False) as url, running(impatient(url)) as (link, heard):
        await eventually(lambda: cause in link.trouble)
        assert link.trouble.startswith(url)
        assert "\n" not in link.trouble
        assert heard.events == []


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (HTTPStatus.UNAUTHORIZED, "requires a password (HTTP 401): set central_system.password"),
        (HTTPStatus.FORBIDDEN, "refused this charge point (HTTP 403)"),
        (HTTPStatus.NOT_FOUND, "does not know this charge point"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "answered HTTP 503"),
    ],
)
async def test_a_refused_handshake_is_one_clear_line(status: HTTPStatus, cause: str) -> None:
    async with central() as central_system:
        central_system.script.refuse = status
        async with running(impatient(central_system.url)) as (link, heard):
            await eventually(lambda: cause in link.trouble)
            central_system.script.refuse = None
            await heard.opened()


async def test_a_password_that_is_refused_is_told_and_the_next_attempt_has_the_new_one() -> None:
    async with central() as central_system:
        central_system.script.refuse = HTTPStatus.UNAUTHORIZED
        old, new = Password(b"old"), Password(b"new")
        settings = replace(impatient(central_system.url), password=old)
        async with running(settings) as (link, heard):
            await heard.until(lambda: Refused(old) in heard.events)
            assert "refused the password (HTTP 401)" in link.trouble
            link.set_password(new)
            await heard.until(lambda: Refused(new) in heard.events)
            central_system.script.refuse = None
            await heard.opened()
            assert Opened(new) in heard.events


async def test_a_name_that_does_not_exist() -> None:
    async with running(impatient("ws://central-system.invalid:1")) as (link, _):
        await eventually(lambda: "ws://central-system.invalid:1/box%201: the host name" in link.trouble)


async def test_a_url_that_is_none() -> None:
    async with running(impatient("http://127.0.0.1:1")) as (link, _):
        await eventually(lambda: "ws" in link.trouble and "http://127.0.0.1:1" in link.trouble)


async def keep(connection: ServerConnection) -> None:
    await connection.wait_closed()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with central() as central_system:

        async def redirect(_: ServerConnection, __: Request) -> Response:
            return Response(status, "Elsewhere", Headers({"Location": central_system.url}))

        async with serve(keep, "127.0.0.1", 0, process_request=redirect) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with running(impatient(f"ws://127.0.0.1:{port}")) as (link, _):
                await eventually(lambda: f"redirects to {central_system.url}" in link.trouble)
                assert central_system.connections == 0


@pytest.mark.parametrize("offered", [None, "ocpp2.0.1"])
async def test_no_connection_without_the_subprotocol(offered: str | None) -> None:
    """None: OCPP-J 3.1.2, a server that agrees to no subprotocol leaves the header out."""

    def pick(_: ServerConnection, __: object) -> Subprotocol | None:
        return Subprotocol(offered) if offered is not None else None

    protocols = [Subprotocol("ocpp1.6"), Subprotocol("ocpp2.0.1")]
    async with serve(keep, "127.0.0.1", 0, subprotocols=protocols, select_subprotocol=pick) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with running(impatient(f"ws://127.0.0.1:{port}")) as (link, heard):
            await eventually(lambda: "subprotocol" in link.trouble)
            assert heard.events == []


async def test_the_password_goes_as_basic_authentication() -> None:
    seen: list[str] = []

    async def note(_: ServerConnection, request: Request) -> None:
        seen.append(request.headers["Authorization"])

    async with serve(keep, "127.0.0.1", 0, process_request=note) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        password = Password(b"0001020304050607")
        settings = replace(impatient(f"ws://127.0.0.1:{port}"), identity="AL1000", password=password)
        async with running(settings):
            await eventually(lambda: bool(seen))
    assert seen[0] == "Basic QUwxMDAwOjAwMDEwMjAzMDQwNTA2MDc="
