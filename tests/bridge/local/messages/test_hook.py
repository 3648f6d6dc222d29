"""The web hook: honest, down, silent, dripping, garbage, redirecting; over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import trustme

from bridge.local.messages import hook
from bridge.local.messages.hook import Hook, RefusedError
from bridge.local.messages.waiting import Waiting
from bridge.local.state.state import Queue
from bridge.trust import tls_context
from tests.bridge.local.desk_model import HERE
from tests.bridge.local.messages.test_waiting import a_message
from tests.bridge.local.owner_side import OwnerSide, owner_side
from tests.bridge.local.states import changed
from tests.system.waiting import until

SECRET = "s3cret-token"
Part = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Plays one part to each connection."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.port = 0
        self.conversations: set[asyncio.Task[None]] = set()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.current_task()
        assert conversation is not None
        self.conversations.add(conversation)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self.part(reader, writer)
        finally:
            writer.transport.abort()
            self.conversations.discard(conversation)


@contextlib.asynccontextmanager
async def serving(part: Part, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    made = Server(part)
    server = await asyncio.start_server(made.converse, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    while made.conversations:
        for each in made.conversations:
            each.cancel()
        await asyncio.wait(made.conversations)


async def body_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    return await reader.readexactly(length)


def saying(answer: bytes) -> Part:
    async def part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await body_of(reader)
        writer.write(answer)
        await writer.drain()

    return part


OK = b"HTTP/1.1 204 No Content\r\n\r\n"


async def delivered(port: int, scheme: str = "http", trust: ssl.SSLContext | None = None) -> str:
    """What the hook says of one try; empty: it was taken."""
    tried = Hook(
        Waiting(), lambda: f"{scheme}://127.0.0.1:{port}/{SECRET}?t={SECRET}", lambda: trust or tls_context()
    )
    said = ""
    try:
        await tried.deliver(a_message())
    except RefusedError as refused:
        said = str(refused)
    assert SECRET not in said
    return said


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (OK, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + bytes(100), ""),
        (b"HTTP/1.1 500 No\r\n\r\n", "it answers 500"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "redirect"),
        (b"HTTP/1.1 307 X\r\nLocation: https://other.example/\r\n\r\n", "redirect"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no HTTP"),
        (bytes(range(256)) * 40, ""),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", ""),
        (b"", "closed the connection"),
    ],
)
async def test_what_an_answer_means(answer: bytes, why: str) -> None:
    async with serving(saying(answer)) as server:
        said = await delivered(server.port)
    assert why in said
    honest = answer.startswith((OK, b"HTTP/1.1 200 OK\r\nContent-Length"))
    assert bool(said) != honest


async def test_nobody_is_there() -> None:
    async with serving(saying(OK)) as server:
        port = server.port
    assert "not reached" in await delivered(port)


async def test_the_certificate_is_checked() -> None:
    authority = trustme.CA()
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(served)
    trusted = tls_context()
    authority.configure_trust(trusted)
    async with serving(saying(OK), served) as server:
        assert "certificate is not trusted" in await delivered(server.port, "https")
        assert await delivered(server.port, "https", trusted) == ""


async def test_a_hook_that_drips_or_is_silent_has_ten_seconds() -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await body_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.5)

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(dripping) as one, serving(silent) as other:
        said = await asyncio.gather(delivered(one.port), delivered(other.port))
    assert all(each == f"no answer within {hook.WITHIN_S:g} s" or "no HTTP" in each for each in said)


@pytest.fixture
async def side() -> AsyncIterator[OwnerSide]:
    async with owner_side() as made:
        yield made


@pytest.mark.real
async def test_the_program_tries_again_and_shows_no_secret(side: OwnerSide) -> None:
    """Also over a restart in between: what was not delivered still waits, and is delivered once."""
    bodies: list[bytes] = []
    answers = [b"HTTP/1.1 500 No\r\n\r\n"]

    async def part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies.append(await body_of(reader))
        writer.write(answers[0])
        await writer.drain()

    async with serving(part) as server, side.desk.open():
        side.desk.state = changed(HERE, queue=Queue(waiting=0, dead_letters=1))
        (side.folder / "config").mkdir()
        secret = side.folder / "config" / "hook"
        secret.write_text(f"http://127.0.0.1:{server.port}/{SECRET}\n")
        secret.chmod(0o600)
        await side.start('[messages]\nurl_file = "hook"\nlanguage = "de"\n')
        await side.says("it answers 500")
        await side.kill()
        answers[0] = OK
        before = len(bodies)
        await side.start('[messages]\nurl_file = "hook"\nlanguage = "de"\n')
        await until(lambda: len(bodies) > before, "the message")
        await side.end()
        assert len(bodies) == before + 1
        told = json.loads(bodies[-1])
        assert (told["event"], told["kind"]) == ("begins", "dead_letters")
        assert "Nicht zugestellt: 1" in told["text"]
        assert SECRET not in side.log
