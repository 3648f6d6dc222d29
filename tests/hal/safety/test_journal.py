"""Log lines, which never hold anything up."""

from __future__ import annotations

import os
from itertools import chain

from hal.repeats import WRITTEN
from hal.safety.journal import WAITING, Journal


def test_writes_lines_in_order_some_at_a_time() -> None:
    reading_end, writing_end = os.pipe()
    journal = Journal(writing_end)
    for number in range(20):
        journal.say(f"line {number}")
    written: list[list[str]] = []
    for _ in range(3):
        journal.emit()
        written.append(os.read(reading_end, 65_536).decode().splitlines())
    assert max(len(lines) for lines in written) == 8
    assert list(chain(*written)) == [f"line {number}" for number in range(20)]
    os.close(reading_end)
    os.close(writing_end)


def test_a_line_stays_one_line_of_bounded_length() -> None:
    reading_end, writing_end = os.pipe()
    journal = Journal(writing_end)
    journal.say("first\nsecond" + "x" * 10_000)
    journal.emit()
    written = os.read(reading_end, 65_536)
    assert written.startswith(b"first\\x0asecond")
    assert written.count(b"\n") == 1
    assert len(written) == 500
    os.close(reading_end)
    os.close(writing_end)


def test_counts_what_does_not_fit() -> None:
    reading_end, writing_end = os.pipe()
    journal = Journal(writing_end)
    for number in range(WAITING + 5):
        journal.say(f"{chr(0x4E00 + number)} is of its own kind")
    assert journal.dropped == 5
    os.close(reading_end)
    os.close(writing_end)


def test_what_repeats_is_counted() -> None:
    reading_end, writing_end = os.pipe()
    journal = Journal(writing_end)
    for number in range(1000):
        journal.say(f"bridge gone: {number}")
    for _ in range(200):
        journal.emit()
    assert os.read(reading_end, 65_536).count(b"\n") == WRITTEN
    assert journal.dropped == 0
    os.close(reading_end)
    os.close(writing_end)


def test_survives_a_closed_pipe() -> None:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    journal = Journal(writing_end)
    journal.say("nobody reads this")
    journal.emit()
    assert journal.dropped == 1
    os.close(writing_end)
