"""What a scenario file says, as data. `parsing.py` makes it, `player.py` plays it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["cloud", "native"]
Payload = dict[str, Any]
ID = "$ID"  # in the text of a Raw: that of the charge point's last CALL


@dataclass(frozen=True, slots=True)
class Result:
    """A CALLRESULT."""

    payload: Payload
    sound: bool = True  # False: the Central System's, and meant to break its schema
    loose: bool = False  # not sound, but nothing that is needed of it is missing or wrong


@dataclass(frozen=True, slots=True)
class Error:
    """A CALLERROR."""

    code: str


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer, or one that comes later by `LateReply`."""


Reply = Result | Error | Silence


@dataclass(frozen=True, slots=True)
class Call:
    """`> Action {json}`: the Central System asks."""

    line: int
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Raw:
    """`> raw TEXT`: the Central System sends exactly this."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class LateReply:
    """`> Action.conf {json}`: the Central System answers the last such CALL it left unanswered."""

    line: int
    action: str
    reply: Result | Error


@dataclass(frozen=True, slots=True)
class Asked:
    """`< Action {json}`: the charge point asks. `reply` None: the default answer of the Central System."""

    line: int
    action: str
    fields: Payload
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """`< Accepted`, `< {json}` or `< CallError Code`: the charge point answers the last CALL."""

    line: int
    reply: Result | Error


@dataclass(frozen=True, slots=True)
class Closes:
    """`< closes the link`: the charge point ends the connection."""

    line: int


@dataclass(frozen=True, slots=True)
class Wait:
    """`wait 2 s`."""

    line: int
    for_s: float


@dataclass(frozen=True, slots=True)
class Do:
    """Something happens in the world: `car leaves`, `card 04AABBCC`."""

    line: int
    verb: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Expect:
    """`expect contactor open`: must be so at this moment."""

    line: int
    what: str
    value: str


Heard = Asked | Answered | Closes
Step = Heard | Call | Raw | LateReply | Wait | Do | Expect


@dataclass(frozen=True, slots=True)
class Tag:
    """What Authorize and StartTransaction say of an idTag unless they are answered explicitly."""

    status: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file."""

    name: str
    title: str
    steps: tuple[Step, ...]
    modes: tuple[Mode, ...] = ("cloud",)
    pure: bool = True
    real: bool = False
    keys: dict[str, str] = field(default_factory=dict)  # first values of configuration keys
    tags: dict[str, Tag] = field(default_factory=dict)
    quiet_meter_values: bool = False
    offline: bool = False  # begins before the first connection
    no_time: bool = False  # begins with a clock that nobody set, without a time server
    settings: dict[str, str] = field(default_factory=dict)  # of charge-point.toml and wallbox.toml
