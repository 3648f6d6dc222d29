"""From words to a reading that can be true, and which registers to ask for."""

from __future__ import annotations

import math
import struct
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.configuration.meter_map import MeterMap, NumberType, PhaseNumbers, SerialNumber, TotalNumber
from hal.instruments.meter.model import models
from hal.instruments.meter.registers import (
    Block,
    ImplausibleError,
    Wiring,
    Words,
    blocks,
    number,
    reading,
    serial_text,
)

SDM630 = models()["eastron_sdm630"].map
THREE, ONE = Wiring(3, 230.0), Wiring(1, 230.0)


def words_of(
    volts: float = 230.0, amps: float = 16.0, power_w: float = 11_040.0, kwh: float = 12_345.67
) -> Words:
    """As the SDM630's protocol description lays them out."""
    shown = {0x34: power_w, 0x48: kwh}
    shown |= {0x00 + 2 * phase: volts for phase in range(3)} | {0x06 + 2 * phase: amps for phase in range(3)}
    words: dict[tuple[Literal[3, 4], int], int] = {}
    for register, value in shown.items():
        words[4, register], words[4, register + 1] = struct.unpack(">HH", struct.pack(">f", value))
    return words


def test_a_whole_reading() -> None:
    measured = reading(SDM630, THREE, words_of(), 7.5)
    assert (measured.at_s, measured.energy_wh, measured.power_w) == (7.5, 12_345_670, 11_040.0)
    assert (measured.voltage_v, measured.current_a) == ((230.0,) * 3, (16.0,) * 3)


@given(steps=st.integers(0, 3_000_000))
def test_single_precision_never_costs_a_step_of_the_register(steps: int) -> None:
    """Up to 30 MWh a float32 of kWh still tells one 10 Wh step from the next."""
    assert reading(SDM630, THREE, words_of(kwh=steps / 100), 0.0).energy_wh == 10 * steps


@pytest.mark.parametrize(("words", "says"), [
    (words_of(volts=300.5), r"voltage L1 = 300.5 V: 115 to 300"),
    (words_of(volts=0), r"voltage L1 = 0 V: 115 to 300"),
    (words_of(volts=-230), r"voltage L1 = -230 V"),
    (words_of(volts=math.nan), r"register 0x0000 = nan: the meter's sign for no value"),
    (words_of(amps=math.inf), r"register 0x0006 = inf"),
    (words_of(power_w=-math.inf), r"register 0x0034 = -inf"),
    (words_of(kwh=math.nan), r"register 0x0048 = nan"),
    (words_of(kwh=-0.5), r"energy = -500 Wh: 0 or more"),
])  # fmt: skip
def test_what_cannot_be_is_named(words: Words, says: str) -> None:
    with pytest.raises(ImplausibleError, match=says):
        reading(SDM630, THREE, words, 0.0)


def test_a_lost_phase_is_no_reading() -> None:
    with pytest.raises(ImplausibleError, match=r"voltage L3 = 0 V"):
        reading(SDM630, THREE, {**words_of(), (4, 4): 0, (4, 5): 0}, 0.0)


def test_a_reversed_meter_does_not_hide_the_current() -> None:
    assert reading(SDM630, THREE, words_of(amps=-40.0), 0.0).current_a == (40.0, 40.0, 40.0)


def test_a_box_of_one_phase_asks_for_l1_only() -> None:
    """Whatever the meter shows for phases that are not wired: nothing, or its sign for no value."""
    words = {key: word for key, word in words_of().items() if key[1] not in (2, 3, 4, 5, 8, 9, 10, 11)}
    measured = reading(SDM630, ONE, words, 0.0)
    assert (measured.voltage_v, measured.current_a) == ((230.0, 0.0, 0.0), (16.0, 0.0, 0.0))
    assert [(block.start, block.count) for block in blocks(SDM630, 1, 80)] == [
        (0x00, 2), (0x06, 2), (0x34, 2), (0x48, 2)
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "order", "words", "value"), [
    ("int16", "big", [0xFFFE], -2.0), ("uint16", "big", [0xFFFE], 65_534.0),
    ("int32", "little", [0x0001, 0x0002], 131_073.0), ("uint32", "big", [0x0001, 0x0002], 65_538.0),
    ("uint64", "big", [0, 0, 1, 0], 65_536.0), ("float64", "big", [0x4037, 0, 0, 0], 23.0),
    ("int64", "little", [0xFFFE, 0xFFFF, 0xFFFF, 0xFFFF], -2.0), ("float32", "little", [0, 0x4366], 230.0),
])  # fmt: skip
def test_types_and_word_orders(kind: NumberType, order: str, words: list[int], value: float) -> None:
    meter_map: MeterMap = msgspec.structs.replace(SDM630, word_order=order)
    quantity = TotalNumber(total=5, type=kind)
    assert number(meter_map, quantity, 0, {(4, 5 + at): word for at, word in enumerate(words)}) == value


@pytest.mark.parametrize(("kind", "nan", "words"), [
    ("uint16", 0xFFFF, [0xFFFF]), ("int16", 0x8000, [0x8000]), ("int32", 0x7FFF_FFFF, [0x7FFF, 0xFFFF]),
    ("uint64", -1, [0xFFFF] * 4), ("int16", -1, [0xFFFF]), ("float32", 0x7FC0_0000, [0x7FC0, 0]),
])  # fmt: skip
def test_a_meters_sign_for_no_value(kind: NumberType, nan: int, words: list[int]) -> None:
    quantity = TotalNumber(total=0, type=kind, nan=nan)
    with pytest.raises(ImplausibleError, match="no value"):
        number(SDM630, quantity, 0, {(4, at): word for at, word in enumerate(words)})


def test_serial_numbers_as_the_label_prints_them() -> None:
    where = SerialNumber(total=0, type="uint32", base=16)
    assert serial_text(SDM630, where, {(4, 0): 0x1506, (4, 1): 0x0001}) == "15060001"
    for word in (0, 0xFFFF):
        assert serial_text(SDM630, where, {(4, 0): word, (4, 1): word}) is None


def test_neighbours_are_asked_for_together_up_to_the_limit() -> None:
    alone = ((0, 2), (2, 2), (4, 2), (6, 2), (8, 2), (10, 2))
    power, energy = Block(4, 0x34, 2, ((0x34, 2),)), Block(4, 0x48, 2, ((0x48, 2),))
    assert blocks(SDM630, 3, 80) == (Block(4, 0, 12, alone), power, energy)
    assert blocks(SDM630, 3, 10) == (Block(4, 0, 10, alone[:5]), Block(4, 10, 2, alone[5:]), power, energy)
    assert [block.count for block in blocks(SDM630, 3, 1)] == [2] * 8


def test_other_functions_are_other_registers() -> None:
    mixed: MeterMap = msgspec.structs.replace(SDM630, current=PhaseNumbers(l1=6, l2=8, l3=10, fc=3))
    assert [(block.fc, block.start, block.count) for block in blocks(mixed, 3, 80)] == [
        (3, 6, 6), (4, 0, 6), (4, 0x34, 2), (4, 0x48, 2)
    ]  # fmt: skip
