"""What a scenario is played in: a pure world in simulated time, or the real processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Said:
    """A frame of the charge point."""

    text: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The charge point has made a connection."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The charge point has ended the connection, of its own accord."""


@dataclass(frozen=True, slots=True)
class Restarted:
    """The charge point's program was started anew, so it has to register again."""


Arrival = Said | Connected | Closed | Restarted


class World(Protocol):
    """Time passes only in `next_arrival`."""

    soon_s: float  # how long a listed frame is waited for
    settle_s: float  # how long nothing more may come after the last line
    expects_at_once: bool  # False: what is expected may take `soon_s` to come true

    @property
    def now_s(self) -> float:
        """The world's own clock."""

    def utc(self) -> str:
        """The calendar time, as OCPP writes it."""

    def next_arrival(self, within_s: float) -> Arrival | None:
        """Lets time pass until something arrives, `within_s` at most."""

    def send(self, text: str) -> None:
        """The Central System says this; without a connection it is lost."""

    def do(self, verb: str, argument: str) -> None:
        """Something happens. Raises ValueError when it cannot."""

    def seen(self, what: str, name: str) -> str:
        """The present value, in the words of `expect`; `name` is that of a configuration key."""
