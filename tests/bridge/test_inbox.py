"""Who goes first: the box and its people before the Central System, the disk before everybody."""

from __future__ import annotations

import asyncio
import json

from bridge.central_system.events import Closed, Opened, Received
from bridge.events import End, Event, Stored, Tick
from bridge.inbox import MOST_CALLED, MOST_CALLS, MOST_OF_LINK, TOGETHER, Inbox
from hal.contract import Card
from tests.bridge.shell import BEGINS_S, Shell

CARD = Card(start_id="i", seq=1, at_s=BEGINS_S, id="TAG")


def request(number: int) -> Received:
    key = {"key": "HeartbeatInterval", "value": str(60 + number)}
    return Received(json.dumps([2, f"r{number}", "ChangeConfiguration", key]))


def inbox_for(refused: list[Received] | None = None) -> Inbox:
    return Inbox((refused if refused is not None else []).append)


async def flooded(inbox: Inbox, count: int = 1000) -> None:
    """So many calls wait."""
    for number in range(count):
        await asyncio.wait_for(inbox.put(request(number)), 5.0)


async def test_with_1000_calls_waiting_the_next_step_is_the_cards_and_then_the_ends() -> None:
    inbox, shell = inbox_for(), Shell()
    shell.register()
    await flooded(inbox)
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
    shell.store.close()


async def test_the_calls_of_one_turn_are_few_and_wait_in_their_order() -> None:
    inbox = inbox_for()
    await flooded(inbox, 100)
    taken: list[Event] = []
    while len(taken) < 100:
        turn = await inbox.drain()
        assert len(turn) <= TOGETHER
        taken += turn
    assert taken == [request(number) for number in range(100)]


async def test_what_the_disk_says_goes_before_everything() -> None:
    inbox = inbox_for()
    await inbox.put(Tick())
    inbox.put_first(Stored())
    await inbox.put(Opened())
    assert await inbox.drain() == [Stored(), Tick(), Opened()]


async def test_requests_of_a_connection_that_is_gone_are_dropped_its_answers_count() -> None:
    inbox = inbox_for()
    answer = Received('[3,"ours",{}]')
    for event in (request(1), answer, request(2), Closed("gone")):
        await inbox.put(event)
    assert await inbox.drain() == [answer, Closed("gone")]


async def full_of_answers(inbox: Inbox) -> asyncio.Task[None]:
    """Returns who waits for room with one more."""
    answer = Received('[3,"ours",{}]')
    for _ in range(MOST_OF_LINK):
        await inbox.put(answer)
    waiting = asyncio.create_task(inbox.put(answer))
    await asyncio.sleep(0)
    assert not waiting.done()
    return waiting


async def test_a_close_waits_for_no_room() -> None:
    inbox = inbox_for()
    waiting = await full_of_answers(inbox)
    await asyncio.wait_for(inbox.put(Closed("gone")), 5.0)
    assert Closed("gone") in await inbox.drain()
    await waiting


async def test_an_answer_overtakes_the_calls_before_it() -> None:
    """A card's Authorize is not sent before it: OCPP-J 1.6 4.1.1."""
    inbox = inbox_for()
    await flooded(inbox)
    answer = Received('[3,"ours",{}]')
    await inbox.put(answer)
    assert (await inbox.drain())[:2] == [answer, request(0)]


async def test_calls_without_room_are_refused_and_hold_up_nothing() -> None:
    refused: list[Received] = []
    inbox = inbox_for(refused)
    await flooded(inbox, MOST_CALLS + 2)
    assert refused == [request(MOST_CALLS), request(MOST_CALLS + 1)]
    await inbox.drain()
    await inbox.put(request(1))
    assert len(refused) == 2  # there is room again


async def test_few_calls_that_are_long_fill_the_room_too() -> None:
    refused: list[Received] = []
    inbox = inbox_for(refused)
    long = Received(f'[2,"r","DataTransfer",{{"vendorId":"V","data":"{"x" * MOST_CALLED}"}}]')
    await inbox.put(long)
    await inbox.put(request(1))
    assert refused == [request(1)]
    assert await inbox.drain() == [long]
    await inbox.put(request(2))
    await inbox.put(Closed("gone"))
    await inbox.put(long)
    assert refused == [request(1)]


async def test_once_it_is_closed_nobody_waits_for_room() -> None:
    """Not who reads the connection either: it has to see the close frame that ends it."""
    refused: list[Received] = []
    inbox = inbox_for(refused)
    waiting = await full_of_answers(inbox)
    await inbox.close()
    await asyncio.wait_for(waiting, 5.0)
    await asyncio.wait_for(inbox.put(Tick()), 5.0)
    await flooded(inbox, MOST_CALLS + 1)
    assert refused == []
