"""Servers that answer without end: what each sends, in pieces, until the other side leaves."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bridge.jobs.servers import Misbehaviour, misbehaving

FLOOD = 48 * 2**20  # bytes: enough to see that a client has no bound, too little to end the machine
PIECE = 2**16
MEMORY_LIMIT = 6 * 2**20  # bytes, of both sides: what is allowed, copies of it and buffers

STATUS = b"HTTP/1.1 200 OK\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = STATUS + b"Transfer-Encoding: chunked\r\n\r\n"

# What an HTTP server sends first, and then without end.
HTTP_FLOODS = {
    "interim answers": (b"", INTERIM),
    "a status line": (b"HTTP/1.1 200 ", b"O"),
    "headers": (STATUS, b"X-Header: value\r\n"),
    "a header": (STATUS + b"X-Header: ", b"v"),
    "a body": (CHUNKED, b"4\r\nbody\r\n"),
    "an extension of a chunk": (CHUNKED + b"4;ext=", b"x"),
    "trailers": (CHUNKED + b"0\r\n", b"X-Trailer: value\r\n"),
    "a body without a length": (STATUS + b"Connection: close\r\n\r\n", b"body"),
    "a packed body": (CHUNKED.replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1), b"4\r\nbody\r\n"),
}

# What an FTP server sends at which of our commands; b"" is its greeting.
FTP_FLOODS = {
    "greeting": {b"": (b"", b"220-welcome\r\n")},
    "greeting without codes": {b"": (b"220-welcome\r\n", b"to this server\r\n")},
    "greeting in empty lines": {b"": (b"220-welcome\r\n", b"\r\n")},
    "greeting of one line": {b"": (b"220 ", b"w")},
    "greeting never its last line": {b"": (b"220-welcome\r\n", b"220-\r\n")},
    "refusal": {b"USER": (b"", b"530-no\r\n")},
    "wait": {b"STOR": (b"", b"150 soon\r\n")},
    "passive": {b"EPSV": (b"", b"229-(|||1|)\r\n")},
    "end": {b"STOR": (b"", b"226-\r\n")},
}

FTP_REPLIES = {
    b"": b"220 ready\r\n",
    b"USER": b"331 password\r\n",
    b"PASS": b"230 in\r\n",
    b"TYPE": b"200 binary\r\n",
}


async def flood(writer: asyncio.StreamWriter, first: bytes, again: bytes) -> None:
    """Returns when the other side leaves (ConnectionError), or when it has taken FLOOD bytes."""
    writer.write(first)
    piece = again * (PIECE // len(again))
    for _ in range(FLOOD // PIECE):
        writer.write(piece)
        await writer.drain()


def http_flood(name: str) -> Misbehaviour:
    """An HTTP server that answers so."""

    async def conduct(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await flood(writer, *HTTP_FLOODS[name])

    return conduct


def ftp_flood(name: str) -> Misbehaviour:
    """An FTP server that is kind but for one reply."""
    return _ftp(FTP_REPLIES, FTP_FLOODS[name])


def ftp_replying(replies: dict[bytes, bytes]) -> Misbehaviour:
    """An FTP server with these replies of its own."""
    return _ftp(FTP_REPLIES | replies, {})


def _ftp(replies: dict[bytes, bytes], floods: dict[bytes, tuple[bytes, bytes]]) -> Misbehaviour:
    async def conduct(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = b""
        async with misbehaving(_takes_all) as port:
            known = {b"EPSV": b"229 (|||%d|)\r\n" % port} | replies
            while True:
                if command in floods:
                    await flood(writer, *floods[command])
                writer.write(known.get(command, b"502 no\r\n"))
                command = (await reader.readline())[:4].strip().upper()
                if not command:
                    return

    return conduct


async def _takes_all(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(PIECE):
        pass


def dripping(first: bytes, again: bytes, every_s: float) -> Misbehaviour:
    """A server that says a little each moment, and never comes to an end."""

    async def conduct(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(every_s)

    return conduct


@contextmanager
def little_memory(limit: int = MEMORY_LIMIT) -> Iterator[None]:
    """Fails when Python's memory grew by more than `limit` bytes meanwhile."""
    tracemalloc.start()
    try:
        yield
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < limit, f"{most / 2**20:.1f} MiB were in use"
