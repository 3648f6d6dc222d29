"""The command line as a tree, read from the program itself: for the man page and for completion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer.main

from bridge.cli.main import PROGRAM, app


@dataclass(frozen=True, slots=True)
class Parameter:
    """An option with its names, or an argument."""

    names: tuple[str, ...]  # of an option; none of an argument
    value: str  # what follows it, or stands for an argument; empty: nothing follows
    help: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command, with the words before it."""

    words: tuple[str, ...]
    help: str
    parameters: tuple[Parameter, ...]
    commands: tuple[Command, ...]

    def walk(self) -> Iterator[Command]:
        """Yields itself, then all below it in order."""
        yield self
        for each in self.commands:
            yield from each.walk()

    @property
    def options(self) -> list[str]:
        """Returns all names of all options."""
        return [name for each in self.parameters for name in each.names]


def tree() -> Command:
    """Returns the program's whole tree."""
    return _read(typer.main.get_command(app), (PROGRAM,))


def _read(command: Any, words: tuple[str, ...]) -> Command:
    commands = getattr(command, "commands", {})
    return Command(
        words=words,
        help=" ".join((command.help or "").split()),
        parameters=tuple(_parameter(each) for each in command.params if not getattr(each, "hidden", False)),
        commands=tuple(_read(each, (*words, name)) for name, each in commands.items() if not each.hidden),
    )


def _parameter(parameter: Any) -> Parameter:
    help_text = " ".join((parameter.help or "").split())
    if parameter.param_type_name == "argument":
        return Parameter((), parameter.metavar or parameter.name.upper(), help_text)
    takes_none = parameter.is_flag or parameter.count
    value = "" if takes_none else parameter.metavar or parameter.name.upper()
    return Parameter((*parameter.opts, *parameter.secondary_opts), value, help_text)
