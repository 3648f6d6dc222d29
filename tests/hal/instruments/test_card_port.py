"""The reader thread on a real tty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.instruments.card_port import OK, CardPort
from hal.mock.wire import SerialWire
from tests.hal.instruments.waiting import until


class Bench:
    """A card port and what it said."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.received = b""
        self.health: list[str] = []
        self.port = CardPort(str(link), 9600, self._take, self.health.append)

    def _take(self, received: bytes) -> None:
        self.received += received


@pytest.fixture
def bench(folder: Path) -> Iterator[Bench]:
    bench = Bench(folder / "reader")
    yield bench
    bench.port.stop()


async def test_bytes_arrive_as_they_are(bench: Bench) -> None:
    wire = SerialWire(bench.link)
    bench.port.start()
    await until(lambda: bench.health == [OK])
    everything = bytes(range(256))
    wire.write(everything)
    await until(lambda: bench.received == everything)
    wire.close()


async def test_a_reader_that_comes_later_goes_and_comes_back(bench: Bench) -> None:
    bench.port.start()
    await until(lambda: len(bench.health) == 1)
    assert "is the reader plugged in?" in bench.health[0]
    for turn in range(2):
        wire = SerialWire(bench.link)
        await until(lambda: bench.health[-1] == OK)
        wire.write(b"%d" % turn)
        await until(lambda turn=turn: bench.received == b"01"[: turn + 1])  # type: ignore[misc]
        wire.close()
        await until(lambda: bench.health[-1] != OK)
    assert "cannot be read" in bench.health[-1]
