"""Options as dataclasses: each field is an option of the command that takes the dataclass."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from bridge.backup.judging import Answers
from bridge.folders import Folders, chosen, of_running

ConfigDir = Annotated[
    Path | None,
    typer.Option("--config-dir", help="Folder of wallbox.toml and charge-point.toml.", show_default=False),
]
RuntimeDir = Annotated[
    Path | None, typer.Option("--runtime-dir", help="Folder of the sockets.", show_default=False)
]
Mock = Annotated[bool, typer.Option("--mock", help="MOCK: use the simulated wallbox.")]


PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", help="Its first line is the passphrase; else it is asked.", show_default=False
    ),
]


@dataclass(frozen=True, slots=True)
class Where:
    """The folders of a box, and whether it is the mock one."""

    config_dir: ConfigDir = None
    state_dir: Annotated[
        Path | None,
        typer.Option("--state-dir", help="Folder of the state: sessions, counts.", show_default=False),
    ] = None
    runtime_dir: RuntimeDir = None
    mock: Mock = False

    def folders(self) -> Folders:
        """Makes absolute what was asked; the usual places for the rest."""
        return chosen(self.config_dir, self.state_dir, self.runtime_dir, mock=self.mock)

    def running(self) -> Folders:
        """Returns the folders of a box that is looked at: the units' own too, if they run the mock one."""
        return of_running((self.config_dir, self.state_dir, self.runtime_dir), mock=self.mock)


@dataclass(frozen=True, slots=True)
class Running:
    """Where a running box is found."""

    runtime_dir: RuntimeDir = None
    mock: Mock = False

    def folder(self) -> Path:
        """Returns the runtime folder, absolute."""
        return of_running((None, None, self.runtime_dir), mock=self.mock).runtime


class Language(StrEnum):
    """A language of what is said to the owner."""

    en = "en"
    de = "de"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class Looking:
    """How the state is told."""

    language: Annotated[
        Language | None,
        typer.Option("--language", help="Else that of LC_ALL, LC_MESSAGES, LANG.", show_default=False),
    ] = None
    json: AsJson = False


@dataclass(frozen=True, slots=True)
class Examining:
    """How the doctor examines a box."""

    no_card: Annotated[bool, typer.Option("--no-card", help="Do not ask for a card.")] = False
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: the cable lock may move.")] = False
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and ask nothing.")] = False
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write a commissioning sheet (HTML).", show_default=False),
    ] = None


@dataclass(frozen=True, slots=True)
class Answering:
    """What the owner answers before `restore` asks."""

    old_box_is_gone: Annotated[
        bool, typer.Option("--old-box-is-gone", help="No other box runs with this identity, or will again.")
    ] = False
    over: Annotated[
        bool, typer.Option("--over", help="Replace this box, though it has sessions (a copy is kept).")
    ] = False
    nothing_sent_since: Annotated[
        bool,
        typer.Option(
            "--nothing-sent-since",
            help="The old box sent nothing after the backup: what waited then is sent.",
        ),
    ] = False

    def given(self) -> Answers:
        """Returns them as the restore takes them."""
        return Answers(self.old_box_is_gone, self.over, self.nothing_sent_since)


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the fields of its dataclasses as options, in their order; the command gets the
    dataclasses. Each field has a default."""
    kinds = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in kinds.items() if is_dataclass(kind)}

    def spread_command(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        command(**given)

    spread_command.__name__, spread_command.__doc__ = command.__name__, command.__doc__
    parameters = [
        one
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        for one in (_options(groups[parameter.name]) if parameter.name in groups else [parameter])
    ]
    spread_command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    spread_command.__annotations__ = {one.name: one.annotation for one in parameters}
    return spread_command


def _options(group: Any) -> list[inspect.Parameter]:
    kinds = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=field.default,
            annotation=kinds[field.name],
        )
        for field in fields(group)
    ]
