"""PURE: what the actor wants done: one union of effects, to be carried out in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bridge.central_system.effects import Effects
from bridge.core.password import Password
from bridge.core.rows import Change
from bridge.local.orders import Reply
from hal.contract import Wish

HardReset = Literal["restart", "reboot"]  # what a Reset of kind hard is, by the owner's settings


@dataclass(frozen=True, slots=True)
class Write:
    """Make these durable, all or none. The last of its `drain`: its outcome must be fed next."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Say:
    """Frames, errands and replies; what they rest on is durable."""

    effects: Effects


@dataclass(frozen=True, slots=True)
class Answer:
    """To an order of the owner."""

    ticket: int
    reply: Reply


@dataclass(frozen=True, slots=True)
class Log:
    """A line, at that level."""

    level: Literal["info", "error", "critical"]
    line: str


@dataclass(frozen=True, slots=True)
class SetLink:
    """How the link is to be kept from now on."""

    ping_interval_s: float
    password: Password | None


@dataclass(frozen=True, slots=True)
class Report:
    """What systemd shows of the program: the session's state."""

    state: str


@dataclass(frozen=True, slots=True)
class AskRestart:
    """Whoever started the bridge is to start programs anew; `End` or `RestartRefused` follows."""

    what: Literal["soft", "hard", "reboot"]


@dataclass(frozen=True, slots=True)
class Leave:
    """All is done: close the link, and end."""


Effect = Write | Say | Answer | Log | SetLink | Report | AskRestart | Wish | Leave
