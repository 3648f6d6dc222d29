"""Peers that dawdle, flood or lie: the page stays open for the others, and no memory grows."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bridge.local.web import gate
from bridge.local.web.gate import HEAD_S, MOST_CONNECTIONS, PATIENCE_S, Door, Gate
from tests.bridge.local.web.serving import served

WITHIN_S = 60.0
HEAD = b"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize("beginning", [b"", b"GET / HT", HEAD, HEAD + b"Content-Length: 9\r\n\r\n{"])
async def test_a_hundred_that_never_finish_keep_nobody_out(beginning: bytes) -> None:
    async with served() as s:
        dawdling = [await asyncio.open_connection("127.0.0.1", s.port) for _ in range(100)]
        for _, writer in dawdling:
            with contextlib.suppress(ConnectionError):
                writer.write(beginning)
        assert (await s.ask("GET", "/api/v1/session"))[0] == 200
        for _, writer in dawdling:
            writer.transport.abort()
        assert (await s.ask("GET", "/"))[0] == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 300,  # TLS
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        HEAD + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        HEAD + b"".join(b"X-%d: 1\r\n" % number for number in range(5000)) + b"\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
        HEAD + b"Cookie: evse=" + b"\xff" * 200 + b"\r\n\r\n",
        HEAD + b"Host: evil.example\r\n\r\n",
        b"GET /api/v1/session HTTP/1.0\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"\r\n" * 5000,
        b"GET /api/v1/state?language=%ff%fe&language=%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
async def test_what_is_no_request_changes_nothing(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with served() as s:
        await s.enter()
        _, writer = await asyncio.open_connection("127.0.0.1", s.port)
        with contextlib.suppress(ConnectionError):
            writer.write(sent)
            await writer.drain()
        assert (await s.ask("GET", "/api/v1/state"))[0] == 200
        assert s.changed() == []
        writer.transport.abort()
    assert not [each for each in caplog.records if each.exc_info]


async def test_a_port_that_is_taken_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as s:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WITHIN_S):
                second = asyncio.create_task(s.another().run())
                while "no page at port" not in caplog.text:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        assert f"no page at port {s.port}: " in caplog.text
        assert not second.done()
        second.cancel()
        await asyncio.wait([second])
        assert (await s.ask("GET", "/"))[0] == 200


class Wire(asyncio.Transport):
    """A connection from that address whose other end reads nothing of so many bytes."""

    def __init__(self, address: str, waiting: int = 0) -> None:
        super().__init__({"peername": (address, 1)})
        self.waiting = waiting
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.aborted = True


def connected(room: Gate, address: str, waiting: int = 0) -> tuple[Door, Wire]:
    wire = Wire(address, waiting)
    door = room.protocol(asyncio.Protocol)()
    assert isinstance(door, Door)
    door.connection_made(wire)
    return door, wire


async def test_who_has_most_connections_gives_one_up() -> None:
    room = Gate()
    owner = connected(room, "192.0.2.1")
    flood = [connected(room, "192.0.2.66") for _ in range(MOST_CONNECTIONS * 3)]
    late = connected(room, "192.0.2.2")
    assert not owner[1].aborted
    assert not late[1].aborted
    assert sum(not wire.aborted for _, wire in flood) == MOST_CONNECTIONS - 2


async def test_who_is_busy_stays_while_another_one_is_idle() -> None:
    room = Gate()
    busy = connected(room, "192.0.2.1")
    busy[0].set_busy(busy=True)
    flood = [connected(room, "192.0.2.1") for _ in range(MOST_CONNECTIONS)]
    assert not busy[1].aborted
    assert flood[0][1].aborted


async def test_a_head_that_does_not_come_ends_the_connection() -> None:
    door, wire = connected(Gate(), "192.0.2.1")
    began_s = door.since_s
    door.look(began_s + HEAD_S)
    assert not wire.aborted
    door.look(began_s + HEAD_S + 0.1)
    assert wire.aborted


async def test_an_answer_may_take_long_but_must_be_read() -> None:
    door, wire = connected(Gate(), "192.0.2.1")
    door.set_busy(busy=True)
    began_s = door.since_s
    door.look(began_s + 1000.0)  # it waits for the Central System
    wire.waiting = 500_000
    door.look(began_s + 1001.0)
    wire.waiting = 400_000
    door.look(began_s + 1001.0 + PATIENCE_S)
    assert not wire.aborted
    door.look(began_s + 1001.1 + 2 * PATIENCE_S)
    assert wire.aborted


async def test_what_waits_is_counted_over_all() -> None:
    room = Gate()
    for number in range(3):
        connected(room, f"192.0.2.{number}", waiting=1000)
    assert room.waiting == 3000
    assert gate.MOST_WAITING == 2 * 2**20
