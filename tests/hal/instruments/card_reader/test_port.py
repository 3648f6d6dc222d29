"""The reader thread on a real tty."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.instruments.card_reader.dialogue import OK, Dialogue, Listening, TagFraming
from hal.instruments.card_reader.pn532 import Pn532
from hal.instruments.card_reader.port import CardPort, Heard, ReaderLine
from hal.mock.serial.pn532 import MockPn532
from hal.mock.serial.reader import tag_frame
from hal.mock.serial.wire import SerialWire
from tests.hal.instruments.waiting import until

pytestmark = pytest.mark.distribution

TAGS = ["100086F444", "0004AABBCC"]


class Bench:
    """A card port and what it said."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.heard: list[Heard] = []
        self.health: list[str] = []
        self.port: CardPort | None = None

    def start(self, dialogue: Dialogue, baud: int = 9600) -> None:
        line = ReaderLine(str(self.link), baud)
        self.port = CardPort(line, dialogue, self.heard.append, self.health.append)
        self.port.start()

    @property
    def numbers(self) -> list[str]:
        return [number for heard in self.heard for number in heard.numbers]


def rdm6300() -> Listening:
    return Listening(TagFraming(b"\x03"), repeats=True)


@pytest.fixture
def bench(folder: Path) -> Iterator[Bench]:
    bench = Bench(folder / "reader")
    yield bench
    assert bench.port is not None
    bench.port.stop()


async def test_a_frame_arrives_through_every_byte_there_is(bench: Bench) -> None:
    """XON, XOFF, CR, LF, break: nothing is swallowed or turned around on the way."""
    wire = SerialWire(bench.link)
    bench.start(rdm6300())
    await until(lambda: bench.health == [OK])
    frame = tag_frame(TAGS[0], "\x03")
    wire.write(bytes(range(256)) + frame + frame)
    await until(lambda: bench.numbers == [TAGS[0]])
    assert bench.heard[-1].dropped == 1  # the 02 among the bytes
    wire.close()


async def test_a_reader_that_comes_later_goes_and_comes_back(bench: Bench) -> None:
    bench.start(rdm6300())
    await until(lambda: len(bench.health) == 1)
    assert "is the reader plugged in?" in bench.health[0]
    for turn in range(2):
        wire = SerialWire(bench.link)
        await until(lambda: bench.health[-1] == OK)
        wire.write(2 * tag_frame(TAGS[turn], "\x03"))
        await until(lambda turn=turn: bench.numbers == TAGS[: turn + 1])  # type: ignore[misc]
        wire.close()
        await until(lambda: bench.health[-1] != OK)
    assert "cannot be read" in bench.health[-1]


@pytest.mark.parametrize(("baud", "speed"), [(9600, termios.B9600), (115_200, termios.B115200)])
async def test_the_port_is_opened_with_its_baud_rate_and_without_parity(
    bench: Bench, baud: int, speed: int
) -> None:
    wire = SerialWire(bench.link)
    bench.start(rdm6300(), baud)
    await until(lambda: bench.health == [OK])
    tty = os.open(bench.link, os.O_RDWR | os.O_NOCTTY)
    _, _, control, _, in_speed, out_speed, _ = termios.tcgetattr(tty)
    os.close(tty)
    assert (in_speed, out_speed) == (speed, speed)
    assert control & termios.CSIZE == termios.CS8
    assert not control & (termios.PARENB | termios.CSTOPB)
    wire.close()


async def test_a_pn532_is_asked_and_answers(bench: Bench) -> None:
    wire, chip = SerialWire(bench.link), MockPn532()
    chip.present(bytes.fromhex("04C31102F84D80"))
    bench.start(Pn532(), 115_200)

    def heard() -> bool:
        wire.write(chip.receive(wire.read()))
        return bench.numbers[:1] == ["04C31102F84D80"]

    await until(heard)
    assert bench.health == [OK]
    wire.close()


async def test_a_silent_pn532_is_named_with_its_port(bench: Bench) -> None:
    wire = SerialWire(bench.link)
    bench.start(Pn532(), 115_200)
    await until(lambda: bool(bench.health))
    assert bench.health[0].startswith(f"{bench.link}: the PN532 does not answer")
    wire.close()


async def test_after_a_stop_the_port_is_free_and_it_can_begin_again(bench: Bench) -> None:
    wire = SerialWire(bench.link)
    bench.start(rdm6300())
    await until(lambda: bench.health == [OK])
    assert bench.port is not None
    bench.port.stop()
    wire.write(tag_frame(TAGS[0], "\x03"))  # nobody's
    bench.port.start()

    def heard() -> bool:
        wire.write(tag_frame(TAGS[1], "\x03"))  # again and again: what came before the port was open is lost
        return bench.numbers[-1:] == [TAGS[1]]

    await until(heard)
    wire.close()
