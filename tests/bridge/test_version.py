"""Which version says itself: the same text and numbers everywhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bridge import version

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("0.1.0", "0.1.0.0"), ("0.1.0.2345+g6719186", "0.1.0.2345"), ("1.2.0.7+g0000000", "1.2.0.7")],
)
def test_the_four_numbers_count_the_commits(text: str, numbers: str) -> None:
    assert version.numbers(text) == numbers


def test_a_checkout_is_older_than_every_build_of_it() -> None:
    assert version.numbers().endswith(".0")
    assert version.full() == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_command_line_says_it_by_its_own_name() -> None:
    """Also where the package starts it as a module."""
    module = (sys.executable, "-I", "-m", "bridge.cli.main")
    said = subprocess.run([*module, "--version"], check=True, capture_output=True, text=True).stdout
    assert said == f"{version.full()}\n"
    usage = subprocess.run([*module, "--help"], check=True, capture_output=True, text=True).stdout
    assert re.match(r"Usage: evse-bridge ", usage)
