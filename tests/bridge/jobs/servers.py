"""Servers for what a job sends and fetches: real ones, and some that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from aiohttp import BodyPartReader, web

HOST = "localhost"
Misbehaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Authority:
    """Who signs the servers' certificates."""

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self._certificate = self._ca.issue_cert(HOST)

    def client(self) -> ssl.SSLContext:
        """Trusts this authority alone."""
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        return context

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._certificate.configure_cert(context)
        return context

    def pem(self, folder: Path) -> Path:
        """Key and chain in one file."""
        path = folder / "server.pem"
        self._certificate.private_key_and_cert_chain_pem.write_to_path(path)
        return path


@dataclass
class Got:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    parts: dict[str, tuple[str | None, str | None, bytes]] = field(default_factory=dict)


class HttpServer:
    """Keeps what is posted; gives what is in `files`."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.status = 200
        self.files: dict[str, bytes] = {}
        self.base = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        got = Got(request.method, request.path_qs, dict(request.headers), b"")
        if request.content_type == "multipart/form-data":
            async for part in await request.multipart():
                assert isinstance(part, BodyPartReader)  # no parts within parts
                content = bytes(await part.read())
                got.parts[part.name or ""] = (part.filename, part.headers.get("Content-Type"), content)
        else:
            got.body = await request.read()
        self.got.append(got)
        if request.method == "GET":
            found = self.files.get(request.path)
            return web.Response(status=404) if found is None else web.Response(body=found)
        headers = {"Location": "/elsewhere"} if 300 <= self.status < 400 else {}
        return web.Response(status=self.status, headers=headers)


@contextlib.asynccontextmanager
async def http_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[HttpServer]:
    server = HttpServer()
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    server.base = f"{'https' if tls else 'http'}://{HOST}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def ftp_server(folder: Path, certificate: Path | None = None) -> AsyncIterator[int]:
    """Its port."""
    arguments = [str(folder), *([str(certificate)] if certificate else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bridge.jobs.ftp_server", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def misbehaving(conduct: Misbehaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Its port. `conduct` gets every connection; none outlives the server, whatever `conduct` waits for."""
    conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, EOFError):
            await conduct(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations[asyncio.ensure_future(converse(reader, writer))] = writer

    async with await asyncio.start_server(begin, "127.0.0.1", 0, ssl=tls) as server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            for conversation, writer in conversations.items():
                if not conversation.done():  # else it is closed, and 3.13 cannot abort a closed one
                    writer.transport.abort()
                conversation.cancel()
            await asyncio.gather(*conversations, return_exceptions=True)


async def hangs(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accepts, and says nothing."""
    await asyncio.sleep(3600)


async def closes_at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accepts, and leaves."""


async def closes_half_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Promises a thousand bytes, sends ten, and leaves."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789")
    await writer.drain()
