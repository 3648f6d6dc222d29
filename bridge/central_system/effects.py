"""PURE: what a conversation leads to, and what it needs from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bridge.central_system.outbox import TRANSACTION_TIME_OUT_S
from bridge.central_system.schemas import Payload
from bridge.core.calendar import Calendar
from bridge.core.errand import INTERVAL_LEAST_S, Errand
from bridge.core.rows import Change, TransactionStarted


@dataclass(frozen=True, slots=True)
class Environment:
    """What the conversation needs from outside: its message ids, random numbers, and the time."""

    boot_notification: Payload
    new_id: Callable[[], str]
    calendar: Calendar  # that makes every `now`
    transaction_time_out_s: float = TRANSACTION_TIME_OUT_S
    retry_interval_least_s: int = INTERVAL_LEAST_S  # of GetDiagnostics and UpdateFirmware


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Asks to close the link, and to open it again after `rest_s` at the earliest."""

    reason: str
    rest_s: float = 0.0


NOT_CONNECTED = "not sent: the charge point is not connected, or not accepted by the Central System"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an order of the owner, mostly a DataTransfer. Without a payload: it failed. `why`: why it
    failed, or was rejected."""

    ticket: int
    payload: Payload | None  # as DataTransfer.conf
    why: str = ""


@dataclass(frozen=True, slots=True)
class Effects:
    """What the shell carries out, in this order. `notes` are for the log."""

    changes: tuple[Change, ...] = ()
    frames: tuple[str, ...] = ()
    reconnect: Reconnect | None = None
    notes: tuple[str, ...] = ()
    errands: tuple[Errand, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    @property
    def begins(self) -> bool:
        """Says whether a transaction begins: nothing may be offered to its car before it is durable."""
        return any(isinstance(change, TransactionStarted) for change in self.changes)

    @property
    def unanswered(self) -> Effects:
        """Returns the same without what was for a connection that has ended."""
        return replace(self, frames=(), reconnect=None)

    def __bool__(self) -> bool:
        said = self.changes or self.frames or self.reconnect or self.notes
        return bool(said or self.errands or self.outcomes)


@dataclass(slots=True)
class Gathered:
    """Gathers effects since the last `drain`, in order."""

    changes: list[Change] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    reconnect: Reconnect | None = None

    def drain(self) -> Effects:
        """Returns what was collected, and starts empty again."""
        said = tuple(self.frames), self.reconnect, tuple(self.notes)
        effects = Effects(tuple(self.changes), *said, tuple(self.errands), tuple(self.outcomes))
        for collected in (self.changes, self.frames, self.notes, self.errands, self.outcomes):
            collected.clear()
        self.reconnect = None
        return effects
