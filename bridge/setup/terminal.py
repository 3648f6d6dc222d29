"""The person who sets up the box: lines, questions with a default, yes and no."""

from __future__ import annotations

import getpass
import shutil
import sys
import textwrap
from typing import Protocol

from bridge.folders import CommandError, MisuseError
from hal.visible import visible

_LINE_MOST = 10_000
_OF_FILES = ("+", "-", "@@")  # how a changed line of a file begins


class StoppedError(CommandError):
    """The person has ended setup."""

    def __init__(self) -> None:
        super().__init__("setup was stopped; no file was half changed; run evse-bridge setup again to go on")


class Hearer(Protocol):
    """Who reads what setup says."""

    def say(self, line: str = "") -> None:
        """Shows one line of text."""


class Person(Hearer, Protocol):
    """A reader who can be asked too."""

    def ask(self, question: str, default: str | None = None, *, secret: bool = False) -> str:
        """Returns what was typed, without blanks around it; the default for nothing. Raises StoppedError."""

    def agrees(self, question: str, *, default: bool) -> bool:
        """Returns yes or no. Raises StoppedError."""


class Printer:
    """Prints what setup says, to whoever may read it."""

    def __init__(self, *, mock: bool) -> None:
        self._mark = "MOCK " * mock

    def say(self, line: str = "") -> None:
        """Prints a line, with the mark of a mock; at a terminal as wide as that is."""
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else _LINE_MOST
        for each in wrapped(f"{self._mark}{visible(line, _LINE_MOST)}", columns) if line else [""]:
            print(each, flush=True)


def wrapped(line: str, columns: int) -> list[str]:
    """Breaks a long line between words; a line of a file (+, -) stays whole."""
    if len(line) <= columns or line.lstrip().startswith(_OF_FILES):
        return [line]
    text = line.lstrip(" ")
    indent = " " * (len(line) - len(text))
    return textwrap.wrap(text, max(40, columns), initial_indent=indent, subsequent_indent=f"{indent}  ")


class Terminal(Printer):
    """A person at stdin and stdout."""

    def __init__(self, *, mock: bool) -> None:
        """Raises MisuseError when nobody can be asked."""
        if sys.stdin is None or not sys.stdin.isatty():
            raise MisuseError(
                "setup asks at a terminal, and there is none; without one: evse-bridge setup --answers FILE"
            )
        super().__init__(mock=mock)

    def ask(self, question: str, default: str | None = None, *, secret: bool = False) -> str:
        """Asks until something was typed, or there is a default."""
        shown = f" [{default}]" if default not in (None, "") and not secret else ""
        while True:
            said = self._typed(f"{self._mark}? {question}{shown}: ", secret=secret)
            if said or default is not None:
                return said or default or ""
            self.say("  an answer is needed")

    def agrees(self, question: str, *, default: bool) -> bool:
        """Asks until it was a yes or a no."""
        words = {"y": True, "yes": True, "n": False, "no": False, "": default}
        choice = "[Y/n]" if default else "[y/N]"
        while (said := self._typed(f"{self._mark}? {question} {choice}: ").lower()) not in words:
            self.say(f"  {said!r}: must be y or n")
        return words[said]

    def _typed(self, prompt: str, *, secret: bool = False) -> str:
        try:
            if secret:
                return getpass.getpass(prompt).strip()
            print(prompt, end="", flush=True)
            typed = sys.stdin.buffer.readline()
        except (KeyboardInterrupt, EOFError, UnicodeDecodeError):  # the last two of getpass
            typed = b""
        if not typed:
            print(flush=True)
            raise StoppedError
        return typed.decode(errors="replace").strip()
