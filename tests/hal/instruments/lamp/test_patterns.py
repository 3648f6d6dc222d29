"""What the lamp shows when: the table, second by second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.instruments.lamp.patterns import (
    ALONE,
    BLUE,
    DARK,
    GREEN,
    PATTERNS,
    RED,
    VIOLET,
    WHITE,
    WITHOUT_SAFETY,
    YELLOW,
    Colour,
    colour,
    pattern_name,
)
from tests.docs.pages import table
from tests.hal.instruments.statuses import OPENING, REPORTED, status


@pytest.mark.parametrize(("name", "shown"), [
    ("ready", {0.0: GREEN, 1.5: GREEN, 3600.0: GREEN}),
    ("accepted", {0.0: BLUE, 99.9: BLUE}),
    ("reserved", {0.0: YELLOW, 99.9: YELLOW}),
    ("faulted", {0.0: RED, 99.9: RED}),
    ("charging", {0.0: BLUE, 1.19: BLUE, 1.21: DARK, 1.79: DARK, 1.81: BLUE}),
    ("offline", {0.0: GREEN, 0.29: GREEN, 0.31: DARK, 29.9: DARK, 30.1: GREEN, 30.4: DARK, 60.1: GREEN}),
    ("asking", {0.0: WHITE, 0.3: DARK, 0.6: WHITE}),
    ("refused", {0.0: RED, 0.99: RED, 1.01: DARK, 1.2: DARK, 2.5: DARK, 500.0: DARK}),
    ("unavailable", {0.0: VIOLET, 0.31: DARK, 3.1: VIOLET}),
    (ALONE, {0.0: YELLOW, 0.31: DARK, 3.1: YELLOW}),
    (WITHOUT_SAFETY, {0.0: RED, 0.31: DARK, 3.1: RED}),
    ("test", {0.5: RED, 1.5: GREEN, 2.5: BLUE, 3.05: DARK, 9.0: DARK}),
    ("a name of a newer bridge", {0.0: YELLOW, 0.31: DARK}),
])  # fmt: skip
def test_the_table(name: str, shown: dict[float, Colour]) -> None:
    assert {t_s: colour(name, t_s) for t_s in shown} == shown


@given(name=st.sampled_from(sorted(PATTERNS)) | st.text(), t_s=st.floats(0, 1e7))
def test_there_is_a_colour_at_every_time(name: str, t_s: float) -> None:
    assert len(colour(name, t_s)) == 3


@given(name=st.sampled_from(sorted(PATTERNS)))
def test_every_pattern_lights_up_at_once(name: str) -> None:
    assert colour(name, 0.0) != DARK


def test_no_two_patterns_look_alike() -> None:
    """Over half a minute, a step of a twentieth of a second."""
    films = {name: tuple(colour(name, step / 20) for step in range(610)) for name in PATTERNS}
    assert len(set(films.values())) == len(PATTERNS)


def test_what_is_to_be_shown() -> None:
    now_s = 100.0
    assert pattern_name(None, now_s) == WITHOUT_SAFETY
    assert pattern_name(status(97.0), now_s) == "ready"
    assert pattern_name(status(96.9), now_s) == WITHOUT_SAFETY
    assert pattern_name(status(now_s, lamp=""), now_s) == ALONE
    assert pattern_name(status(now_s, lamp="charging", faults=(REPORTED,)), now_s) == "charging"
    assert pattern_name(status(now_s, lamp="charging", faults=(REPORTED, OPENING)), now_s) == "faulted"


def test_the_page_for_people_names_every_pattern_and_no_other() -> None:
    named = [row[0].strip("`") for row in table("docs/instruments.md", "| pattern |")]
    assert sorted(named) == sorted(PATTERNS)
