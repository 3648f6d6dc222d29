"""The moment at which something is decided: one monotonic and one calendar time, always passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Now:
    """`s` is CLOCK_MONOTONIC, shared with `hal`, for every duration; `utc` is only written to messages."""

    s: float
    utc: datetime

    def at(self, s: float) -> datetime:
        """The calendar time of another monotonic moment, as seen from this one."""
        return self.utc + timedelta(seconds=s - self.s)


def timestamp(moment: datetime) -> str:
    """UTC in whole seconds with a Z, as a Zaptec writes it: 2026-04-17T17:34:06Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime | None:
    """RFC 3339, in UTC; without a zone it is taken for UTC. None: cannot be read, or beyond the calendar."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
