"""The lamp on gpiozero's pins, down to the levels on the wires."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from hal.configuration.sections import Lamp
from hal.instruments.lamp.lines import LampLoop, NoLampError, lamp_lines
from hal.instruments.lamp.patterns import BLUE, DARK, RED, YELLOW
from hal.mock.pi.line_map import LineMap
from tests.hal.instruments.statuses import status
from tests.hal.instruments.waiting import until

PINS = (12, 13, 19)


@pytest.fixture
def line_map(folder: Path) -> Iterator[LineMap]:
    line_map = LineMap.create(folder / "line-map")
    yield line_map
    line_map.close()


def lamp(active: Literal["high", "low"] = "high") -> Lamp:
    return Lamp(red_pin=12, green_pin=13, blue_pin=19, active=active)


def levels(line_map: LineMap) -> list[bool]:
    return [line_map.driven_high(pin) for pin in PINS]


def outputs(line_map: LineMap) -> list[bool]:
    return [line_map.is_output(pin) for pin in PINS]


def test_colours_are_levels(folder: Path, line_map: LineMap) -> None:
    lines = lamp_lines(lamp(), folder / "line-map")
    assert (outputs(line_map), levels(line_map)) == ([True] * 3, [False] * 3)
    for colour in (RED, YELLOW, BLUE, DARK):
        lines.show(colour)
        assert levels(line_map) == list(colour)
    lines.show(RED)
    lines.close()
    assert outputs(line_map) == [False] * 3


def test_a_lamp_that_lights_with_low(folder: Path, line_map: LineMap) -> None:
    lines = lamp_lines(lamp("low"), folder / "line-map")
    assert levels(line_map) == [True] * 3
    lines.show(YELLOW)
    assert levels(line_map) == [False, False, True]
    lines.close()


def test_a_lamp_without_a_mock_is_named(folder: Path) -> None:
    with pytest.raises(NoLampError, match="start the mock wallbox"):
        lamp_lines(lamp(), folder / "line-map")


def test_a_line_that_another_process_holds_is_named(folder: Path, line_map: LineMap) -> None:
    line_map.claim(13, 1)
    with pytest.raises(NoLampError, match="GPIO 12, 13, 19: GPIO13 is held by process 1"):
        lamp_lines(lamp(), folder / "line-map")


async def test_it_follows_the_status(folder: Path, line_map: LineMap) -> None:
    loop = LampLoop(lamp_lines(lamp(), folder / "line-map"))
    running = asyncio.create_task(loop.run())
    await until(lambda: levels(line_map) == list(RED))  # no hal.safety: short and red
    loop.feed(status(time.monotonic() + 1000, lamp="accepted"))
    await until(lambda: levels(line_map) == list(BLUE))
    loop.feed(status(time.monotonic() + 1000, lamp="reserved"))
    await until(lambda: levels(line_map) == list(YELLOW))
    running.cancel()
    await asyncio.wait([running])
    assert outputs(line_map) == [False] * 3
