"""`evse-bridge status` and `why`: what the running bridge says of itself, in words or as JSON."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from json import dumps
from pathlib import Path
from types import FrameType

import msgspec

from bridge.cli import status_screen
from bridge.cli.asking import WITHIN_S, asked
from bridge.folders import CommandError, MisuseError
from bridge.local.orders import LookAtState, Looked
from bridge.local.state.state import State
from bridge.local.why.words import TONGUES, Language, Words, language_of, words
from hal.visible import visible

NO_CURRENT = 3  # exit code of `why`
EVERY_S = 1.0  # a screen is drawn again: the meter is not read more often
USUAL_COLUMNS = 80  # where there is no terminal
LINE_MOST = 1000  # characters

# ECMA-48, and xterm's second screen: what was on the terminal comes back.
_BEGIN, _END = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"

Wording = Callable[[str | None], Words]  # for a State of that time


def words_of(language: str | None) -> Wording:
    """Makes the words of a language, or of the environment's: LC_ALL, LC_MESSAGES, LANG, as POSIX orders
    them."""
    named: Language = language_of(
        language, *(os.environ.get(each) for each in ("LC_ALL", "LC_MESSAGES", "LANG"))
    )
    assert named in TONGUES
    return lambda at: words(named, at)


def seen(runtime_dir: Path) -> State:
    """Asks the running bridge. Raises CommandError without one, or when it could not answer."""
    looked = asked(runtime_dir, LookAtState(), Looked, WITHIN_S)
    if looked.state is None:
        raise CommandError(looked.why or "the bridge is older than this command: it cannot say its state")
    return looked.state


def status(runtime_dir: Path, wording: Wording, *, json: bool) -> Iterator[str]:
    """Yields the screen, or the State as one line of JSON. Raises CommandError."""
    state = seen(runtime_dir)
    if json:
        yield _json(msgspec.to_builtins(state))
    else:
        yield from status_screen.screen(state, wording(state.at), _columns())


def why(state: State, wording: Wording, *, json: bool) -> Iterator[str]:
    """Yields the whole chain, what decides first; as JSON with the texts of the language."""
    say = wording(state.at)
    if json:
        told = [
            {**msgspec.to_builtins(each), "text": say.reason(each), "what_to_do": say.remedy(each)}
            for each in state.why
        ]
        yield _json({"charges": state.charges, "why": told})
    else:
        yield from status_screen.reasons(state, say, _columns())


def watch(runtime_dir: Path, wording: Wording, *, json: bool) -> None:
    """Draws the screen each second until Ctrl-C or SIGTERM, or prints a line of JSON each second. Raises
    MisuseError without a terminal to draw on."""
    if json:
        _until_interrupted(lambda: _print_line(runtime_dir, wording))
        return
    if not sys.stdout.isatty():
        raise MisuseError("--watch draws on a terminal; without one, say --json: a line each second")
    sys.stdout.write(_BEGIN)
    try:
        _until_interrupted(lambda: _draw(runtime_dir, wording))
    finally:
        sys.stdout.write(_END)
        sys.stdout.flush()


def _print_line(runtime_dir: Path, wording: Wording) -> None:
    for line in status(runtime_dir, wording, json=True):
        print(line, flush=True)


def _draw(runtime_dir: Path, wording: Wording) -> None:
    """Writes over the screen before; what no longer fits is cut. A bridge that is away is waited for."""
    columns, rows = shutil.get_terminal_size()
    try:
        lines = list(status(runtime_dir, wording, json=False))
    except CommandError as error:
        lines = [wording(None).label("lost", why=str(error))]
    cut = [visible(line, LINE_MOST)[:columns] for line in lines][: rows - 1]
    sys.stdout.write(_HOME + "".join(f"{line}{_REST_OF_LINE}\n" for line in cut) + _REST_OF_SCREEN)
    sys.stdout.flush()


def _until_interrupted(work: Callable[[], None]) -> None:
    """Repeats it each second. Ctrl-C and SIGTERM are the usual ends; whoever reads may leave too."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        while True:
            work()
            time.sleep(EVERY_S)
    except (KeyboardInterrupt, BrokenPipeError):
        return


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _json(content: object) -> str:
    """Writes one line of ASCII: what is none to see is escaped as JSON does it."""
    return dumps(content, separators=(",", ":"))


def _columns() -> int:
    return shutil.get_terminal_size((USUAL_COLUMNS, 24)).columns
