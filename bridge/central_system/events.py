"""PURE: what a link to the Central System reports, one event after another."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.password import Password


@dataclass(frozen=True, slots=True)
class Opened:
    """Connected, with this password; frames may be sent."""

    password: Password | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """No connection: this password is not the right one (HTTP 401)."""

    password: Password | None


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is gone. `code` is the other side's close code, None if it sent none."""

    reason: str
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came; `bytes` when it was a binary one."""

    message: str | bytes


LinkEvent = Opened | Refused | Closed | Received
