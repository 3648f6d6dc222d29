"""The link over real sockets: it comes back, it finds dead connections, it says in one line what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.central_system import frames
from bridge.central_system.back_off import back_off_s
from bridge.central_system.events import Closed, LinkEvent, Opened, Received
from bridge.central_system.handshake import MESSAGE_LIMIT, address
from bridge.central_system.link import Link
from bridge.central_system.tcp import watch_tcp
from bridge.central_system.trouble import shown
from tests.bridge.central_system.listening import PATIENCE_S, Heard, central, eventually, impatient, running

HEARTBEAT = '[2,"1","Heartbeat",{}]'
BOOT = '[2,"0","BootNotification",{"chargePointVendor":"v","chargePointModel":"m"}]'


# Pure parts


@pytest.mark.parametrize(
    ("url", "identity", "expected"),
    [
        ("ws://h/ocpp", "ZAP000001", "ws://h/ocpp/ZAP000001"),
        ("ws://h:1/ocpp/", "a b/c?ø", "ws://h:1/ocpp/a%20b%2Fc%3F%C3%B8"),
        ("wss://h", "x", "wss://h/x"),
        ("wss://h/p?key=1", "x", "wss://h/p/x?key=1"),
        ("wss://h/p", "Büro 50%/2", "wss://h/p/B%C3%BCro%2050%25%2F2"),
        ("wss://h/devices/{deviceId}", "ZCS 143", "wss://h/devices/ZCS%20143"),
        ("wss://h/{deviceid}/ocpp/", "a%b\\1", "wss://h/a%25b%5C1/ocpp/"),
    ],
)
def test_the_identity_is_the_last_segment(url: str, identity: str, expected: str) -> None:
    assert address(url, identity) == expected


def test_a_password_in_the_url_is_not_shown() -> None:
    assert shown("wss://user:secret@h:1/p/x") == "wss://h:1/p/x"


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0.01, 100), st.floats(0.01, 1000))
def test_the_back_off_stays_within_its_bounds(attempt: int, chance: float, first: float, most: float) -> None:
    wait_s = back_off_s(attempt, chance, first, most)
    assert 0 < wait_s <= most
    assert wait_s >= min(first / 2, most)
    assert wait_s <= back_off_s(attempt + 1, chance, first, most) or attempt >= 30


def test_ten_thousand_charge_points_come_back_spread_out() -> None:
    """By the pure function: after one failed attempt no second sees a tenth of them."""
    seconds = [int(back_off_s(1, box / 9_999, 10.0, 120.0)) for box in range(10_000)]
    assert max(map(seconds.count, set(seconds))) < 1_000


def test_after_an_hour_without_it_they_still_come_back_spread_out() -> None:
    """Each by its own chance since all lost the Central System in the same second."""
    chance = random.Random(20261125)
    back_s, came = 3600.0, Counter[int]()
    for _ in range(10_000):
        at_s, attempt = 0.0, 0
        while at_s < back_s:
            attempt += 1
            at_s += back_off_s(attempt, chance.random(), 10.0, 120.0)
        came[int(at_s)] += 1
    assert max(came.values()) < 300
    assert max(came) - back_s < 120.0


# Connections


async def test_frames_go_both_ways() -> None:
    async with central() as central_system, running(impatient(central_system.url)) as (link, heard):
        await heard.opened()
        assert link.offline_since is None
        assert central_system.identity == "box 1"
        assert link.send(BOOT)
        await heard.until(lambda: len(heard.messages) == 1)
        assert isinstance(frames.parse(heard.messages[0]), frames.CallResult)
        assert central_system.violations == []


async def test_it_comes_back_when_the_server_does(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bridge")
    async with central() as central_system, running(impatient(central_system.url)) as (link, heard):
        await heard.opened()
        await central_system.stop_listening()
        await heard.closed()
        assert link.send(HEARTBEAT) is False
        since = link.offline_since
        await eventually(lambda: "connection refused" in link.trouble)
        await asyncio.sleep(0.1)
        assert link.offline_since == since
        said = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
        assert len(said) == 1, "the same cause is said once"
        assert f"{central_system.url}/box%201: connection refused" in said[0]
        await central_system.listen()
        await heard.opened(2)


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_normal_close_right_after_the_handshake(code: int, caplog: pytest.LogCaptureFixture) -> None:
    async with central() as central_system, running(impatient(central_system.url)) as (_, heard):
        await heard.opened()
        await central_system.close_socket(code, "not now")
        closed = await heard.closed()
        assert (closed.code, "not now" in closed.reason) == (code, True)
        await heard.opened(2)
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_dropped_connection_is_told_and_made_again() -> None:
    async with central() as central_system, running(impatient(central_system.url)) as (_, heard):
        await heard.opened()
        central_system.drop_socket()
        closed = await heard.closed()
        assert closed.code is None
        assert "lost" in closed.reason
        await heard.opened(2)


async def test_what_came_before_the_end_is_told_before_it() -> None:
    async with central() as central_system, running(impatient(central_system.url)) as (_, heard):
        await heard.opened()
        for number in range(20):
            await central_system.send_raw(f"{number}")
        await central_system.close_socket()
        await heard.closed()
        assert heard.messages == [str(number) for number in range(20)]
        assert [type(event) for event in heard.events[:22]] == [Opened, *[Received] * 20, Closed]


async def test_reconnect_on_demand() -> None:
    async with central() as central_system, running(impatient(central_system.url)) as (link, heard):
        await heard.opened()
        link.reconnect("two calls without an answer")
        assert (await heard.closed()).reason == "two calls without an answer"
        await heard.opened(2)
        assert central_system.connections == 2


async def test_changed_settings_rule_the_next_connection() -> None:
    async with central() as central_system, running(impatient(central_system.url)) as (link, heard):
        await heard.opened()
        link.settings = replace(link.settings, identity="box 2")
        link.reconnect("the identity changed")
        await heard.opened(2)
        assert central_system.identity == "box 2"


async def test_close_ends_it() -> None:
    async with central() as central_system:
        heard = Heard()
        link = Link(impatient(central_system.url), heard)
        task = asyncio.create_task(link.run())
        await heard.opened()
        link.close()
        await asyncio.wait_for(task, PATIENCE_S)
        assert [type(event) for event in heard.events] == [Opened, Closed]
        await central_system.until(lambda: central_system.identity is None)


async def test_close_ends_it_while_it_waits_for_the_next_attempt() -> None:
    async with central() as central_system:
        await central_system.stop_listening()
        settings = replace(impatient(central_system.url), back_off_first_s=1000, back_off_max_s=1000)
        link = Link(settings, Heard())
        task = asyncio.create_task(link.run())
        await eventually(lambda: "refused" in link.trouble)
        link.close()
        await asyncio.wait_for(task, PATIENCE_S)


# Messages


async def test_binary_the_largest_and_garbage_leave_the_link_as_it_is() -> None:
    async with central() as central_system, running(impatient(central_system.url)) as (_, heard):
        await heard.opened()
        for message in (b"\x00\xff", "x" * MESSAGE_LIMIT, "[[[", "", HEARTBEAT):
            await central_system.send_raw(message)
        await heard.until(lambda: len(heard.messages) == 5)
        for message in heard.messages[:4]:
            with pytest.raises(frames.Unreadable):
                frames.parse(message)
        assert frames.parse(heard.messages[4]) == frames.Call("1", "Heartbeat", {})
        assert heard.of(Closed) == []


async def test_a_message_above_one_mebibyte_closes_the_link_and_another_follows() -> None:
    async with central() as central_system, running(impatient(central_system.url)) as (_, heard):
        await heard.opened()
        with contextlib.suppress(ConnectionError):
            await central_system.send_raw("ø" * (MESSAGE_LIMIT // 2) + "x")
        reason = (await heard.closed()).reason
        assert reason == f"closed by us with 1009: a message came of more than {MESSAGE_LIMIT} bytes"
        await heard.opened(2)


async def test_an_error_of_the_listener_is_not_swallowed() -> None:
    async def stumble(_: LinkEvent) -> None:
        raise ZeroDivisionError

    async with central() as central_system:
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(Link(impatient(central_system.url), stumble).run(), PATIENCE_S)


async def test_the_end_is_told_after_the_listener_has_finished() -> None:
    told: list[str] = []
    busy, go_on = asyncio.Event(), asyncio.Event()

    async def slow(event: LinkEvent) -> None:
        told.append(f"{type(event).__name__} begins")
        if isinstance(event, Received):
            busy.set()
            await go_on.wait()
        told.append(f"{type(event).__name__} ends")
        if isinstance(event, Closed):
            link.close()

    async with central() as central_system:
        link = Link(impatient(central_system.url), slow)
        task = asyncio.create_task(link.run())
        await central_system.until(lambda: central_system.identity is not None)
        await central_system.send_raw(HEARTBEAT)
        await asyncio.wait_for(busy.wait(), PATIENCE_S)
        link.reconnect("test")
        await central_system.until(lambda: central_system.identity is None)
        go_on.set()
        await asyncio.wait_for(task, PATIENCE_S)
    names = ("Opened", "Received", "Closed")
    assert told == [f"{name} {what}" for name in names for what in ("begins", "ends")]


# Pings


async def test_a_frozen_server_is_noticed_by_pings_alone() -> None:
    async with central() as central_system, running(impatient(central_system.url)) as (link, heard):
        await heard.opened()
        central_system.freeze()
        await asyncio.sleep(0.3)
        assert heard.of(Closed) == [], "interval 0: no pings"
        link.set_ping_interval(0.15)
        assert (await heard.closed()).reason.startswith("no pong for 0.15 s; last answer at ")
        link.set_ping_interval(0)
        await heard.opened(2)


async def test_pings_keep_a_healthy_link() -> None:
    async with central() as central_system:
        settings = replace(impatient(central_system.url), pong_wait_min_s=PATIENCE_S)
        async with running(settings, ping_interval_s=0.01) as (_, heard):
            await heard.opened()
            await asyncio.sleep(0.3)
            assert heard.of(Closed) == []


def test_tcp_finds_dead_connections_too() -> None:
    with socket.socket() as sock:
        watch_tcp(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        options = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT]
        assert [sock.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [60, 15, 4, 60_000]


async def test_cancelling_drops_a_connection_that_does_not_answer_a_close() -> None:
    async with central() as central_system, running(impatient(central_system.url)) as (link, heard):
        await heard.opened()
        central_system.freeze()
        link.reconnect("test")
        assert (await heard.closed()).reason == "test"
        await heard.opened(2)
        central_system.freeze()
