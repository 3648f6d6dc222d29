"""The examination on a terminal, a line as soon as it is known; without a terminal the same in plain text."""

from __future__ import annotations

import sys
import textwrap
from itertools import zip_longest

from rich.console import Console
from rich.status import Status
from rich.text import Text

from bridge.doctor.check import Check, Examination, Result

MOCK_BANNER = "MOCK: car, wallbox and mains are simulated; this shows nothing about a real box."
MOCK_STYLE = "bold black on yellow"
COLUMNS, FEWEST, MOST = 100, 80, 130  # where nobody tells; bounds of what is used
MARKS: dict[Result, tuple[str, str]] = {
    "ok": ("✓ ok", "green"),
    "warning": ("! warning", "yellow"),
    "fault": ("✗ FAULT", "bold red"),
    "not checked": ("· not checked", "bright_black"),
}
_RESULT, _WHAT = 14, 19  # columns
_EXPECTED_SHARE = 0.38  # of what is left for measured and expected


class Nobody:
    """Stands in for a person where there is none: asks and shows nothing."""

    why_absent = "no person at a terminal"

    def __init__(self, *, yes: bool) -> None:
        """Allows beforehand with `yes` what moves."""
        self._yes = yes

    def allows(self, what: str) -> bool:  # noqa: ARG002
        """Answers as was said beforehand."""
        return self._yes

    def saw(self, what: str) -> bool:  # noqa: ARG002
        """Answers no: nobody is there to look."""
        return False

    def doing(self, doing: str) -> None:
        """Shows nothing: nobody is there to read."""


class Screen:
    """Stdout, and the person in front of it if there is one (`rounds.Person`)."""

    def __init__(self, console: Console, *, mock: bool, yes: bool, attended: bool) -> None:
        """Knows by `attended` whether somebody can be asked."""
        self._console = console
        self._mock = mock
        self._yes = yes
        self._topic = ""
        self._doing: Status | None = None
        self.why_absent = "" if attended else Nobody.why_absent

    @classmethod
    def standard(cls, *, mock: bool, yes: bool) -> Screen:
        """Makes a screen on stdout and stdin."""
        console = Console(highlight=False, emoji=False, markup=False)
        if not console.is_terminal:
            console.width = COLUMNS
        return cls(console, mock=mock, yes=yes, attended=console.is_terminal and sys.stdin.isatty())

    # the person

    def allows(self, what: str) -> bool:
        """Asks, unless all was allowed beforehand."""
        return self._yes or (not self.why_absent and self._answer(f"{what} Go on?"))

    def saw(self, what: str) -> bool:
        """Asks the person; no when none is there."""
        return not self.why_absent and self._answer(what)

    def doing(self, doing: str) -> None:
        """Shows it until something else is shown; only on a terminal."""
        self._quiet()
        if self._console.is_terminal:
            style = "bold black on cyan" if doing.isupper() or doing.split(":")[0].isupper() else "cyan"
            self._doing = self._console.status(Text(doing, style=style), spinner_style="cyan")
            self._doing.start()

    def _answer(self, question: str) -> bool:
        """Reads an answer; an end of the input is a no."""
        self._quiet()
        try:
            said = self._console.input(Text(f" ? {question} [y/N] ", style="bold cyan"))
        except EOFError:
            return False
        return said.strip().lower() in ("y", "yes")

    # what is shown

    def head(self, software: str) -> None:
        """Prints the banner of a mock and the version."""
        if self._mock:
            self._console.print(Text(f" {MOCK_BANNER} ", style=MOCK_STYLE))
        self._console.print(Text(f" evse-bridge doctor, version {software}", style="bold"))

    def line(self, check: Check) -> None:
        """Prints one check; its heading first when it is the first under it."""
        self._quiet()
        if check.topic != self._topic:
            self._topic = check.topic
            self._console.print(Text(f"\n {'MOCK ' * self._mock}{check.topic}", style="bold"))
        for line in laid_out(check, min(max(self._console.width, FEWEST), MOST)):
            self._console.print(line, soft_wrap=True)

    def foot(self, examination: Examination) -> None:
        """Prints all in one line."""
        self._quiet()
        text = f"\n {'MOCK: ' * self._mock}{examination.summary}"
        self._console.print(Text(text, style=f"bold {MARKS[examination.result][1]}"))

    def say(self, text: str) -> None:
        """Prints some words of their own."""
        self._console.print(Text(f" {text}"), soft_wrap=True)

    def _quiet(self) -> None:
        if self._doing is not None:
            self._doing.stop()
            self._doing = None


def laid_out(check: Check, width: int) -> list[Text]:
    """Lays out result, what, measured, expected in columns; what to do below, under what it is about."""
    left = width - _RESULT - _WHAT - 2
    expected = round(left * _EXPECTED_SHARE) if check.expected and check.result != "not checked" else 0
    mark, style = MARKS[check.result]
    widths = (_RESULT, _WHAT, left - expected, expected)
    cells = (mark, check.what, check.measured, check.expected if expected else "")
    styles = (style, "bold" if check.result == "fault" else "", style if check.do else "", "bright_black")
    wrapped = [
        textwrap.wrap(cell, max(cells_width - 1, 1)) for cell, cells_width in zip(cells, widths, strict=True)
    ]
    lines = []
    for row in zip_longest(*wrapped, fillvalue=""):
        line = Text(" ")
        for cell, cells_width, cell_style in zip(row, widths, styles, strict=True):
            line.append(cell.ljust(cells_width), cell_style)
        line.rstrip()
        lines.append(line)
    return lines + [Text(line) for line in _to_do(check.do, width)]


def _to_do(do: str, width: int) -> list[str]:
    indent = " " * (1 + _RESULT)
    return textwrap.wrap(do, width - 1, initial_indent=f"{indent}→ ", subsequent_indent=f"{indent}  ")
