"""PURE: a request of the Central System with its circumstances, and the form of an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bridge.central_system.schemas import Payload
from bridge.core.charge_point import ChargePoint
from bridge.core.now import Now

Own = Literal["BootNotification", "Heartbeat"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The payload of a CALLRESULT, and the message that the request triggered, if any."""

    payload: Payload
    triggered: Own | None = None
    note: str = ""  # for the log


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that takes time: `payload` is called at every step until it returns one."""

    payload: Callable[[Now], Payload | None]

    @classmethod
    def unless(cls, payload: Callable[[Now], Payload | None], now: Now) -> Answer | Later:
        """Answers at once when the payload is there."""
        there = payload(now)
        return Answer(there) if there is not None else cls(payload)


@dataclass(frozen=True, slots=True)
class Question:
    """A checked request of the Central System, with the state in which it came."""

    payload: Payload
    charge_point: ChargePoint
    pending: bool  # registration answered Pending: no remote start or stop
    now: Now


def with_status(status: str) -> Answer:
    """Makes the answer of most operations."""
    return Answer({"status": status})
