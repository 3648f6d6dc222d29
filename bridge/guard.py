"""PURE: the actor's guard: undoes what raised, and waits before it is tried again.

Our work has parts, and each part waits for itself. The wait doubles each time, up to a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bridge.effects import Effect
from bridge.undo import Undo

RESTS_S, RESTS_MOST_S = 1.0, 60.0

Part = Literal["event", "time", "call", "wish", "link", "state", "record"]


@dataclass(frozen=True, slots=True)
class Rest:
    """Says how long a part rests that raised so many times one after another."""

    times: int
    for_s: float
    until_s: float


class Guard:
    """Runs parts of the work. The running code sets `part` and puts its effects into `out`."""

    def __init__(self, out: list[Effect]) -> None:
        self.part: Part = "event"  # that is at work
        self.raised = 0  # times that something of ours did, in all
        self._out = out
        self._rests: dict[Part, Rest] = {}  # of those that raised the last time

    def raised_by(self, work: Callable[[], None], *changes: object) -> Exception | None:
        """Returns None when all went well; else puts back all that `work` changes: `changes` and `out`."""
        said, undo = len(self._out), Undo(*changes)
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the program goes on
            undo.back()
            del self._out[said:]
            self.raised += 1
            return error
        return None

    def resting(self, now_s: float) -> set[Part]:
        """Names the parts that are not to be tried now."""
        return {part for part, rest in self._rests.items() if now_s < rest.until_s}

    def rest(self, now_s: float) -> Rest:
        """Lets the part at work rest, which has raised once more."""
        times = self._rests[self.part].times + 1 if self.part in self._rests else 1
        for_s = min(RESTS_S * 2 ** min(times - 1, 10), RESTS_MOST_S)
        self._rests[self.part] = Rest(times, for_s, now_s + for_s)
        return self._rests[self.part]

    def went_well(self, part: Part) -> None:
        """Sets the count of this part's errors to 0."""
        self._rests.pop(part, None)
