"""A Central System that answers without end, or reads nothing: the link ends, and takes little memory."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha1

import pytest

from bridge.central_system.handshake import connected
from bridge.central_system.trouble import NoOcppError
from tests.bridge.central_system.listening import impatient, running
from tests.bridge.jobs.servers import misbehaving
from tests.bridge.jobs.unkind import flood, little_memory

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 1.3
MEMORY_LIMIT = 64 * 2**20  # bytes: what asyncio reads at once, 256 KiB, can be 131,072 frames
Conduct = Callable[[asyncio.StreamWriter], Awaitable[None]]

HANDSHAKE_FLOODS = {
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a status line": (b"HTTP/1.1 101 ", b"S"),
    "headers": (b"HTTP/1.1 101 Switching Protocols\r\n", b"X-Header: value\r\n"),
    "a header": (b"HTTP/1.1 101 Switching Protocols\r\nX-Header: ", b"v"),
    "a body": (b"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nbody\r\n"),
    "a body without a length": (b"HTTP/1.1 503 Busy\r\n\r\n", b"body"),
    "an extension of a chunk": (b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n4;ext=", b"x"),
}
FRAME_FLOODS = {
    "empty fragments": (b"\x01\x00", b"\x00\x00"),
    "a message": (b"\x01\x01a", b"\x00\x7e\x04\x00" + b"a" * 1024),
    "pings": (b"", b"\x89\x7d" + b"p" * 125),
}


@contextlib.asynccontextmanager
async def server(conduct: Conduct, *, agrees: bool) -> AsyncIterator[str]:
    """Its address. With `agrees` the handshake is a good one. Then it writes, and never reads again."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = await reader.readuntil(b"\r\n\r\n")
        if agrees:
            writer.write(_agreed(request))
        await conduct(writer)

    async with misbehaving(converse) as port:
        yield f"ws://127.0.0.1:{port}"


def _agreed(request: bytes) -> bytes:
    key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    accept = b64encode(sha1(key + GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


@pytest.mark.parametrize("name", HANDSHAKE_FLOODS)
async def test_an_answer_to_the_handshake_without_end(name: str) -> None:
    async with server(lambda writer: flood(writer, *HANDSHAKE_FLOODS[name]), agrees=False) as url:
        with little_memory(MEMORY_LIMIT), pytest.raises(NoOcppError):
            await connected(impatient(url))


@pytest.mark.parametrize("name", FRAME_FLOODS)
async def test_frames_without_end(name: str) -> None:
    async with server(lambda writer: flood(writer, *FRAME_FLOODS[name]), agrees=True) as url:
        with little_memory(MEMORY_LIMIT):
            async with running(impatient(url)) as (_, heard):
                await heard.closed()
