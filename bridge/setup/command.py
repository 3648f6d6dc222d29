"""`evse-bridge setup`: from an installed package to a wallbox that charges, step by step."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from bridge.boot import files as boot
from bridge.folders import CommandError, Folders, MisuseError, Named, chosen, of_running
from bridge.setup import answers
from bridge.setup.attended import Attended
from bridge.setup.services import Services
from bridge.setup.steps import Options
from bridge.setup.terminal import Hearer, Person, Printer, StoppedError, Terminal
from bridge.setup.unattended import Unattended


def meant(named: Named, *, mock: bool) -> Folders:
    """Returns the folders to set up: with --mock the units' own for root, if there are units; else the
    user's. Without it a real box, whatever runs now: a mock becomes one so."""
    if not mock:
        return chosen(*named, mock=False)
    if not any(named) and os.geteuid() == 0 and Services(Path("/")).installed:
        named = (Path("/etc/evse-bridge"), None, None)
    return of_running(named, mock=True)


def run(folders: Folders, options: Options) -> int:
    """Returns the exit code: 0; 1 or 2 as the doctor's; 3 after a reboot it goes on.

    Raises MisuseError for wrong answers, CommandError when it cannot go on.
    """
    if folders.by_units and options.root == Path("/") and os.geteuid() != 0:
        raise CommandError("setup writes to /etc and to the boot partition: use sudo")
    if options.undo:
        return undo(folders, options, Printer(mock=folders.mock))
    if options.answers is not None:
        given = answers.read(options.answers)
        return Unattended(folders, options, Printer(mock=folders.mock), given).run()
    return attended(folders, options, Terminal(mock=folders.mock))


def attended(folders: Folders, options: Options, person: Person) -> int:
    """Goes through setup with a person. A terminal that goes away ends it as Ctrl-C does: what was stopped is
    started again. Raises StoppedError."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _stopped)
    try:
        return Attended(folders, options, person).run()
    except KeyboardInterrupt:  # while it searches
        raise StoppedError from None


def _stopped(_number: int, _frame: object) -> None:
    raise StoppedError


def undo(folders: Folders, options: Options, hearer: Hearer) -> int:
    """Brings the boot files back as they were before setup. Raises CommandError."""
    if folders.mock:
        raise MisuseError("a mock box has no boot files; --undo is for a real one")
    files = boot.BootFiles(options.root)
    changes = files.undoing()
    if not changes:
        hearer.say("nothing to undo: config.txt and cmdline.txt have no lines of setup")
        return 0
    for change in changes:
        for line in change.diff:
            hearer.say(line)
    files.undo(changes)
    boot.note_reboot(options.root)
    hearer.say("undone; sudo reboot makes it count")
    return 0
