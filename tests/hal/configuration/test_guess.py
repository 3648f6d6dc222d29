"""A line that is no TOML is shown, with a guess at what was meant; a password is never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.configuration.file import check
from hal.configuration.guess import meant
from tests.hal.configuration.test_file import GOOD, Car


def told(text: str) -> str:
    (fault,) = check(text, Car, file="car.toml")
    return str(fault)


@pytest.mark.parametrize(
    ("line", "guess"),
    [
        ("power_w = 16,5", "a decimal number has a point: power_w = 16.5"),
        ("power_w = 16,5  # as measured", "a decimal number has a point: power_w = 16.5"),
        ("fuel = gas", 'text stands in quotes: fuel = "..."'),
        ("fuel = /dev/ttyUSB0", 'text stands in quotes: fuel = "..."'),
        ("fuel = wss://host.example/x", 'text stands in quotes: fuel = "..."'),
        ("fuel = 10.0.0.5", 'text stands in quotes: fuel = "..."'),
        ('fuel = "gas', 'a quote is missing: fuel = "..."'),
        ("fuel = 'gas", "a quote is missing: fuel = '...'"),
        ('fuel = gas"', 'text stands in quotes: fuel = "..."'),
        ("fuel = \u201cgas\u201d", 'text stands in straight quotes: "'),
        ("fuel = \u201egas\u201c", 'text stands in straight quotes: "'),
        ("fuel = \u2018gas\u2019", 'text stands in straight quotes: "'),
        (r'fuel = "C:\x"', r"write \\ for a \, or single quotes: fuel = '...'"),
        ("fuel\u00a0= 1", "it has a character that cannot be seen (U+00A0): write the line anew"),
        ("power_w 16", "= is missing: power_w = ..."),
        ("power_w: 16", "= is missing: power_w = ..."),
        ("power_w\t16", "= is missing: power_w = ..."),
        ("power_w = 016", "a number begins without 0: power_w = 16"),
        ("power_w = 16 A", "a number has no unit: power_w = 16"),
        ("power_w = 16.5kW", "a number has no unit: power_w = 16.5"),
        ("power_w = 16.", "a digit follows the point: power_w = 16.0"),
        ("power_w = 12.345.000", "a number has no points between its thousands: power_w = 12345000"),
        ("power_w = 16;", "nothing follows a number but a comment, which begins with #: remove the ;"),
        ("power_w = 16 // kW", "nothing follows a number but a comment, which begins with #: remove the //"),
        ("turbo = True", "write turbo = true"),
        ("turbo = yes", "write turbo = true"),
        ("turbo = off  # for now", "write turbo = false"),
        ("turbo =", "a value is missing, or put a # before the line"),
        ("[trailer", "the name of a section stands in square brackets: [name]"),
        ("trailer]", ""),
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n[notes]\n"])
def test_the_line_and_what_was_meant(line: str, guess: str, end: str) -> None:
    said = told(f"[engine]\n{line}{end}")
    assert said.startswith("car.toml:2: is not TOML: ")
    assert said.endswith(f"; {guess}" if guess else line)
    assert line.replace("\u00a0", r"\xa0").replace("\t", r"\x09") in said


def test_a_key_twice_names_the_first() -> None:
    said = told(GOOD + "fuel = 'oil'\npower_w = 300\n")
    assert said.endswith(": power_w = 300; power_w is there already, in line 2: remove one of them")


def test_a_section_twice_names_the_first() -> None:
    said = told(GOOD + "[notes]\n[engine]\nname = 'x'\n")
    assert said.endswith(": [engine]; [engine] is there already, in line 1: put its keys together")


def test_a_key_twice_because_its_section_is_still_a_comment() -> None:
    said = told(GOOD + "#[trailer]\n# over all\npower_w = 3\n")
    assert said.endswith("[trailer] in line 4 is still a comment: remove its #")


def test_an_unknown_key_whose_section_is_still_a_comment() -> None:
    assert told(GOOD + "\n# What it pulls.\n#[trailer]\nlength_m = 3\n") == (
        "car.toml:7: engine.length_m = 3: is no known key; "
        "[trailer] in line 6 is still a comment: remove its #"
    )
    assert told("#[trailer]\n" + GOOD + "length_m = 3\n").endswith(
        "known here: power_w, cylinders, fuel, name, turbo"
    )


def test_a_missing_key_that_is_still_a_comment() -> None:
    said = told("[notes]\n#power_w = 1\n[engine]\n#power_w = 60\ncylinders = 4\n")
    assert said == "car.toml:3: engine.power_w: is missing; line 4 has it as a comment: remove the # there"


@pytest.mark.parametrize(
    "line",
    [
        "password = hunter2", 'password = "hunter2', "passwort = hunter2", "password hunter2",
        "password: hunter2", "Password = \u201chunter2\u201d", "AuthorizationKey = hunter2",
        'password = "hun\\ter2', "password = hunter2,5",
    ],
)  # fmt: skip
def test_a_password_is_not_shown(line: str) -> None:
    said = told(f"[engine]\n{line}\n")
    assert "is not TOML" in said
    assert "hun" not in said


def test_what_stands_over_many_lines_is_not_shown() -> None:
    assert "hunter2" not in told('[engine]\npassword = """\nhunter2')


def test_a_line_is_shown_as_it_can_be_seen_and_not_whole() -> None:
    said = told(f"[engine]\nfuel = \x1b[31m{'x' * 5000}\n")
    assert "\x1b" not in said
    assert len(said) < 300


@given(
    st.lists(st.text(st.sampled_from("[]#=\"', \taengin.01,\\:_-\u201c"), max_size=30), max_size=5),
    st.integers(-1, 7),
)
def test_any_line_has_a_guess_or_none(lines: list[str], number: int) -> None:
    assert "\n" not in meant(lines, number)


@pytest.mark.parametrize("value", ["04711", "4711,5", "4711.", "4711 A", "4.711.000", "4711;", "on"])
def test_of_a_password_of_digits_nothing_is_repeated(value: str) -> None:
    said = told(f"[engine]\npassword = {value}")
    assert said.endswith('; text stands in quotes: password = "..."')
    assert not any(part in said for part in ("4711", "4.711"))
