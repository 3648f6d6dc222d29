"""The map itself: what one end writes, the other reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.mock.pi.line_map import ADC_MAX, CHANNELS, FLOATING, LINES, LineBusyError, LineMap, LineMapError

lines = st.integers(0, LINES - 1)


@pytest.fixture
def ends(folder: Path) -> tuple[LineMap, LineMap]:
    return LineMap.create(folder / "map"), LineMap.open(folder / "map")


def test_a_fresh_map_drives_nothing(ends: tuple[LineMap, LineMap]) -> None:
    mock, _ = ends
    assert not any(mock.driven_high(line) or mock.is_output(line) for line in range(LINES))
    assert all(mock.input_level(line) == FLOATING for line in range(LINES))
    assert mock.owned() == []


def test_an_absent_map_says_what_to_start(folder: Path) -> None:
    with pytest.raises(LineMapError, match=r"absent; start the mock wallbox \(hal.mock\) first"):
        LineMap.open(folder / "map")


@pytest.mark.parametrize("content", [b"", b"EVSELINE", bytes(512), b"x" * 600])
def test_what_is_no_map_is_refused(folder: Path, content: bytes) -> None:
    (folder / "map").write_bytes(content)
    with pytest.raises(LineMapError, match=r"not a line map of 576"):
        LineMap.open(folder / "map")


def test_another_version_is_refused(folder: Path) -> None:
    LineMap.create(folder / "map")
    content = bytearray((folder / "map").read_bytes())
    content[8] += 1
    (folder / "map").write_bytes(content)
    with pytest.raises(LineMapError, match="version 3, this program knows 2"):
        LineMap.open(folder / "map")


@settings(deadline=None)
@given(
    levels=st.dictionaries(lines, st.booleans()), words=st.lists(st.integers(0, ADC_MAX), max_size=CHANNELS)
)
def test_levels_and_words_cross(
    tmp_path_factory: pytest.TempPathFactory, levels: dict[int, bool], words: list[int]
) -> None:
    path = tmp_path_factory.mktemp("map") / "map"
    mock, driver = LineMap.create(path), LineMap.open(path)
    for line, high in levels.items():
        driver.make_output(line, high=high)
        mock.put_input(line, not high)
    for channel, word in enumerate(words):
        mock.put_adc(channel, word)
    assert {line for line in range(LINES) if mock.driven_high(line)} == {k for k, v in levels.items() if v}
    assert all(driver.input_level(line) == (not high) for line, high in levels.items())
    assert [driver.adc(channel) for channel in range(len(words))] == words


def test_a_line_of_a_living_process_is_busy(ends: tuple[LineMap, LineMap]) -> None:
    mock, driver = ends
    driver.claim(17, os.getpid())
    with pytest.raises(LineBusyError, match=f"GPIO17 is held by process {os.getpid()}"):
        mock.claim(17, os.getpid() + 1)


def test_a_line_of_a_dead_process_is_free(ends: tuple[LineMap, LineMap]) -> None:
    mock, driver = ends
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    driver.claim(17, dead.pid)
    mock.claim(17, os.getpid())
    assert mock.owned() == [(17, os.getpid())]


def test_when_the_power_goes_everything_falls(ends: tuple[LineMap, LineMap]) -> None:
    mock, driver = ends
    driver.claim(17, os.getpid())
    driver.make_output(17, high=True)
    mock.fall()
    assert (mock.owned(), mock.driven_high(17)) == ([], False)
    driver.drive(17, high=True)  # of a process that does not know yet
    assert not mock.driven_high(17)


def test_the_sequence_grows(ends: tuple[LineMap, LineMap]) -> None:
    mock, driver = ends
    mock.advance()
    assert driver.sequence == 1


def test_a_claim_that_pulls_a_line_low_is_felt_once_however_short(folder: Path) -> None:
    line_map = LineMap.create(folder / "map")
    line_map.make_output(17, high=True)
    line_map.make_output(23, high=True)
    assert line_map.felt_falls() == frozenset()
    line_map.make_output(17, high=False)
    line_map.drive(17, high=True)
    line_map.make_input(23)
    assert line_map.driven_high(17)
    assert line_map.felt_falls() == {17, 23}
    assert line_map.felt_falls() == frozenset()
