"""What others sent, in a log, on a terminal, in a table: one visible line of bounded length."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.logs import LINE_MOST, Bounded
from hal.repeats import EVERY_S, MOST_KINDS, WRITTEN, Repeats
from hal.visible import MOST, visible

HOSTILE = (
    "\x1b[2J\x1b[1;31mred", "one\nMay 01 00:00:00 evse: all is well", "a\r\nb", "\u202egnihtemos", "\x9b31m",
    "\x00", "\ud800", "x" * 900_000, "\u2028line", "\x07" * 100,
)  # fmt: skip


@given(st.text(st.characters(exclude_categories=())), st.integers(10, 300))
def test_one_visible_line_of_bounded_length(text: str, most: int) -> None:
    shown = visible(text, most)
    assert shown.isprintable()
    assert len(shown) <= len(r"\x10ffff") * most
    shown.encode()
    if text.isprintable() and len(text) <= most:
        assert shown == text


def test_what_is_cut_says_so() -> None:
    assert visible("x" * 300) == "x" * (MOST - 3) + "..."


class Log:
    """A program's own, with a clock that is set."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._out = io.StringIO()
        handler = logging.StreamHandler(self._out)
        handler.addFilter(Bounded(handler.emit, lambda: self.now_s))
        self.logger = logging.Logger("test")  # noqa: LOG001 - of this test alone
        self.logger.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self._out.getvalue().split("\n")[:-1]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_forges_a_line_or_fills_the_log(log: Log, hostile: str) -> None:
    log.logger.warning("it said %s", hostile)
    log.logger.warning(f"it said {hostile}")  # noqa: G004 - somebody may
    log.logger.warning("it said %s", ValueError(hostile))
    assert len(log.lines) == 3
    assert all(line.isprintable() and len(line) <= 4 * LINE_MOST for line in log.lines)


def test_nor_does_one_in_a_traceback(log: Log) -> None:
    try:
        raise ValueError("\x1b[2J\nforged")
    except ValueError:
        log.logger.exception("an error of ours")
    assert "an error of ours" in log.lines[0]
    assert all(line.isprintable() for line in log.lines)
    assert "test_visible.py" in "".join(log.lines)


def test_lines_at_a_thousand_a_second_are_counted(log: Log) -> None:
    for number in range(10_000):
        log.now_s = number / 1000
        log.logger.warning("dropped an answer: nothing was asked under '%d'", number)
    assert len(log.lines) == WRITTEN
    log.now_s = EVERY_S
    log.logger.info("state Idle -> Authorizing")
    assert log.lines[WRITTEN:] == [
        f"... {10_000 - WRITTEN} more in 10 s like: dropped an answer: nothing was asked under '0'",
        "state Idle -> Authorizing",
    ]


def test_others_are_not_held_up_by_a_flood(log: Log) -> None:
    for number in range(100):
        log.logger.warning("dropped a message: %d", number)
    log.logger.critical("an error of ours")
    assert log.lines[-1] == "an error of ours"


def counts(lines: Iterator[str]) -> int:
    return sum(int(line.split()[1]) if line.startswith("... ") else 1 for line in lines)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), max_size=300))
def test_no_line_is_neither_written_nor_counted(said: list[tuple[str, int]]) -> None:
    repeats, now_s = Repeats(), 0.0
    lines: list[str] = []
    for kind, passed_s in said:
        now_s += passed_s
        lines += repeats.feed(kind * 30, now_s)
    lines += repeats.due(now_s + EVERY_S)
    assert counts(iter(lines)) == len(said)


def test_memory_is_bounded_whatever_comes() -> None:
    repeats = Repeats()
    lines = [each for number in range(5000) for each in repeats.feed(f"{chr(0x4E00 + number)}", 0.0)]
    assert len(lines) == MOST_KINDS + WRITTEN
    assert len(repeats.due(EVERY_S)) == 1
