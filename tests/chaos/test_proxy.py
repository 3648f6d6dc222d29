"""Every kind of harm happens when it is armed, is counted, and is told apart by the real link."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bridge.central_system.link import Link
from bridge.demo.central_system import CentralSystem
from tests.bridge.central_system.listening import Heard, eventually, impatient, running
from tests.chaos.proxy import FAULTS, LinkFault, Proxy

LATE_S = 0.3
START = {"connectorId": 1, "idTag": "04AABBCC", "meterStart": 5, "timestamp": "2026-01-01T00:00:00Z"}
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


@pytest.fixture
async def central_system() -> AsyncIterator[CentralSystem]:
    async with CentralSystem({}, call_timeout_s=0.0) as one:
        yield one


@pytest.fixture
async def proxy(central_system: CentralSystem) -> AsyncIterator[Proxy]:
    async with Proxy(central_system.url, late_s=LATE_S) as one:
        yield one


async def say(link: Link, action: str, payload: object) -> None:
    link.send(json.dumps([2, action, action, payload]))


async def registered(link: Link, heard: Heard) -> None:
    """The first exchange has passed unharmed."""
    await heard.opened()
    await say(link, "BootNotification", BOOT)
    await heard.until(lambda: len(heard.messages) == 1)


def answers(heard: Heard) -> list[object]:
    return [json.loads(message)[:2] for message in heard.messages[1:]]


@pytest.mark.parametrize("fault", ["close before", "close between", "close after"])
async def test_a_close_at_every_point_of_an_exchange(
    central_system: CentralSystem, proxy: Proxy, fault: LinkFault
) -> None:
    async with running(impatient(proxy.url)) as (link, heard):
        await registered(link, heard)
        proxy.arm(fault, "StartTransaction")
        await say(link, "StartTransaction", START)
        await heard.closed()
        await heard.opened(2)
        assert len(central_system.requests("StartTransaction")) == (fault != "close before")
        assert len(answers(heard)) == (fault == "close after")
        assert proxy.destroyed["StartTransaction"] == (fault == "close between")
        assert proxy.done == {fault: 1}


async def test_an_answer_is_lost_and_the_connection_stays(
    central_system: CentralSystem, proxy: Proxy
) -> None:
    async with running(impatient(proxy.url)) as (link, heard):
        await registered(link, heard)
        proxy.arm("lose answer", "StartTransaction")
        await say(link, "StartTransaction", START)
        await say(link, "Heartbeat", {})
        await heard.until(lambda: answers(heard) == [[3, "Heartbeat"]])
        assert len(central_system.requests("StartTransaction")) == 1
        assert proxy.destroyed == {"StartTransaction": 1}


async def test_an_answer_comes_late_behind_later_ones(proxy: Proxy) -> None:
    async with running(impatient(proxy.url)) as (link, heard):
        await registered(link, heard)
        proxy.arm("late answer", "StartTransaction")
        await say(link, "StartTransaction", START)
        await say(link, "Heartbeat", {})
        await heard.until(lambda: len(answers(heard)) == 2)
        assert answers(heard) == [[3, "Heartbeat"], [3, "StartTransaction"]]
        assert not proxy.destroyed


async def test_a_callerror_in_the_place_of_the_central_system(
    central_system: CentralSystem, proxy: Proxy
) -> None:
    async with running(impatient(proxy.url)) as (link, heard):
        await registered(link, heard)
        proxy.arm("callerror")
        await say(link, "StartTransaction", START)
        await heard.until(lambda: answers(heard) == [[4, "StartTransaction"]])
        assert central_system.requests("StartTransaction") == []


async def test_refused_once_then_connected(proxy: Proxy) -> None:
    proxy.arm("refuse")
    async with running(impatient(proxy.url)) as (link, heard):
        await heard.opened()
        assert proxy.done == {"refuse": 1}
        assert link.offline_since is None


async def test_accepted_and_never_answered(central_system: CentralSystem, proxy: Proxy) -> None:
    proxy.arm("accept, then silence")
    async with running(impatient(proxy.url)) as (link, heard):
        await heard.opened()
        await say(link, "BootNotification", BOOT)
        await asyncio.sleep(LATE_S)
        assert heard.messages == []
        assert central_system.requests("BootNotification") == []
        link.reconnect("nobody answers")
        await heard.opened(2)
        await say(link, "BootNotification", BOOT)
        await heard.until(lambda: len(heard.messages) == 1)


@pytest.mark.parametrize("fault", ["half-open", "stop reading"])
async def test_a_socket_that_nobody_reads_is_found_by_its_pongs(proxy: Proxy, fault: LinkFault) -> None:
    settings = replace(impatient(proxy.url), pong_wait_min_s=0.3)
    async with running(settings, ping_interval_s=0.2) as (link, heard):
        await registered(link, heard)
        proxy.arm(fault)
        closed = await heard.closed()
        assert re.fullmatch(r"no pong for 0\.3 s; last answer at \d{4}-\d\d-\d\d [\d:]{8} UTC", closed.reason)
        await heard.opened(2)
        await eventually(lambda: proxy.connected)
        assert proxy.done == {fault: 1}


def test_every_kind_has_its_test() -> None:
    tried = {"refuse", "accept, then silence", "stop reading", "half-open", "callerror", "lose answer"}
    assert tried | {"late answer", "close before", "close between", "close after"} == set(FAULTS)
