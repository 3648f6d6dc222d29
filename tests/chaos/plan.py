"""PURE: what is to happen to one box and when. The same seed gives the same plan."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.chaos.proxy import FAULTS, LinkFault

PROGRAMS = ("bridge", "bridge", "bridge", "instruments", "safety")
BOX_FAULTS = ("meter_silent", "meter_crc", "lock_jam", "diode")
JUMPS_S = (3600, -3600, 315_360_000, -315_360_000)  # an hour, ten years
WARM_UP_S = 5.0
QUIET_AT_THE_END = 0.85  # of the time: the last fault has time to pass


@dataclass(frozen=True, slots=True)
class Link:
    fault: LinkFault
    action: str | None


@dataclass(frozen=True, slots=True)
class Kill:
    program: str


@dataclass(frozen=True, slots=True)
class PowerCut:
    off_s: float


@dataclass(frozen=True, slots=True)
class ClockJump:
    by_s: int


@dataclass(frozen=True, slots=True)
class BoxFault:
    name: str
    for_s: float


Fault = Link | Kill | PowerCut | ClockJump | BoxFault


@dataclass(frozen=True, slots=True)
class Planned:
    """`at_s` from the beginning of the run."""

    at_s: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class Amounts:
    """For one box. `links` of each kind."""

    duration_s: float
    links: int
    kills: int
    power_cuts: int
    clock_jumps: int
    box_faults: int
    sessions: int  # at least


def plan(seed: str, amounts: Amounts) -> list[Planned]:
    """In order of time, spread evenly at random."""
    chance = random.Random(seed)
    faults: list[Fault] = []
    for kind in FAULTS:
        faults += [Link(kind, _action(kind, chance)) for _ in range(amounts.links)]
    faults += [Kill(chance.choice(PROGRAMS)) for _ in range(amounts.kills)]
    faults += [PowerCut(chance.choice((0.2, 1.0, 3.0))) for _ in range(amounts.power_cuts)]
    faults += [ClockJump(JUMPS_S[number % len(JUMPS_S)]) for number in range(amounts.clock_jumps)]
    faults += [BoxFault(chance.choice(BOX_FAULTS), 4.0) for _ in range(amounts.box_faults)]
    chance.shuffle(faults)
    latest_s = amounts.duration_s * QUIET_AT_THE_END
    times_s = sorted(chance.uniform(WARM_UP_S, latest_s) for _ in faults)
    return [Planned(round(at_s, 1), fault) for at_s, fault in zip(times_s, faults, strict=True)]


def _action(kind: LinkFault, chance: random.Random) -> str | None:
    """Half of what can be aimed is aimed at what must not be lost."""
    if kind in ("refuse", "accept, then silence", "stop reading", "half-open"):
        return None
    return chance.choice((None, None, "StartTransaction", "StopTransaction"))


def kind_of(fault: Fault) -> str:
    """For counting."""
    match fault:
        case Link(fault=kind):
            return f"link: {kind}"
        case Kill():
            return "kill"
        case PowerCut():
            return "power cut"
        case ClockJump():
            return "clock jump"
        case BoxFault():
            return "fault of the box"


def counted(faults: Iterable[Fault]) -> Counter[str]:
    return Counter(kind_of(fault) for fault in faults)


def line(planned: Planned) -> str:
    """For people."""
    return f"{planned.at_s:7.1f} s  {words(planned.fault)}"


def words(fault: Fault) -> str:
    """For people too."""
    match fault:
        case Link(fault=kind, action=action):
            return f"{kind}{f' ({action})' if action else ''}"
        case Kill(program=program):
            return f"SIGKILL {program}"
        case PowerCut(off_s=off_s):
            return f"power cut for {off_s:g} s"
        case ClockJump(by_s=by_s):
            return f"the clock jumps by {by_s:+d} s"
        case BoxFault(name=name, for_s=for_s):
            return f"{name} for {for_s:g} s"
