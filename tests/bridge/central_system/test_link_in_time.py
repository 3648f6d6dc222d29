"""How long a link lives of which nothing is heard: real sockets, simulated time."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.central_system.events import Closed, Opened
from bridge.central_system.handshake import CLOSE_WAIT_S, LinkSettings
from bridge.central_system.link import Link
from bridge.central_system.speaker import MOST_WAITING
from bridge.settings import Timing
from bridge.trust import tls_context
from tests.bridge.central_system.listening import central, impatient, running
from tests.bridge.central_system.simulated_loop import now_s, simulated

LAST_ANSWER = r"; last answer at \d{4}-\d\d-\d\d [\d:]{8} UTC"
PONG_AT_LEAST_S = 10.0
LOOK_S = 0.2
KERNEL_MOST = 16 << 20  # what the two ends of a connection may hold on one machine


def usual(url: str) -> LinkSettings:
    """As the product's."""
    timing = Timing()
    return LinkSettings(url, "box 1", timing.back_off_first_s, timing.back_off_max_s, tls_context)


async def seen(of: Callable[[], bool]) -> None:
    """Polls in simulated time; a day of it is long enough."""
    async with asyncio.timeout(86_400):
        while not of():  # noqa: ASYNC110 - costs nothing here
            await asyncio.sleep(LOOK_S)


async def found(interval_s: float, alive_s: float) -> tuple[float, str]:
    """How long after the Central System stopped answering the link was ended, and what was told."""
    async with central() as central_system, running(usual(central_system.url), interval_s) as (_, heard):
        await heard.opened()
        await asyncio.sleep(alive_s)
        assert heard.of(Closed) == []
        central_system.freeze()
        gone_s = now_s()
        await seen(lambda: bool(heard.of(Closed)))
        found_s = now_s() - gone_s
        await seen(lambda: len(heard.of(Opened)) == 2)
        return found_s, (await heard.closed()).reason


@pytest.mark.parametrize("interval_s", [1.0, 10.0, 30.0, 60.0])
@pytest.mark.parametrize("phase", [0.05, 0.5, 0.95])
def test_who_vanished_is_found_within_an_interval_and_one_more(interval_s: float, phase: float) -> None:
    """The pong is waited for as long as an interval, and never less than 10 s."""
    patience_s = max(interval_s, PONG_AT_LEAST_S)
    found_s, reason = simulated(found(interval_s, interval_s * (3 + phase)))
    assert patience_s <= found_s <= interval_s + patience_s + CLOSE_WAIT_S + LOOK_S
    assert re.fullmatch(rf"no pong for {patience_s:g} s{LAST_ANSWER}", reason), reason


def test_without_pings_nothing_but_calls_and_tcp_find_it() -> None:
    """WebSocketPingInterval 0: see scenarios/links/ping_zero_silence."""

    async def quiet() -> None:
        async with central() as central_system, running(usual(central_system.url)) as (_, heard):
            await heard.opened()
            central_system.freeze()
            await asyncio.sleep(3600)
            assert heard.of(Closed) == []

    simulated(quiet())


def test_a_close_that_is_not_answered_is_waited_for_one_second() -> None:
    async def closed() -> float:
        async with central() as central_system, running(usual(central_system.url), 30) as (link, heard):
            await heard.opened()
            central_system.freeze()
            link.reconnect("test")
            asked_s = now_s()
            await seen(lambda: bool(heard.of(Closed)))
            return now_s() - asked_s

    assert 0.9 <= simulated(closed()) <= 1.0 + LOOK_S


async def until_refused(link: Link, text: str) -> int:
    """Says it until no more is taken; how often that was."""
    times = 0
    while link.send(text):
        times += 1
        await asyncio.sleep(0)
    return times


def test_who_does_not_read_is_not_waited_for_and_costs_little_memory() -> None:
    async def told() -> tuple[int, str]:
        async with central() as central_system, running(usual(central_system.url)) as (link, heard):
            await heard.opened()
            central_system.freeze()
            began_s = now_s()
            times = await until_refused(link, json.dumps([3, "1", {"data": "x" * 60_000}]))
            assert now_s() - began_s <= CLOSE_WAIT_S  # not a moment for what is said
            await seen(lambda: len(heard.of(Opened)) == 2)
            return times, (await heard.closed()).reason

    times, reason = simulated(told())
    assert re.fullmatch(rf"it does not read what we send{LAST_ANSWER}", reason), reason
    assert times * 60_000 > MOST_WAITING
    assert times * 60_000 < MOST_WAITING + KERNEL_MOST


def test_what_was_said_before_a_close_is_still_said() -> None:
    async def heard_there() -> list[str]:
        async with central() as central_system, running(usual(central_system.url)) as (link, heard):
            await heard.opened()
            for number in range(50):
                link.send(json.dumps([3, str(number), {}]))
            link.reconnect("test")
            await seen(lambda: bool(heard.of(Closed)))
            return [str(line.text) for line in central_system.transcript]

    assert simulated(heard_there()) == [json.dumps([3, str(number), {}]) for number in range(50)]


async def test_the_sockets_options_are_those_of_the_link() -> None:
    """As getsockopt tells of the connection itself."""
    async with central() as central_system, running(impatient(central_system.url)) as (_, heard):
        await heard.opened()
        (found,) = [options(sock) for sock in own_sockets() if sock.getpeername()[1] == central_system.port]
        assert found == [1, 60, 15, 4, 60_000]


def options(sock: socket.socket) -> list[int]:
    of_tcp = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
    alive = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    return [alive, *(sock.getsockopt(socket.IPPROTO_TCP, option) for option in of_tcp)]


def own_sockets() -> Iterator[socket.socket]:
    """All connections of this process."""
    for file in Path("/proc/self/fd").iterdir():
        with suppress(OSError), socket.socket(fileno=os.dup(int(file.name))) as sock:
            if sock.family == socket.AF_INET:
                sock.getpeername()
                yield sock
