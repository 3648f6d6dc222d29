"""Who goes first: the box and its people before the Central System, the disk before everybody."""

from __future__ import annotations

import asyncio
import json

from bridge.central_system.events import Closed, Opened, Received
from bridge.events import End, Event, Stored, Tick
from bridge.inbox import MOST_OF_LINK, TOGETHER, Inbox
from hal.contract import Card
from tests.bridge.shell import BEGINS_S, Shell

CARD = Card(start_id="i", seq=1, at_s=BEGINS_S, id="TAG")


def request(number: int) -> Received:
    key = {"key": "HeartbeatInterval", "value": str(60 + number)}
    return Received(json.dumps([2, f"r{number}", "ChangeConfiguration", key]))


async def flooded(inbox: Inbox, count: int = 1000) -> list[asyncio.Task[None]]:
    """So many calls wait, most of them for room."""

    async def flood() -> None:
        for number in range(count):
            await inbox.put(request(number))

    task = asyncio.create_task(flood())
    for _ in range(2 * MOST_OF_LINK):
        await asyncio.sleep(0)
    return [task]


async def test_with_1000_calls_waiting_the_next_step_is_the_cards_and_then_the_ends() -> None:
    inbox, shell = Inbox(), Shell()
    shell.register()
    tasks = await flooded(inbox)
    await inbox.put(CARD)
    events = await inbox.drain()
    assert events[0] == CARD
    shell.at_s = BEGINS_S
    shell.feed(events[0])
    assert "Authorize" in shell.actions()
    await inbox.put(End())
    events = await inbox.drain()
    assert events[0] == End()
    for event in events:
        shell.feed(event)
    assert shell.left
    assert shell.answers("r0") == []  # the calls that came with it are not begun
    for task in tasks:
        task.cancel()
    shell.store.close()


async def test_the_calls_of_one_turn_are_few_and_wait_in_their_order() -> None:
    inbox = Inbox()
    tasks = await flooded(inbox, 100)
    taken: list[Event] = []
    while len(taken) < 100:
        turn = await inbox.drain()
        assert len(turn) <= TOGETHER
        taken += turn
        for _ in range(2 * MOST_OF_LINK):
            await asyncio.sleep(0)
    assert taken == [request(number) for number in range(100)]
    await asyncio.gather(*tasks)


async def test_what_the_disk_says_goes_before_everything() -> None:
    inbox = Inbox()
    await inbox.put(Tick())
    inbox.put_first(Stored())
    await inbox.put(Opened())
    assert await inbox.drain() == [Stored(), Tick(), Opened()]


async def test_requests_of_a_connection_that_is_gone_are_dropped_its_answers_count() -> None:
    inbox = Inbox()
    answer = Received('[3,"ours",{}]')
    for event in (request(1), answer, request(2), Closed("gone")):
        await inbox.put(event)
    assert await inbox.drain() == [answer, Closed("gone")]


async def test_a_close_waits_for_no_room() -> None:
    inbox = Inbox()
    tasks = await flooded(inbox)
    await asyncio.wait_for(inbox.put(Closed("gone")), 5.0)
    assert Closed("gone") in await inbox.drain()
    for task in tasks:
        task.cancel()


async def test_once_it_is_closed_nobody_waits_for_room() -> None:
    """Not who reads the connection either: it has to see the close frame that ends it."""
    inbox = Inbox()
    (flood,) = await flooded(inbox)
    assert not flood.done()
    await inbox.close()
    await asyncio.wait_for(flood, 5.0)
    await asyncio.wait_for(inbox.put(Tick()), 5.0)
