"""PURE: what a link to the Central System reports, one event after another."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.password import Password


@dataclass(frozen=True, slots=True)
class Opened:
    """The link is open, with this password; frames may be sent."""

    password: Password | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The Central System refused this password (HTTP 401); there is no connection."""

    password: Password | None


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection has ended. `code` is the other side's close code, None if it sent none."""

    reason: str
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message from the Central System, unread; `bytes` if it was binary."""

    message: str | bytes


LinkEvent = Opened | Refused | Closed | Received
