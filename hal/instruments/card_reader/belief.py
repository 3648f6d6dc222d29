"""PURE: which numbers of a card reader that speaks unasked are believed: a serial line makes things up, right
check sums included.

A number is believed when it was repeated, as it is while the tag is there (an RDM6300 says it each 50 ms).
What a reader says once for each presentation by its nature (ID-12LA, most line readers) is not repeated by
anything: its frame is believed when it stood alone on a quiet line, nothing before it and nothing after.
"""

from __future__ import annotations

from typing import Protocol

REPEATED_WITHIN_S = 0.5  # ten repetitions of an RDM6300
QUIET_S = 0.1  # 100 characters at 9600 baud; a frame has 16, a line some more
_UNFINISHED_S = 1.0  # the rest of a frame comes at once, if the machine is not too busy to read it
_MOST_HEARD = 16  # numbers that wait for their repetition
_MOST_BURST = 256  # bytes; more is no single frame


class Whole(Protocol):
    """Knows a frame that is whole."""

    def whole(self, burst: bytes) -> str | None:
        """Returns the number of a burst that is one frame and nothing else."""

    def unfinished(self, burst: bytes) -> bool:
        """Says whether it is too short for a frame, so that its rest may come."""


class Repeated:
    """Believes a number that is heard again soon."""

    def __init__(self) -> None:
        self._heard_s: dict[str, float] = {}

    def feed(self, number: str, now_s: float) -> bool:
        """Says whether it was heard before, not long ago."""
        before_s = self._heard_s.pop(number, None)
        while len(self._heard_s) >= _MOST_HEARD:
            del self._heard_s[next(iter(self._heard_s))]  # the one heard first
        self._heard_s[number] = now_s
        return before_s is not None and now_s - before_s <= REPEATED_WITHIN_S


class Alone:
    """Believes a frame that stands alone: QUIET_S before it and after it."""

    def __init__(self, frames: Whole) -> None:
        self._frames = frames
        self._burst = b""
        self._heard_s = 0.0

    def feed(self, received: bytes, now_s: float) -> str | None:
        """Returns the number of the burst that has ended. To be called as time passes, too, with nothing."""
        number = self._ended(now_s)
        if received:
            self._burst = (self._burst + received)[: _MOST_BURST + 1]
            self._heard_s = now_s
        return number

    def _ended(self, now_s: float) -> str | None:
        quiet_s = now_s - self._heard_s
        if quiet_s < (_UNFINISHED_S if self._frames.unfinished(self._burst) else QUIET_S):
            return None
        burst, self._burst = self._burst, b""
        return self._frames.whole(burst)
