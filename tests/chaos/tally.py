"""PURE: what happened in the lives, counted, and what must have happened in so many of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from bridge.core.rows import Change
from tests.chaos.store import WHENS, PowerCut

Tally = Counter[str]
KINDS: tuple[type[Change], ...] = get_args(Change)
CARDS = ("04AABBCC", "04DDEEFF", "04556677")
FREE_TAG = "FREE"
SESSIONS = (
    *(f"session of {tag}" for tag in (*CARDS, FREE_TAG)),
    "session by remote start",
    "session on a reservation",
    "session begun offline",
)
REASONS = ("Local", "Remote", "EVDisconnected", "SoftReset", "HardReset", "PowerLoss", "Reboot")
ASKED = (
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "CancelReservation",
    "SendLocalList",
    "SetChargingProfile",
    "ClearChargingProfile",
    "ClearCache",
    "Reset Soft",
    "Reset Hard",
)
ANSWERS = ("late", "CALLERROR", "silence", "link broken before it")
CUTS = (
    "while energy flows",
    "between sessions",
    "offline",
    "in the boot",
    "in the replay of the outbox",
    "between an orderly end and the next start",
)


def at_write(cut: PowerCut) -> Iterator[str]:
    """Its names: one for each kind of change in the write."""
    when = "after" if cut.committed else "before"
    yield from sorted({_write(type(change).__name__, when) for change in cut.changes})


def missing(tally: Tally) -> list[str]:
    """What never happened, but must in a campaign worth the name."""
    return [name for name in _demanded() if not tally[name]]


def lines(tally: Tally) -> Iterator[str]:
    """For people."""
    for name in (*_demanded(), *sorted(set(tally) - set(_demanded()))):
        yield f"{tally[name]:6} {name}"


def _write(kind: str, when: str) -> str:
    return f"power cut {when} the write of {kind}"


def _demanded() -> Iterator[str]:
    yield from SESSIONS
    yield from (f"stop: {reason}" for reason in REASONS)
    yield from (f"accepted: {asked}" for asked in ASKED)
    yield from (f"answer: {answer}" for answer in ANSWERS)
    yield from ("list sent while energy flows", "bridge killed", "bridge told to end", "Central System busy")
    yield from (f"power cut {cut}" for cut in CUTS)
    for kind in KINDS:
        yield from (_write(kind.__name__, when) for when in WHENS)
