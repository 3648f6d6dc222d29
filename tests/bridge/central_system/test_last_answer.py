"""A close of ours waits until our last answer can be read: real sockets, simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bridge.central_system.events import Closed, LinkEvent, Received
from bridge.central_system.handshake import CLOSE_WAIT_S
from bridge.central_system.link import ANSWER_READ_S, ANSWERS_READ_MOST_S, Link
from bridge.demo.central_system import CentralSystem
from tests.bridge.central_system.listening import Heard, central, running
from tests.bridge.central_system.simulated_loop import now_s, simulated
from tests.bridge.central_system.test_link_in_time import LOOK_S, seen, usual

ANSWER = '[3,"1",{"status":"Accepted"}]'
ERROR = '[4,"1","NotSupported","",{}]'
CALL = '[2,"1","Heartbeat",{}]'

Meanwhile = Callable[[CentralSystem], Awaitable[None]]


async def nothing(_: CentralSystem) -> None:
    """The other side only reads."""


async def closes(central_system: CentralSystem) -> None:
    await central_system.close_socket()


async def freezes(central_system: CentralSystem) -> None:
    central_system.freeze()


async def open_for(text: str, before_s: float, meanwhile: Meanwhile = nothing) -> float:
    """How long the connection stays after our `reconnect`, `before_s` after this text was sent."""
    async with central() as central_system, running(usual(central_system.url)) as (link, heard):
        await heard.opened()
        link.send(text)
        await seen(lambda: bool(central_system.transcript))
        await asyncio.sleep(before_s)
        link.reconnect("test")
        asked_s = now_s()
        await meanwhile(central_system)
        await seen(lambda: bool(heard.of(Closed)))
        return now_s() - asked_s


@pytest.mark.parametrize("text", [ANSWER, ERROR])
@pytest.mark.parametrize("before_s", [0.0, 0.6])
def test_a_close_comes_a_second_after_the_last_answer(text: str, before_s: float) -> None:
    """Some Central Systems lose what is read together with a close frame: a Reset.conf, a new password."""
    stays_s = simulated(open_for(text, before_s))
    assert ANSWER_READ_S - before_s - 2 * LOOK_S <= stays_s <= ANSWER_READ_S - before_s + LOOK_S


@pytest.mark.parametrize(("text", "before_s"), [(CALL, 0.0), (ANSWER, 1.2)])
def test_without_an_answer_in_that_second_it_comes_at_once(text: str, before_s: float) -> None:
    assert simulated(open_for(text, before_s)) <= LOOK_S


def test_who_closes_first_is_not_waited_for() -> None:
    assert simulated(open_for(ANSWER, 0.0, closes)) <= 2 * LOOK_S


def test_who_reads_nothing_costs_one_second_more() -> None:
    assert simulated(open_for(ANSWER, 0.0, freezes)) <= ANSWER_READ_S + CLOSE_WAIT_S + LOOK_S


class Answering(Heard):
    """Answers what is received, as the bridge does until the connection has ended."""

    link: Link

    async def __call__(self, event: LinkEvent) -> None:
        await super().__call__(event)
        if isinstance(event, Received):
            self.link.send(ANSWER)


async def while_asked(every_s: float, times: int) -> float:
    """How long the connection stays while the other side goes on asking."""
    async with central() as central_system:
        heard = Answering()
        heard.link = Link(usual(central_system.url), heard)
        task = asyncio.create_task(heard.link.run())
        await heard.opened()
        asked_s = now_s()
        for number in range(times):
            await central_system.send_raw('[2,"1","GetConfiguration",{}]')
            if number == 0:
                await seen(lambda: bool(heard.messages))
                heard.link.reconnect("test")
                asked_s = now_s()
            await asyncio.sleep(every_s)
            if heard.of(Closed):
                break
        await seen(lambda: bool(heard.of(Closed)))
        task.cancel()
        return now_s() - asked_s


def test_an_answer_in_that_second_has_its_second_too() -> None:
    assert ANSWER_READ_S + 0.5 <= simulated(while_asked(0.8, 2)) <= 0.8 + ANSWER_READ_S + 2 * LOOK_S


def test_who_goes_on_asking_does_not_keep_the_connection() -> None:
    assert simulated(while_asked(0.3, 100)) <= ANSWERS_READ_MOST_S + 0.3 + 2 * LOOK_S


def test_the_end_of_the_program_leaves_the_answer_its_second() -> None:
    async def ended() -> float:
        async with central() as central_system:
            heard = Heard()
            link = Link(usual(central_system.url), heard)
            task = asyncio.create_task(link.run())
            await heard.opened()
            link.send(ANSWER)
            await seen(lambda: bool(central_system.transcript))
            asked_s = now_s()
            link.close()
            await task
            return now_s() - asked_s

    assert ANSWER_READ_S - 2 * LOOK_S <= simulated(ended()) <= ANSWER_READ_S + LOOK_S
