"""`evse-bridge doctor`: checks every part of a box, and drives nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bridge import version
from bridge.doctor import as_json, sheet
from bridge.doctor.check import Check, Examination
from bridge.doctor.rounds import Person, Rounds
from bridge.doctor.screen import Nobody, Screen
from bridge.folders import CommandError, Folders, MisuseError


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command."""

    ask_bridge: Callable[[Path], str]  # returns the version of the bridge of a runtime folder
    card: bool = True  # asks for a card
    yes: bool = False  # what moves is allowed beforehand
    json: bool = False
    sheet: Path | None = None


def run(folders: Folders, options: Options) -> int:
    """Returns the exit code: 0 all ok or warnings, 1 a fault, 2 a wrong configuration.

    Raises MisuseError for a sheet that cannot be put there, CommandError when it cannot be written at last.
    """
    if options.sheet is not None and not options.sheet.absolute().parent.is_dir():
        raise MisuseError(
            f"{options.sheet}: there is no folder {options.sheet.absolute().parent}; make it first"
        )
    examination = _silently(folders, options) if options.json else _on_screen(folders, options)
    return examination.exit_code


def _silently(folders: Folders, options: Options) -> Examination:
    examination = examine(folders, Nobody(yes=options.yes), lambda _: None, options)
    print(as_json.text(examination))
    if options.sheet is not None:
        _write(options.sheet, sheet.html(examination))
    return examination


def _on_screen(folders: Folders, options: Options) -> Examination:
    screen = Screen.standard(mock=folders.mock, yes=options.yes)
    screen.head(version.full())
    examination = examine(folders, screen, screen.line, options)
    screen.foot(examination)
    if options.sheet is not None:
        _write(options.sheet, sheet.html(examination))
        screen.say(f"{'MOCK ' * folders.mock}commissioning sheet: {options.sheet}")
    return examination


def examine(
    folders: Folders, person: Person, found: Callable[[Check], None], options: Options
) -> Examination:
    """Calls `found` with each check as soon as it is known."""
    at, checks = datetime.now().astimezone(), []
    rounds = Rounds(folders, person, card=options.card, ask_bridge=options.ask_bridge)
    for check in rounds.checks():
        found(check)
        checks.append(check)
    return Examination(at, rounds.patient, tuple(checks))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from None
