"""PURE: what the actor asks for: one union of effects, to be carried out in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bridge.central_system.effects import Effects
from bridge.core.password import Password
from bridge.core.rows import Change
from bridge.local.orders import Answered
from hal.contract import Wish

HardReset = Literal["restart", "reboot"]  # what a Reset of kind hard is, by the owner's settings


@dataclass(frozen=True, slots=True)
class Write:
    """Make these changes durable, all or none. The last effect of its `drain`: feed its outcome next."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Say:
    """Send these frames, errands and replies; the changes that they depend on are durable."""

    effects: Effects


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to an order of the owner."""

    ticket: int
    reply: Answered


@dataclass(frozen=True, slots=True)
class Log:
    """Write a line to the log, at that level."""

    level: Literal["info", "error", "critical"]
    line: str


@dataclass(frozen=True, slots=True)
class SetLink:
    """Change how the link is kept from now on."""

    ping_interval_s: float
    password: Password | None


@dataclass(frozen=True, slots=True)
class Report:
    """Show this text in `systemctl status`: the session's state."""

    state: str


@dataclass(frozen=True, slots=True)
class AskRestart:
    """Ask the supervisor to restart programs; `End` or `RestartRefused` follows."""

    what: Literal["soft", "hard", "reboot"]


@dataclass(frozen=True, slots=True)
class Leave:
    """Close the link, and end the program."""


Effect = Write | Say | Answer | Log | SetLink | Report | AskRestart | Wish | Leave
