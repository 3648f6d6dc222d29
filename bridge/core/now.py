"""The moment at which something is decided: one monotonic and one calendar time, always passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SINCE_BOOT = datetime(
    1970, 1, 1, tzinfo=UTC
)  # while nobody knows the time, a boot counts its seconds from here
FIRST_YEAR = 2000  # no boot lasts so long, and no clock that was ever set says less


@dataclass(frozen=True, slots=True)
class Now:
    """`s` is CLOCK_MONOTONIC, shared with `hal`, for every duration; `utc` is only written to messages.

    While nobody knows the time, `utc` is 1970 and the seconds of this boot, which reaches no message.
    """

    s: float
    utc: datetime
    estimated: bool = False  # `utc` is of a clock that nobody has vouched for

    @property
    def dated(self) -> bool:
        """Says whether the time is known."""
        return is_dated(self.utc)

    @property
    def booted_at(self) -> datetime:
        """Returns when this boot began; SINCE_BOOT while nobody knows."""
        return self.at(0.0)

    def at(self, s: float) -> datetime:
        """Returns the calendar time of another monotonic moment, as seen from this one."""
        return self.utc + timedelta(seconds=s - self.s)

    def place(self, moment: datetime) -> datetime:
        """Places a moment in the calendar, as far as it is known: an undated one of this boot gets a date."""
        return moment if is_dated(moment) else moment + (self.booted_at - SINCE_BOOT)


def is_dated(moment: datetime) -> bool:
    """Is False for so many seconds of some boot."""
    return moment.astimezone(UTC).year >= FIRST_YEAR


def timestamp(moment: datetime) -> str:
    """Writes UTC in whole seconds with a Z, as a Zaptec: 2026-04-17T17:34:06Z.

    Raises ValueError for a moment without a date: no message may hold one.
    """
    if not is_dated(moment):
        since_s = (moment - SINCE_BOOT).total_seconds()
        raise ValueError(f"{since_s:g} s after a boot is no timestamp: the time was not known then")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_words(moment: datetime) -> str:
    """Writes the time for logs and for the owner."""
    if is_dated(moment):
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    return f"{(moment - SINCE_BOOT).total_seconds():.0f} s after the boot"


def moment_of(text: str) -> datetime | None:
    """RFC 3339, in UTC; without a zone it is taken for UTC. None: cannot be read, or beyond the calendar."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
