"""A file made from values: checked like any other, and read back as the same values."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import settings
from hal.configuration import wallbox_file
from hal.configuration.file import Fault
from hal.configuration.rewrite import flat, merged, plain

OWN_METER = """
[meter]
model = "own"
port = "/dev/ttyUSB0"
[meter.map]
fc = 4
type = "float32"
voltage = { l1 = 0, l2 = 2, l3 = 4 }
current = { l1 = 6, l2 = 8, l3 = 10 }
power = { total = 52 }
energy = { total = 72, scale = 1000.0 }
"""


def faults(made: str | list[Fault]) -> list[str]:
    assert not isinstance(made, str)
    return [f"{fault.key} = {fault.value}: {fault.message}" for fault in made]


@pytest.mark.parametrize("mock", [True, False])
@pytest.mark.parametrize(
    "over",
    [
        {},
        {"installation": {"max_current_a": 20.0, "phases": 3}},
        {"cable": {"kind": "fixed", "rating_a": 32}, "lock": None, "proximity": None},
        {"reader": None, "rcm": {"pin": 5}, "lamp": {"red_pin": 12, "green_pin": 13, "blue_pin": 19}},
        tomllib.loads(OWN_METER),
        {"mock": {"energy_factor": 2.0}},
    ],
)
def test_a_wallbox_comes_back_as_it_was(over: dict[str, Any], mock: bool) -> None:
    table = merged(tomllib.loads(wallbox_file.new_file(mock=mock)), over)
    text = wallbox_file.rewritten(table, mock=mock)
    assert isinstance(text, str), text
    back = tomllib.loads(text)
    assert flat(back) == flat(table)
    assert {name for name, part in table.items() if part} <= back.keys() <= table.keys()
    assert "# The contactor and the mirror contact" in text


def test_a_charge_point_comes_back_with_its_free_names() -> None:
    over = {
        "central_system": {"url": "wss://a.example/x", "password": 'p" \\ #'},
        "charge_point": {"id": "CP 1", "serial_number": "S1"},
        "ocpp": {"keys": {"HeartbeatInterval": 300, "FreeCharging": True}},
        "firmware": {"installer": ["a", "{archive}"], "public_key": "k.pem"},
    }
    table = merged(tomllib.loads(settings.new_file(mock=False)), over)
    text = settings.rewritten(table, mock=False)
    assert isinstance(text, str), text
    assert flat(tomllib.loads(text)) == flat(table)


def test_every_fault_is_named_with_what_is_allowed() -> None:
    table = merged(
        tomllib.loads(wallbox_file.new_file(mock=False)),
        {"installation": {"max_current_a": 40, "phase": 3}, "meter": {"port": "COM3"}, "nonsense": {}},
    )
    said = "\n".join(faults(wallbox_file.rewritten(table, mock=False)))
    assert "installation.max_current_a = 40: must be 6 to 32" in said
    assert "installation.phase = 3: is no known key; did you mean phases?" in said
    assert "meter.port" in said
    assert "nonsense" in said


def written(table: object, *options: str) -> tuple[int, dict[str, Any]]:
    """The program that others ask: its exit code, and what it says."""
    program = (sys.executable, "-I", "-m", "hal.configuration", "write", *options)
    done = subprocess.run(program, input=json.dumps(table), capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_the_program_that_others_ask() -> None:
    code, said = written(tomllib.loads(wallbox_file.new_file(mock=True)), "--mock")
    assert code == 0
    assert said["text"].startswith("# This wallbox")
    code, said = written({"meter": 3})
    assert code == 2
    assert said["faults"]


VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**40), 2**40),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
TABLES = st.recursive(
    st.dictionaries(st.text(), VALUES, max_size=3),
    lambda inner: st.dictionaries(st.text(), st.one_of(VALUES, inner), max_size=3),
    max_leaves=4,
)


@given(TABLES)
def test_plain_toml_is_read_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(plain(table)) == table


@given(TABLES, TABLES)
def test_merged_says_what_is_over(under: dict[str, Any], over: dict[str, Any]) -> None:
    assert merged(under, {}) == under
    assert merged(merged(under, over), over) == merged(under, over)
    assert merged({}, over) == over
