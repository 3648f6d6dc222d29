"""The README's commands and targets exist, and its picture is the demo's timeline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bridge.cli.main import ORDER, app
from bridge.demo.timeline import HEADING

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(of: typer.Typer = app) -> set[str]:
    """`sessions`, `config check`, ..."""
    own = {each.name or getattr(each.callback, "__name__", "") for each in of.registered_commands}
    groups = [(each.name, each.typer_instance) for each in of.registered_groups]
    return own.union(*({f"{name} {each}" for each in commands(group)} for name, group in groups if group))


def test_every_command_exists() -> None:
    """Of `evse-bridge config check`, the words that are no options; a comma goes on in the same group."""
    named = re.findall(r"evse-bridge ((?:config |mock )?[a-z-]+)\b", README)
    assert len(named) > 8
    assert sorted({name for name in named if name not in commands()}) == []


@pytest.mark.parametrize("group", ["", "config", "mock"])
def test_the_list_of_commands_cuts_no_sentence(group: str) -> None:
    """80 columns are enough for the first sentence of each command's help."""
    shown = CliRunner().invoke(app, [*group.split(), "--help"], env={"COLUMNS": "80"}).output
    commands_of = shown.partition("Commands:\n")[2].splitlines()
    assert len(commands_of) >= 2
    assert [line for line in commands_of if line.endswith("...")] == []


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_the_picture_is_the_demos_timeline() -> None:
    """Its heading, its columns, and about ten lines in order of time."""
    picture = README.partition("```\n")[2].partition("```")[0].splitlines()
    heading, lines = picture[0], picture[1:]
    assert re.split(r"\s{2,}", heading.strip()) == [each.strip() for each in HEADING]
    begins = {heading.index(each.strip()) for each in HEADING[1:]}
    texts = [text for line in lines for text in re.finditer(r"\S+(?: \S+)*", line[6:])]
    assert {text.start() + 6 for text in texts} <= begins
    times = [float(line[:5]) for line in lines]
    assert len(lines) == 10
    assert times == sorted(times)


def test_it_is_short() -> None:
    """A reader who sees the project the first time reads it in a few minutes; more stands in docs/."""
    assert len(README.splitlines()) <= 130


def test_the_list_of_commands_has_a_place_for_each() -> None:
    shown = CliRunner().invoke(app, ["-h"]).output.partition("Commands:\n")[2].splitlines()
    assert tuple(line.split()[0] for line in shown) == ORDER
