"""A broker in a stranger's hands: it claims 256 MB, drips, answers garbage, and says nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.bridge.local.owner_side import OwnerSide, owner_side
from tests.system.waiting import until

pytestmark = pytest.mark.real
CONNACK = b"\x20\x03\x00\x00\x00"  # MQTT 5: accepted, no properties
PUBLISH_256_MB = b"\x30\xff\xff\xff\x7f\x00\x01a"
Part = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def side() -> AsyncIterator[OwnerSide]:
    async with owner_side() as made:
        yield made


async def _long(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(CONNACK + PUBLISH_256_MB)
    for _ in range(64):
        writer.write(bytes(2**20))
        await writer.drain()


async def _long_before_the_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(b"\x20" + PUBLISH_256_MB[1:] + bytes(2**20))
    await writer.drain()
    await reader.read()


async def _garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(CONNACK + b"\x30\x05\x00\x03\xff\xfe\xfd" + b"\x90\x02\x00" + bytes(range(256)))
    await writer.drain()
    await reader.read()


async def _many(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(CONNACK)
    for _ in range(200):
        writer.write(b"\x30\x0b\x00\x01a\x00payload" * 1000)
        await writer.drain()
    await reader.read()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(CONNACK)
    await writer.drain()


@pytest.mark.parametrize("part", [_long, _long_before_the_answer, _garbage, _many, _silent, _hangs_up])
async def test_it_ends_nothing_and_takes_no_memory(side: OwnerSide, part: Part) -> None:
    connections = 0

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with contextlib.suppress(OSError):
            await part(reader, writer)
        writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with side.desk.open():
        await side.start(f'[mqtt]\nbroker = "mqtt://127.0.0.1:{port}"\ncommands = true\n')
        await until(lambda: connections >= 2, "it has tried again")
        assert side.resident_kb() < 100_000
        await side.end()
    server.close()
