"""Each question of each poll of each make: unanswered, refused, answered with rubbish.

What is asked for the record costs no reading; any other question costs this reading, and no later one.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hal.configuration.meter_map import model_names
from hal.instruments.meter.bus import NoAnswerError
from hal.instruments.meter.model import MeterSetup, SerialLine, models
from hal.instruments.meter.port import MeterPort
from hal.instruments.meter.registers import Words
from tests.hal.instruments.meter.fixtures import FIXTURES
from tests.hal.instruments.meter.raw_meter import RawMeter, framed, refusal

SLOW_BAUD = 300  # a pty has no speed; the port waits for 2 s and more then, on a busy machine too
NOISE = random.Random(13)
Manner = Callable[[bytes, bytes], bytes]
MANNERS: dict[str, Manner] = {
    "unanswered": lambda _request, _answer: b"",
    "no such register": lambda request, _answer: refusal(request, 2),
    "failed": lambda request, _answer: refusal(request, 4),
    "busy": lambda request, _answer: refusal(request, 6),
    "noise": lambda _request, answer: NOISE.randbytes(len(answer)),
    "wrong CRC": lambda _request, answer: answer[:-1] + bytes((answer[-1] ^ 1,)),
    "cut": lambda _request, answer: answer[:-3],
    "echo alone": lambda request, _answer: request,
    "another unit": lambda _request, answer: framed(bytes((answer[0] + 1,)) + answer[1:-2]),
    "another length": lambda _request, answer: framed(
        answer[:2] + bytes((answer[2] + 2, *range(answer[2] + 2)))
    ),
    "another function": lambda request, _answer: framed(bytes((request[0], request[1] ^ 7, 4, 0, 0, 0, 0))),
}


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Bench:
    """One port with a raw meter at its end."""

    meter: RawMeter
    port: MeterPort
    clock: Clock

    async def read(self) -> Words | None:
        try:
            return await self.port.read()
        except NoAnswerError:
            return None

    def close(self) -> None:
        self.port.close()
        self.meter.close()


def setup(name: str, link: Path) -> MeterSetup:
    model = next(model for key, model in models().items() if key == name)
    line = SerialLine(str(link), SLOW_BAUD, "N", 1)
    return MeterSetup(line, model.shipped.unit, model.map, model.max_block, gap_s=0.0)


def bench(name: str, link: Path) -> Bench:
    fixture = next(fixture for key, fixture in FIXTURES.items() if key == name)
    clock = Clock()
    port = MeterPort(setup(name, link), fixture.wiring.phases, clock)
    return Bench(RawMeter(link, fixture.image), port, clock)


async def clean_read(name: str, link: Path) -> tuple[Words, list[bytes]]:
    """The words, and the questions in their order."""
    well = bench(name, link)
    words = await well.read()
    assert words is not None
    well.close()
    return words, well.meter.asked


def has_number(name: str) -> bool:
    """Whether the first question of a port is that for the serial number."""
    return next(model.map.serial_number is not None for key, model in models().items() if key == name)


async def spoilt(name: str, link: Path, question: bytes, manner: str) -> None:
    """One question answered so; then no more."""
    words, asked = await clean_read(name, link.with_suffix(".clean"))
    ill = bench(name, link)
    spoil = MANNERS[manner]
    ill.meter.spoil = lambda request, answer: spoil(request, answer) if request == question else answer
    first = await ill.read()
    blocks = asked[has_number(name) :]
    if question not in blocks:
        assert first == words, manner
        assert ill.port.serial is None
        times = ill.meter.asked.count(question)
        assert await ill.read() == words  # and again, without a new attempt that costs time
        assert ill.meter.asked.count(question) == times
    else:
        assert first in (None, words), manner  # words: a refused block is read number by number
    ill.meter.spoil = lambda _request, answer: answer
    assert await ill.read() == words, manner
    if manner != "no such register":
        before = len(ill.meter.asked)
        assert await ill.read() == words
        assert ill.meter.asked[before:] == blocks  # whole, as ever
    ill.close()


@pytest.mark.parametrize("name", model_names())
async def test_every_question_in_every_manner(tmp_path: Path, name: str) -> None:
    _, asked = await clean_read(name, tmp_path / "meter")
    await asyncio.gather(*(
        spoilt(name, tmp_path / f"{number}-{manner.replace(' ', '-')}", question, manner)
        for number, question in enumerate(asked)
        for manner in MANNERS
    ))  # fmt: skip


WIRES: dict[str, Manner] = {
    "echo": lambda request, answer: request + answer,
    "noise before": lambda _request, answer: b"\x01\x04\x00\x03" + NOISE.randbytes(9) + answer,
    "noise after": lambda _request, answer: answer + NOISE.randbytes(5),
    "echo and noise": lambda request, answer: request + NOISE.randbytes(3) + answer + NOISE.randbytes(3),
    "much noise": lambda _request, answer: NOISE.randbytes(300) + answer,
    "another unit too": lambda request, answer: framed(bytes((99, request[1], 2, 0, 0))) + answer,
}


@pytest.mark.parametrize("name", model_names())
async def test_every_make_is_read_through_echo_and_noise(tmp_path: Path, name: str) -> None:
    words, _ = await clean_read(name, tmp_path / "meter")
    for wire, spoil in WIRES.items():
        noisy = bench(name, tmp_path / wire.replace(" ", "-"))
        noisy.meter.spoil = spoil
        assert await noisy.read() == words, wire
        noisy.close()


async def test_an_answer_in_pieces_behind_its_echo(tmp_path: Path) -> None:
    """Each byte for itself, as a slow adapter hands it over: pymodbus's own echo handling loses its head."""
    words, _ = await clean_read("eastron_sdm630", tmp_path / "meter")
    slow = bench("eastron_sdm630", tmp_path / "slow")

    def in_pieces(request: bytes, answer: bytes) -> bytes:
        slow.meter.say_slowly(request + answer)
        return b""

    slow.meter.spoil = in_pieces
    assert await slow.read() == words
    slow.close()


async def test_a_silent_meter_says_once_that_its_number_is_not_known(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A line with each reading would be 80,000 a day."""
    dead = bench("eastron_sdm630", tmp_path / "meter")
    caplog.set_level("INFO")
    spoil = MANNERS["unanswered"]
    dead.meter.spoil = spoil
    for _ in range(3):
        assert await dead.read() is None
    assert caplog.text.count("no serial number") == 1
    dead.meter.spoil = lambda _request, answer: answer
    assert await dead.read() is not None
    dead.port.close()  # so it asks anew
    dead.meter.spoil = spoil
    assert await dead.read() is None
    assert caplog.text.count("no serial number") == 2
    dead.close()


async def test_the_serial_number_is_asked_for_again_after_a_while(tmp_path: Path) -> None:
    late = bench("eastron_sdm630", tmp_path / "meter")
    spoil = MANNERS["unanswered"]
    late.meter.spoil = lambda request, answer: spoil(request, answer) if request[1] == 3 else answer
    assert await late.read() is not None
    late.meter.spoil = lambda _request, answer: answer
    assert await late.read() is not None
    assert late.port.serial is None
    late.clock.now_s += 60.0
    assert await late.read() is not None
    assert late.port.serial == FIXTURES["eastron_sdm630"].reading.meter_serial
    late.close()


async def test_a_block_that_was_refused_is_asked_for_again_after_a_while(tmp_path: Path) -> None:
    ill = bench("eastron_sdm630", tmp_path / "meter")
    ill.meter.spoil = lambda request, answer: refusal(request, 3) if request[5] > 4 else answer
    words = await ill.read()
    ill.meter.spoil = lambda _request, answer: answer
    before = len(ill.meter.asked)
    assert await ill.read() == words
    single = len(ill.meter.asked) - before
    ill.clock.now_s += 600.0
    before = len(ill.meter.asked)
    assert await ill.read() == words
    assert len(ill.meter.asked) - before < single
    ill.close()


async def test_a_meter_that_answers_nothing_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each poll asks for the number again; a line for each would fill the card of the box."""
    caplog.set_level("INFO")
    ill = bench("eastron_sdm630", tmp_path / "meter")
    for times in (1, 2):
        ill.meter.spoil = MANNERS["failed"]
        for _ in range(3):
            assert await ill.read() is None
        assert caplog.text.count("no serial number") == times
        ill.meter.spoil = lambda _request, answer: answer
        assert await ill.read() is not None
        assert ill.port.serial is not None
        ill.port.close()
    ill.close()
