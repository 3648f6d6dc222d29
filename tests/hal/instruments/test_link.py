"""The client of hal.sock against a socket that comes, goes, refuses and stops reading."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hal.contract import Answer, Card, Hello, InstrumentBox, Reading, encode
from hal.instruments.link import SafetyLink
from tests.hal.instruments.safety import Safety
from tests.hal.instruments.waiting import until

pytestmark = pytest.mark.distribution

BOX = InstrumentBox(meter="m", meter_health="ok", meter_serial=None, reader=None, reader_health="none")
CARD = Card(start_id="s", seq=1, at_s=1.0, id="04AABBCC")


def reading(at_s: float) -> Reading:
    return Reading(at_s=at_s, energy_wh=0, power_w=0.0, current_a=(0, 0, 0), voltage_v=(0, 0, 0))


@pytest.fixture
async def safety(folder: Path) -> AsyncIterator[Safety]:
    safety = Safety(folder / "hal.sock")
    await safety.start()
    yield safety
    await safety.stop()


@pytest.fixture
async def link(folder: Path) -> AsyncIterator[SafetyLink]:
    link = SafetyLink(folder / "hal.sock", lambda _: None)
    running = asyncio.create_task(link.run())
    yield link
    running.cancel()
    await asyncio.wait([running])


async def test_it_says_hello_and_the_newest_of_everything(link: SafetyLink, safety: Safety) -> None:
    for message in (reading(1.0), reading(2.0), BOX, CARD):
        link.send(message)
    await until(lambda: bool(safety.heard) and len(safety.heard[0]) == 4)
    assert safety.heard[0] == [Hello(role="instruments"), reading(2.0), BOX, CARD]
    link.send(reading(3.0))
    await until(lambda: safety.heard[0][-1] == reading(3.0))


async def test_after_a_hang_up_it_connects_again(link: SafetyLink, safety: Safety) -> None:
    link.send(BOX)
    await until(lambda: bool(safety.heard) and len(safety.heard[0]) == 2)
    safety.hang_up()
    link.send(CARD)  # into the broken connection: it must not be lost
    await until(lambda: len(safety.heard) == 2 and len(safety.heard[1]) == 3)
    assert safety.heard[1] == [Hello(role="instruments"), BOX, CARD]


async def test_it_waits_for_a_socket_that_is_not_there_yet(folder: Path, link: SafetyLink) -> None:
    link.send(BOX)
    await asyncio.sleep(0.05)
    late = Safety(folder / "hal.sock")
    await late.start()
    await until(lambda: bool(late.heard) and len(late.heard[0]) == 2)
    await late.stop()


async def test_what_others_say_is_read_and_does_not_matter(link: SafetyLink, safety: Safety) -> None:
    await until(lambda: bool(safety.heard))
    for line in (b"garbage\n", b'{"type":"unheard-of"}\n', b"\xff\n", encode(BOX), b"[" * 10_000 + b"\n"):
        safety.say(line)
    link.send(CARD)
    await until(lambda: CARD in safety.heard[0])
    assert len(safety.heard) == 1


async def test_a_line_without_end_ends_the_connection(link: SafetyLink, safety: Safety) -> None:
    await until(lambda: bool(safety.heard))
    safety.say(b"x" * 70_000)
    await until(lambda: len(safety.heard) == 2)


async def test_a_refusal_is_told(link: SafetyLink, safety: Safety, caplog: pytest.LogCaptureFixture) -> None:
    await until(lambda: bool(safety.heard))
    safety.say(encode(Answer(id="hello", ok=False, text="role instruments: another client holds it")))
    safety.hang_up()
    await until(lambda: "another client holds it" in caplog.text)
    await until(lambda: len(safety.heard) == 2)


async def test_a_peer_that_does_not_read_is_left(link: SafetyLink, safety: Safety) -> None:
    safety.reads = False
    await until(lambda: bool(safety.heard))
    safety.reads = True  # the next connection; this one is never read again
    for at in range(20_000):
        link.send(reading(float(at)))
        if len(safety.heard) > 1:
            break
        if at % 100 == 0:
            await asyncio.sleep(0)
    await until(lambda: len(safety.heard) > 1 and len(safety.heard[-1]) >= 2)
    assert safety.heard[-1][0] == Hello(role="instruments")
