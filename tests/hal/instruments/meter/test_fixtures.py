"""The table of meters against what other sources say that the meters show."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec
import pytest

from hal.configuration.meter_map import (
    SINGLE_PHASE,
    MeterMap,
    MeterName,
    NumberType,
    Quantity,
    model_names,
    words_of,
)
from hal.contract import Reading
from hal.instruments.meter.model import models
from hal.instruments.meter.registers import ImplausibleError, Words, blocks, reading, serial_text
from tests.hal.instruments.meter.fixtures import AT_S, FIXTURES, FOLDER, MeterFixture

NAMES = pytest.mark.parametrize("name", model_names())
replace = msgspec.structs.replace


def outcome(meter_map: MeterMap, fixture: MeterFixture) -> Reading | None:
    """What we make of its words; None when we see that they cannot be."""
    try:
        measured = reading(meter_map, fixture.wiring, fixture.words, AT_S)
        where = meter_map.serial_number
        serial = None if where is None else serial_text(meter_map, where, fixture.words)
    except (ImplausibleError, KeyError):  # KeyError: a register that the meter has not
        return None
    return replace(measured, meter_serial=serial)


def same(measured: Reading | None, expected: Reading) -> bool:
    """Equal, but for the last bits of a float."""
    if measured is None or (measured.energy_wh, measured.meter_serial) != (
        expected.energy_wh,
        expected.meter_serial,
    ):
        return False
    numbers = (measured.power_w, *measured.voltage_v, *measured.current_a)
    return numbers == pytest.approx((expected.power_w, *expected.voltage_v, *expected.current_a), rel=1e-6)


def test_every_model_has_a_row_and_a_fixture() -> None:
    assert set(models()) == set(model_names())
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(model_names())
    assert {name for name, model in models().items() if model.map.phases == 1} == set(SINGLE_PHASE)


@NAMES
def test_the_table_reads_what_the_source_says(name: MeterName) -> None:
    fixture = FIXTURES[name]
    assert same(outcome(models()[name].map, fixture), fixture.reading)


@NAMES
def test_as_shipped(name: MeterName) -> None:
    shipped = models()[name].shipped
    told = FIXTURES[name].shipped
    assert told in (None, f"{shipped.unit}, {shipped.baud} 8{shipped.parity}{shipped.stop_bits}")


OTHER_TYPES: dict[NumberType, tuple[NumberType, ...]] = {
    "uint16": ("uint32",), "int16": ("int32",),
    "uint32": ("uint16", "float32"), "int32": ("int16", "float32"),
    "float32": ("uint32", "float64"), "uint64": ("uint32", "float64"), "int64": ("int32", "float64"),
    "float64": ("float32", "int64"),
}  # fmt: skip


def mutants(meter_map: MeterMap) -> Iterator[tuple[str, MeterMap]]:
    """Every wrong row that differs in one place."""
    order = "little" if meter_map.word_order == "big" else "big"
    yield "swapped words", replace(meter_map, word_order=order)
    for name, quantity in {**meter_map.quantities(), "serial_number": meter_map.serial_number}.items():
        if quantity is not None:
            for what, wrong in _wrong(meter_map, quantity):
                yield f"{name}: {what}", replace(meter_map, **{name: wrong})


def _wrong(meter_map: MeterMap, quantity: Quantity) -> Iterator[tuple[str, Quantity]]:
    for key in ("l1", "l2", "l3", "total"):
        if (register := getattr(quantity, key, None)) is not None:
            for step in (-2, -1, 1, 2):
                if register + step >= 0:
                    yield f"{key} {step:+}", replace(quantity, **{key: register + step})
    yield "other function", replace(quantity, fc=7 - meter_map.function_of(quantity))
    for kind in OTHER_TYPES[meter_map.type_of(quantity)]:
        if not _is_the_same(meter_map, quantity, kind):
            yield kind, replace(quantity, type=kind)
    if quantity is not meter_map.serial_number:
        for factor in (0.1, 10.0, 0.001, 1000.0):
            yield f"times {factor}", replace(quantity, scale=quantity.scale * factor)


def _is_the_same(meter_map: MeterMap, quantity: Quantity, kind: NumberType) -> bool:
    """Of a serial number only the width counts; with the low word first a voltage needs no high word."""
    same_width = words_of(kind) == words_of(meter_map.type_of(quantity))
    return (quantity is meter_map.serial_number and same_width) or (
        quantity is meter_map.voltage and kind == "int16" and meter_map.word_order == "little"
    )


@NAMES
def test_a_row_that_is_wrong_in_one_place_fails(name: MeterName) -> None:
    """An address wrong by one or two, swapped words, a tenfold scale, another type or function."""
    fixture = FIXTURES[name]
    wrong = list(mutants(models()[name].map))
    survivors = [what for what, mutant in wrong if same(outcome(mutant, fixture), fixture.reading)]
    assert len(wrong) > 40
    assert survivors == []


def no_value(meter_map: MeterMap, quantity: Quantity) -> list[int]:
    """The words that mean it, as they are on the wire."""
    assert quantity.nan is not None
    width = 2 * words_of(meter_map.type_of(quantity))
    packed = (quantity.nan % (1 << 8 * width)).to_bytes(width)
    words = list(struct.unpack(f">{width // 2}H", packed))
    return words if meter_map.word_order == "big" else words[::-1]


@NAMES
def test_the_sign_for_no_value_is_no_number(name: MeterName) -> None:
    fixture, meter_map = FIXTURES[name], models()[name].map
    for quantity in meter_map.quantities().values():
        if quantity.nan is None:
            assert meter_map.type_of(quantity).startswith(("float", "uint", "int64")), "an int32 needs one"
            continue
        for first in quantity.at[: fixture.wiring.phases]:
            function = meter_map.function_of(quantity)
            spoiled = {(function, first + at): word for at, word in enumerate(no_value(meter_map, quantity))}
            words: Words = {**fixture.words, **spoiled}
            with pytest.raises(ImplausibleError, match="no value"):
                reading(meter_map, fixture.wiring, words, AT_S)


@NAMES
def test_blocks_cover_each_number_and_keep_the_models_limit(name: MeterName) -> None:
    model = models()[name]
    asked = blocks(model.map, FIXTURES[name].wiring.phases, model.max_block)
    assert all(block.count <= model.max_block for block in asked)
    registers = [(block.fc, block.start + offset) for block in asked for offset in range(block.count)]
    assert len(registers) == len(set(registers))
    needed = {
        (model.map.function_of(quantity), first + offset)
        for quantity in model.map.quantities().values()
        for first in quantity.at
        for offset in range(words_of(model.map.type_of(quantity)))
    }
    assert set(registers) == needed
