"""PURE: lines that come again and again are counted, not written: a peer must not fill the disk with them.

Lines are of one kind that begin alike, whatever numbers stand there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WRITTEN = 20  # of one kind in EVERY_S: more than any event of a healthy box leads to
EVERY_S = 10.0
ALIKE = 24  # characters
MOST_KINDS = 256  # of those that begin unlike; all others are of one kind
_NUMBER = re.compile(r"[0-9]+")


@dataclass(slots=True)
class _Counted:
    line: str  # the first
    since_s: float
    times: int = 0


class Repeats:
    """`feed` it each line; it says which are to be written."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Counted] = {}  # the oldest first

    def feed(self, line: str, now_s: float) -> list[str]:
        """Returns what is to be written now: what was counted before, and the line unless it is counted."""
        lines = self.due(now_s)
        kind = _NUMBER.sub("#", line[: 2 * ALIKE])[:ALIKE]
        if kind not in self._kinds and len(self._kinds) >= MOST_KINDS:
            kind = ""
        counted = self._kinds.setdefault(kind, _Counted(line, now_s))
        counted.times += 1
        return lines if counted.times > WRITTEN else [*lines, line]

    def due(self, now_s: float) -> list[str]:
        """Returns a line for each kind that was counted and whose time is over."""
        lines = []
        for kind, counted in list(self._kinds.items()):
            if now_s - counted.since_s < EVERY_S:
                break
            del self._kinds[kind]
            if counted.times > WRITTEN:
                more, for_s = counted.times - WRITTEN, now_s - counted.since_s
                lines.append(f"... {more} more in {for_s:.0f} s like: {counted.line[:80]}")
        return lines
