"""The makes of meter as data, and what a reading may say."""

from __future__ import annotations

import math
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.instruments.meter_model import (
    EnergyGuard,
    ImplausibleError,
    MeterModel,
    NumberType,
    Quantity,
    models,
    number,
    reading,
)

SDM630 = models()["eastron_sdm630"]


def words_of(
    voltage: float = 230.0, amps: float = 16.0, power_w: float = 11_040.0, kwh: float = 12_345.67
) -> dict[int, int]:
    """As the SDM630's protocol description lays them out."""
    shown = {0x34: power_w, 0x48: kwh}
    shown |= {0x00 + 2 * phase: voltage for phase in range(3)} | {
        0x06 + 2 * phase: amps for phase in range(3)
    }
    words = {}
    for address, value in shown.items():
        words[address], words[address + 1] = struct.unpack(">HH", struct.pack(">f", value))
    return words


def test_every_model_asks_for_all_it_needs() -> None:
    for model in models().values():
        asked = {start + offset for start, count in model.blocks for offset in range(count)}
        for quantity in (model.voltage, model.current, model.power, model.energy):
            assert set(quantity.at) <= asked


def test_a_whole_reading() -> None:
    measured = reading(SDM630, words_of(), 7.5, "MOCK1")
    assert (measured.at_s, measured.energy_wh, measured.power_w) == (7.5, 12_345_670, 11_040.0)
    assert (measured.voltage_v, measured.current_a) == ((230.0,) * 3, (16.0,) * 3)
    assert measured.meter_serial == "MOCK1"


@given(steps=st.integers(0, 3_000_000))
def test_single_precision_never_costs_a_step_of_the_register(steps: int) -> None:
    """Up to 30 MWh a float32 of kWh still tells one 10 Wh step from the next."""
    assert reading(SDM630, words_of(kwh=steps / 100), 0.0, None).energy_wh == 10 * steps


@pytest.mark.parametrize(("words", "says"), [
    (words_of(voltage=300.5), r"voltage L1 = 300.5 V: 0 to 300"),
    (words_of(voltage=-1), r"voltage L1 = -1 V: 0 to 300"),
    (words_of(voltage=math.nan), r"register 0x0000 = nan"),
    (words_of(amps=math.inf), r"register 0x0006 = inf"),
    (words_of(power_w=-math.inf), r"register 0x0034 = -inf"),
    (words_of(kwh=math.nan), r"register 0x0048 = nan"),
    (words_of(kwh=-0.5), r"energy = -500 Wh: 0 or more"),
])  # fmt: skip
def test_what_cannot_be_is_named(words: dict[int, int], says: str) -> None:
    with pytest.raises(ImplausibleError, match=says):
        reading(SDM630, words, 0.0, None)


@pytest.mark.parametrize(("kind", "order", "words", "value"), [
    ("int16", "big", [0xFFFE], -2.0), ("uint16", "big", [0xFFFE], 65_534.0),
    ("int32", "little", [0x0001, 0x0002], 131_073.0), ("uint32", "big", [0x0001, 0x0002], 65_538.0),
    ("uint64", "big", [0, 0, 1, 0], 65_536.0), ("float64", "big", [0x4037, 0, 0, 0], 23.0),
    ("float32", "little", [0x0000, 0x4366], 230.0),
])  # fmt: skip
def test_types_and_word_orders_of_other_makes(
    kind: NumberType, order: str, words: list[int], value: float
) -> None:
    model = msgspec.structs.replace(SDM630, word_order=order)
    quantity = Quantity(at=(5,), type=kind)
    assert number(model, quantity, 0, dict(enumerate(words, 5))) == value


def test_a_models_word_for_no_value_is_none() -> None:
    with pytest.raises(ImplausibleError, match="no number"):
        number(SDM630, Quantity(at=(0,), type="uint16", nan=0xFFFF), 0, {0: 0xFFFF})


def test_a_meter_of_one_phase_reads_nothing_on_the_others() -> None:
    single: MeterModel = msgspec.structs.replace(SDM630, voltage=Quantity(at=(0,)), current=Quantity(at=(6,)))
    measured = reading(single, words_of(), 0.0, None)
    assert (measured.voltage_v, measured.current_a) == ((230.0, 0.0, 0.0), (16.0, 0.0, 0.0))


def test_energy_may_step_back_by_the_registers_step_and_no_more() -> None:
    guard = EnergyGuard(step_wh=10)
    for energy_wh in (1000, 1010, 1000, 5000):
        guard.check(energy_wh)
    with pytest.raises(ImplausibleError, match="energy = 4980 Wh: 5000 before"):
        guard.check(4980)
    guard.check(4990)
