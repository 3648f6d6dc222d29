"""The demo on a terminal: the timeline, and the present state below it. Without a terminal: plain lines."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bridge.demo.present import Present
from bridge.demo.timeline import HEADING, TO_CHARGE_POINT, Row, laid_out, now_line, texts
from bridge.demo.verdict import Finding

BANNER = "MOCK: car, wallbox and mains are simulated; nobody is billed."
PLAIN_COLUMNS = 100  # where nobody tells how wide it is
MOCK_STYLE = "bold black on yellow"
STYLES = ("dim", "green", "magenta", "yellow", "cyan")  # of the columns


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Ends the demo as by SIGTERM, in order: nobody reads any more."""
        self.quiet = True
        signal.raise_signal(signal.SIGTERM)


class Screen:
    """Shows the present state on a terminal while its context is open."""

    def __init__(self, console: Console, zero_s: float) -> None:
        """Shows times since `zero_s`."""
        self._console = console
        self._zero_s = zero_s
        lives = console.is_terminal and not console.is_dumb_terminal
        self._live = Live(console=console, auto_refresh=False, transient=True) if lives else None

    @classmethod
    def standard(cls, zero_s: float) -> Screen:
        """Makes a screen on stdout."""
        console = _Console(highlight=False, emoji=False, markup=False)
        if not console.is_terminal:
            console.width = PLAIN_COLUMNS
        return cls(console, zero_s)

    def __enter__(self) -> Screen:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def head(self) -> None:
        """Prints what this is, and the names of the columns."""
        self.say(BANNER, MOCK_STYLE)
        self._lines(HEADING, ("bold",) * len(HEADING))
        self._console.print(Rule(style="dim"))

    def rows(self, rows: Iterable[Row]) -> None:
        """Prints the next rows of the timeline."""
        for row in rows:
            self._lines(texts(row, self._zero_s), _styles(row))

    def now(self, present: Present, step: str, now_s: float) -> None:
        """Shows what is at this moment, and what is waited for."""
        if self._live is None:
            return
        title = Text.assemble((" MOCK ", MOCK_STYLE), f" {now_s - self._zero_s:.0f} s, next: {step} ")
        line = Text(now_line(present), style="bold", overflow="ellipsis", no_wrap=True)
        self._live.update(Group(Rule(title, align="left", style="yellow"), line), refresh=True)

    def say(self, text: str, style: str = "") -> None:
        """Prints some words of their own."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def verdict(self, findings: Sequence[Finding]) -> None:
        """Prints the table at the end."""
        table = Table(
            title="MOCK: the verdict", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
        )
        table.add_column("")
        for heading in ("what", "found", "wanted"):
            table.add_column(heading, overflow="fold")
        for one in findings:
            mark = Text("ok" if one.ok else "WRONG", style="bold green" if one.ok else "bold red")
            table.add_row(mark, Text(one.what), Text(one.found), Text(one.wanted))
        self._console.print(table)

    def _lines(self, columns: tuple[str, ...], styles: tuple[str, ...]) -> None:
        for cells in laid_out(columns, self._console.width):
            line = Text(no_wrap=True, overflow="ignore")
            for cell, style in zip(cells, styles, strict=True):
                line.append(cell, style)
            line.rstrip()
            self._console.print(line)


def _styles(row: Row) -> tuple[str, ...]:
    """Makes an answer paler than its question, and the contactor stand out."""
    time, car, card, power, ocpp = STYLES
    if row.power.startswith("contactor"):
        power = f"bold {power}"
    return (time, car, card, power, f"dim {ocpp}" if row.ocpp.startswith(TO_CHARGE_POINT) else ocpp)
