"""gpiozero's own devices on the map."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import pytest
from gpiozero import (
    MCP3208,
    DigitalOutputDevice,
    GPIOPinInUse,
    InputDevice,
    Motor,
    OutputDevice,
    PinInvalidFunction,
    PinSetInput,
    SPIBadArgs,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.mock.pi.board import BoardFactory
from hal.mock.pi.line_map import ADC_MAX, FLOATING, HIGH, LOW, LineMap

Wires = tuple[LineMap, BoardFactory]


@pytest.fixture
def wires(folder: Path) -> Wires:
    return LineMap.create(folder / "map"), BoardFactory(folder / "map")


def test_an_output_drives_its_line_and_nobody_elses(wires: Wires) -> None:
    line_map, board = wires
    relay = DigitalOutputDevice(17, initial_value=False, pin_factory=board)
    assert line_map.is_output(17)
    assert not line_map.driven_high(17)
    relay.on()
    assert line_map.driven_high(17)
    assert relay.value == 1
    assert line_map.owned() == [(17, os.getpid())]


def test_an_active_low_output_that_is_off_is_high(wires: Wires) -> None:
    line_map, board = wires
    lamp = OutputDevice(17, active_high=False, initial_value=False, pin_factory=board)
    assert (line_map.driven_high(17), lamp.value) == (True, 0)


def test_claiming_a_line_that_a_dead_process_left_high_pulls_it_low_for_a_moment(wires: Wires) -> None:
    """LGPIOPin claims an input, `output_with_state` a low output, and only then the level is written."""
    line_map, board = wires
    line_map.make_output(23, high=True)  # a kernel that keeps outputs
    solenoid = DigitalOutputDevice(23, initial_value=True, pin_factory=board)
    assert (line_map.driven_high(23), solenoid.value) == (True, 1)
    assert line_map.felt_falls() == {23}


def test_a_claim_with_the_level_pulls_nothing(wires: Wires) -> None:
    """As gpio_claim_output(handle, line, 1) does."""
    line_map, _ = wires
    line_map.make_output(23, high=True)
    line_map.claim(23, os.getpid())
    line_map.make_output(23, high=True)
    assert line_map.felt_falls() == frozenset()


@pytest.mark.parametrize(("level", "pull_up", "active"), [
    (LOW, True, True), (HIGH, True, False), (FLOATING, True, False),
    (LOW, False, False), (HIGH, False, True), (FLOATING, False, False),
])  # fmt: skip
def test_an_input_reads_its_wire_or_its_pull(wires: Wires, level: int, pull_up: bool, active: bool) -> None:
    line_map, board = wires
    contact = InputDevice(27, pull_up=pull_up, pin_factory=board)
    line_map.put_input(27, level)
    assert contact.is_active == active


def test_a_motor_turns_both_ways(wires: Wires) -> None:
    line_map, board = wires
    motor = Motor(23, 24, pwm=False, pin_factory=board)
    driven = []
    for turn in (motor.forward, motor.backward, motor.stop):
        turn()
        driven.append((line_map.driven_high(23), line_map.driven_high(24)))
    assert driven == [(True, False), (False, True), (False, False)]


def test_closing_frees_the_line_as_an_input(wires: Wires) -> None:
    line_map, board = wires
    relay = DigitalOutputDevice(17, initial_value=True, pin_factory=board)
    relay.close()
    assert (line_map.owned(), line_map.is_output(17), line_map.driven_high(17)) == ([], False, False)
    again = DigitalOutputDevice(17, initial_value=True, pin_factory=board)
    assert (line_map.driven_high(17), again.value) == (True, 1)


def test_a_line_that_another_process_holds_is_refused(wires: Wires) -> None:
    line_map, board = wires
    line_map.claim(17, os.getppid())
    with pytest.raises(GPIOPinInUse, match=f"held by process {os.getppid()}"):
        DigitalOutputDevice(17, pin_factory=board)
    assert line_map.owner(17) == os.getppid()


def test_a_pin_refuses_what_a_pin_cannot(wires: Wires) -> None:
    _, board = wires
    pin = InputDevice(27, pin_factory=board).pin
    with pytest.raises(PinSetInput):
        pin.state = True
    with pytest.raises(PinInvalidFunction):
        pin.function = "spi"


@settings(deadline=None)
@given(word=st.integers(0, ADC_MAX), channel=st.integers(0, 7))
def test_the_converter_reads_every_word_of_every_channel(
    tmp_path_factory: pytest.TempPathFactory, word: int, channel: int
) -> None:
    path = tmp_path_factory.mktemp("map") / "map"
    line_map, board = LineMap.create(path), BoardFactory(path)
    line_map.put_adc(channel, word)
    converter = MCP3208(channel=channel, max_voltage=3.3, pin_factory=board)
    assert converter.raw_value == word
    assert converter.voltage == pytest.approx(3.3 * word / ADC_MAX, abs=0.0005)
    converter.close()


def test_channels_share_the_bus_and_the_bus_keeps_its_pins(wires: Wires) -> None:
    line_map, board = wires
    converters = [MCP3208(channel=channel, pin_factory=board) for channel in range(3)]
    for channel in range(3):
        line_map.put_adc(channel, 100 * channel)
    assert [converter.raw_value for converter in converters] == [0, 100, 200]
    with pytest.raises(GPIOPinInUse):
        DigitalOutputDevice(8, pin_factory=board)
    converters[0].close()
    assert converters[1].raw_value == 100
    converters[1].close()
    converters[2].close()
    DigitalOutputDevice(8, pin_factory=board).close()


def test_other_reads_and_other_pins_are_refused(wires: Wires) -> None:
    _, board = wires
    differential = MCP3208(channel=0, differential=True, pin_factory=board)
    with pytest.raises(SPIBadArgs):
        _ = differential.value
    with pytest.raises(SPIBadArgs):
        MCP3208(channel=0, clock_pin=5, mosi_pin=6, miso_pin=13, select_pin=19, pin_factory=board)


def test_two_boards_do_not_mix(folder: Path) -> None:
    maps = [LineMap.create(folder / name) for name in ("one", "two")]
    boards = [BoardFactory(folder / name) for name in ("one", "two")]
    for number, line_map in enumerate(maps):
        line_map.put_adc(0, 1000 + number)
    converters = [MCP3208(channel=0, pin_factory=board) for board in boards]
    assert [converter.raw_value for converter in converters] == [1000, 1001]


def test_a_tick_of_reads_is_cheap(wires: Wires) -> None:
    """Three channels and two inputs each 10 ms: the wires must not decide what a bench measures."""
    _, board = wires
    converters = [MCP3208(channel=channel, pin_factory=board) for channel in range(3)]
    contacts = [InputDevice(pin, pull_up=True, pin_factory=board) for pin in (25, 27)]

    def tick_s() -> float:
        began_s = time.perf_counter()
        for device in (*converters, *contacts):
            _ = device.value
        return time.perf_counter() - began_s

    assert statistics.median(tick_s() for _ in range(200)) < 0.002
