"""The clocks of a simulated Pi, and what time it is in truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from bridge.core.calendar import Seen
from bridge.core.now import SINCE_BOOT

BEGINS_AT = datetime(2026, 1, 1, tzinfo=UTC)
BEGINS_S = 1000.0
VERBS = ("clock", "clock lost", "time server lost", "time server back")


class PiClock:
    """`now_s` is the world's own time, which the world moves."""

    def __init__(self, now_s: float, *, lost: bool) -> None:
        """`lost`: no battery and no time server, so it begins in 1970."""
        self.now_s = now_s
        self.synchronized = True
        self.boot_id = ""
        self._boots = count(1)
        self._booted_s = 0.0
        self._wrong_by = timedelta(0)  # the system clock less the truth
        self._new_boot()
        if lost:
            self.do("clock lost", "")

    @property
    def s(self) -> float:
        """CLOCK_MONOTONIC."""
        return self.now_s - self._booted_s

    @property
    def truth(self) -> datetime:
        """What everybody else says."""
        return BEGINS_AT + timedelta(seconds=self.now_s - BEGINS_S)

    @property
    def seen(self) -> Seen:
        """What the programs read."""
        return Seen(self.s, self.truth + self._wrong_by, self.synchronized)

    def boot(self) -> None:
        """The mains are back. The first was long ago, so that a clock began at 0 then."""
        self._booted_s = self.now_s
        self._new_boot()

    def _new_boot(self) -> None:
        self.boot_id = f"boot-{next(self._boots)}"

    def do(self, verb: str, argument: str) -> None:
        """One of VERBS."""
        match verb:
            case "clock":  # somebody sets it, by so many seconds
                self._wrong_by += timedelta(seconds=float(argument))
            case "clock lost":
                self.synchronized = False
                self._wrong_by = SINCE_BOOT - self.truth
            case "time server lost":
                self.synchronized = False
            case "time server back":
                self.synchronized = True
                self._wrong_by = timedelta(0)
