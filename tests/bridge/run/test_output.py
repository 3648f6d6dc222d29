"""The lines of `run`: whole and in order to a reader, and nobody waits for one who does not read."""

from __future__ import annotations

import os
import threading

import pytest

from bridge.run.output import LIMIT_BYTES, Output


def read_all(descriptor: int, into: list[bytes]) -> None:
    while received := os.read(descriptor, 65_536):
        into.append(received)


def test_every_line_in_order() -> None:
    reader, writer = os.pipe()
    received: list[bytes] = []
    reading = threading.Thread(target=read_all, args=(reader, received))
    reading.start()
    lines = [f"line {number} \udcff" for number in range(2000)]
    with Output(writer) as output:
        for line in lines:
            output.say(line)
    os.close(writer)
    reading.join()
    os.close(reader)
    assert b"".join(received).decode().splitlines() == [line.replace("\udcff", "?") for line in lines]


def test_nobody_reads_then_somebody_does() -> None:
    """The first lines are kept, the rest is counted; the end waits for nobody."""
    reader, writer = os.pipe()
    line = "x" * 999
    said = 2 * LIMIT_BYTES // 1000
    with Output(writer) as output:
        for _ in range(said):
            output.say(line)
    received: list[bytes] = []
    reading = threading.Thread(target=read_all, args=(reader, received))
    reading.start()
    while b"not shown" not in b"".join(received[-2:]):
        pass
    lines = b"".join(received).decode().splitlines()
    kept = lines.count(line)
    assert lines == [*[line] * kept, f"({said - kept} lines were not shown, because nothing read them)"]
    assert LIMIT_BYTES <= kept * 1000 < LIMIT_BYTES + 2 * 65_536
    os.close(writer)
    reading.join()
    os.close(reader)


@pytest.mark.filterwarnings("error")
def test_a_reader_that_has_gone_costs_the_lines_and_nothing_more() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with Output(writer) as output:
        for _ in range(3):
            output.say("x")
    os.close(writer)
