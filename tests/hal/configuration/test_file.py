"""The careful reader: every fault with its line, and a new file that is its own documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from hal.configuration.file import MOST_FAULTS, Broken, ConfigError, check, initial, parse


class Engine(msgspec.Struct, frozen=True):
    """What drives it."""

    power_w: Annotated[float, Meta(ge=1, le=100, description="of the shaft", examples=[50.0])]
    cylinders: Annotated[int, Meta(ge=1, description="as built", examples=[4])]
    fuel: Annotated[Literal["gas", "oil"], Meta(description="as filled")] = "gas"
    name: Annotated[str, Meta(min_length=1, max_length=8, description="as called")] = "otto"
    turbo: Annotated[bool, Meta(description="fitted")] = False


class Trailer(msgspec.Struct, frozen=True):
    """What it pulls."""

    length_m: Annotated[float, Meta(le=12, description="over all", examples=[3.5])]


class Notes(msgspec.Struct, frozen=True):
    """What else is known."""

    words: Annotated[dict[str, str | int | bool], Meta(description="Free words")] = {}


class Car(msgspec.Struct, frozen=True, kw_only=True):
    """A car."""

    engine: Engine
    trailer: Trailer | None = None
    notes: Notes = Notes()


GOOD = "[engine]\npower_w = 60\ncylinders = 4\n"


def told(text: str, *rules: Any) -> list[str]:
    return [str(fault) for fault in check(text, Car, file="car.toml", rules=rules)]


def test_a_good_file_is_the_struct() -> None:
    text = GOOD + "[trailer]\nlength_m = 2\n[notes.words]\nany = 1\nother = true\n"
    car = parse(text.encode, Car, file="car.toml")
    assert car == Car(engine=Engine(60.0, 4), trailer=Trailer(2.0), notes=Notes({"any": 1, "other": True}))
    assert isinstance(car.engine.power_w, float)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("power_w = 101", "engine.power_w = 101: must be 1 to 100 (of the shaft)"),
        ("power_w = 0.5", "engine.power_w = 0.5: must be 1 to 100 (of the shaft)"),
        ("power_w = nan", "engine.power_w = nan: must be 1 to 100 (of the shaft)"),
        ("power_w = -inf", "engine.power_w = -inf: must be 1 to 100 (of the shaft)"),
        ("power_w = true", "engine.power_w = true: must be 1 to 100 (of the shaft)"),
        ('power_w = "60"', 'engine.power_w = "60": must be 1 to 100 (of the shaft); remove the quotes'),
        ('power_w = "600"', 'engine.power_w = "600": must be 1 to 100 (of the shaft)'),
        ('power_w = "60 W"', 'engine.power_w = "60 W": must be 1 to 100 (of the shaft)'),
        ('turbo = "false"', 'engine.turbo = "false": must be true or false (fitted); remove the quotes'),
        ('power_w = "1\\nx = 2"', r'engine.power_w = "1\nx = 2": must be 1 to 100 (of the shaft)'),
        ("power_w = [60]", "engine.power_w = [...]: must be 1 to 100 (of the shaft)"),
        ("power_w = {x = 1}", "engine.power_w = {...}: must be 1 to 100 (of the shaft)"),
        (f"power_w = 1{'0' * 400}", f"engine.power_w = 1{'0' * 55} ...: must be 1 to 100 (of the shaft)"),
        ("power_w = 2025-01-01", "engine.power_w = 2025-01-01: must be 1 to 100 (of the shaft)"),
        ("cylinders = true", "engine.cylinders = true: must be a whole number, at least 1 (as built)"),
        ("cylinders = 4.0", "engine.cylinders = 4.0: must be a whole number, at least 1 (as built)"),
        ("cylinders = 0", "engine.cylinders = 0: must be a whole number, at least 1 (as built)"),
        ('fuel = "gass"', 'engine.fuel = "gass": must be "gas" or "oil" (as filled)'),
        ('name = ""', 'engine.name = "": must be text in quotes, 1 to 8 characters (as called)'),
        ("turbo = 1", "engine.turbo = 1: must be true or false (fitted)"),
        ("fuell = 1", "engine.fuell = 1: is no known key; did you mean fuel?"),
        ("zzz = 1", "engine.zzz = 1: is no known key; known here: power_w, cylinders, fuel, name, turbo"),
    ],
)
def test_a_fault_names_file_line_key_value_and_what_is_allowed(line: str, said: str) -> None:
    key = line.split(" ")[0]
    others = [other for other in GOOD.splitlines() if not other.startswith(key)]
    assert told("\n".join([*others, line])) == [f"car.toml:{len(others) + 1}: {said}"]


def test_all_faults_are_told_in_the_order_of_the_file() -> None:
    text = "color = 3\n[engine]\npower_w = 200\n[trailer]\nlength_m = 13\n[wheels]\ncount = 4\n"
    assert told(text) == [
        "car.toml:1: color = 3: is no known key; known here: engine, trailer, notes",
        "car.toml:2: engine.cylinders: is missing; must be a whole number, at least 1 (as built)",
        "car.toml:3: engine.power_w = 200: must be 1 to 100 (of the shaft)",
        "car.toml:5: trailer.length_m = 13: must be at most 12 (over all)",
        "car.toml:6: wheels: is no known section; known here: engine, trailer, notes",
    ]


def test_of_very_many_faults_the_first_are_told_and_how_many_more_there_are() -> None:
    lines = told("\n".join(f"zzz{number} = 1" for number in range(20_000)))
    assert lines[0].startswith("car.toml:1: zzz0 = 1: is no known key")
    assert len(lines) == MOST_FAULTS + 1
    assert lines[-1] == "car.toml: has 19901 faults more: correct these first"  # one is that of the section


def test_a_missing_section_and_a_key_in_its_place() -> None:
    assert told("\n\n") == ["car.toml:1: engine: this section is missing; it needs power_w, cylinders"]
    assert told("engine = 5") == ["car.toml:1: engine = 5: must be a section: [engine]"]
    assert told("[[engine]]\npower_w = 2") == ["car.toml:1: engine = [...]: must be a section: [engine]"]


def test_inline_tables_and_dotted_keys_have_lines() -> None:
    assert told("\nengine = { power_w = 101, cylinders = 4 }") == [
        "car.toml:2: engine.power_w = 101: must be 1 to 100 (of the shaft)"
    ]
    assert told("engine.power_w = 5\nengine.cylinders = 0") == [
        "car.toml:2: engine.cylinders = 0: must be a whole number, at least 1 (as built)"
    ]


def test_a_free_table_takes_any_name_but_not_any_value() -> None:
    said = "must be text in quotes, a whole number or true or false"
    assert told(GOOD + "[notes.words]\na = 1\nb = 1.5\nc = []") == [
        f"car.toml:6: notes.words.b = 1.5: {said}",
        f"car.toml:7: notes.words.c = [...]: {said}",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[engine\npower_w = 300",
            "car.toml:1: is not TOML: Expected ']' at the end of a table declaration: [engine; "
            "the name of a section stands in square brackets: [name]",
        ),
        (
            GOOD + "power_w = 300",
            "car.toml:4: is not TOML: Cannot overwrite a value: power_w = 300; "
            "power_w is there already, in line 2: remove one of them",
        ),
        (
            "a = 1\nb = ",
            "car.toml:2: is not TOML: Invalid value: b =; a value is missing, or put a # before the line",
        ),
        ("a = " + "[" * 3000 + "]" * 3000, "car.toml: is nested too deeply"),
    ],
)
def test_a_syntax_error_stands_alone(text: str, said: str) -> None:
    assert told(text) == [said]


def unreadable(path: Path) -> str:
    with pytest.raises(ConfigError) as failed:
        parse(path.read_bytes, Car, file=path.name)
    return str(failed.value)


def test_a_file_that_cannot_be_read_or_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "car.toml"
    assert unreadable(path) == (
        f"car.toml: cannot be read: {path}: No such file or directory; "
        "`evse-bridge config init` writes a new one (with --mock: of a mock box)"
    )
    path.mkdir()
    assert unreadable(path).endswith(
        "Is a directory; put the right file there, or name its folder with --config-dir"
    )
    with pytest.raises(ConfigError, match=r"car\.toml:2: is not UTF-8 text"):
        parse(lambda: b"a = 1\nb = '\xff'", Car, file="car.toml")


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    written = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert parse(lambda: written, Car, file="car.toml").engine == Engine(60.0, 4)


def no_diesel_trailer(car: Car) -> Iterator[Broken]:
    if car.trailer is not None and car.engine.fuel == "oil":
        yield Broken(("trailer.length_m", "engine.fuel"), "a trailer needs gas")


def test_a_rule_blames_its_first_key_and_its_line() -> None:
    text = GOOD + 'fuel = "oil"\n[trailer]\nlength_m = 2\n'
    assert told(text, no_diesel_trailer) == ["car.toml:6: trailer.length_m = 2: a trailer needs gas"]


def test_a_rule_is_silent_about_keys_already_at_fault() -> None:
    text = GOOD + 'fuel = "oil"\n[trailer]\nlength_m = 99\n'
    assert told(text, no_diesel_trailer) == [
        "car.toml:6: trailer.length_m = 99: must be at most 12 (over all)"
    ]


def test_a_new_file_shows_every_key_with_its_bounds() -> None:
    assert initial(Car, commented=("trailer",)) == (
        "# A car.\n\n"
        "# What drives it.\n[engine]\n"
        "# of the shaft. Allowed: 1 to 100\npower_w = 50.0\n"
        "# as built. Allowed: a whole number, at least 1\ncylinders = 4\n"
        '# as filled. Allowed: "gas" or "oil"\n#fuel = "gas"\n'
        '# as called. Allowed: text in quotes, 1 to 8 characters\n#name = "otto"\n'
        "# fitted. Allowed: true or false\n#turbo = false\n\n"
        "# What it pulls.\n#[trailer]\n# over all. Allowed: at most 12\n#length_m = 3.5\n\n"
        "# Free words\n[notes.words]\n"
    )


def test_a_new_file_is_good_and_values_replace_its_own() -> None:
    text = initial(Car, values={"engine.power_w": 7, "engine.turbo": True})
    car = parse(text.encode, Car, file="car.toml")
    assert car == Car(engine=Engine(7, 4, turbo=True), trailer=Trailer(3.5))


@given(st.text(st.sampled_from("[]{}=.,#\"'\\\n aengin_power1-+tf"), max_size=60))
def test_any_text_is_read_or_told(text: str) -> None:
    """Never another exception than ConfigError; every line that is told exists."""
    faults = check(text, Car, file="car.toml")
    assert all(0 <= fault.line <= text.count("\n") + 1 for fault in faults)
    if faults:
        with pytest.raises(ConfigError):
            parse(text.encode, Car, file="car.toml")
