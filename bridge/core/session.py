"""The states of the one connector, each with the data that exists only in it, and the pure questions on them.

    Idle ──card/remote──▶ Authorizing ──Accepted──▶ Authorized ──car, lock, reading──▶ Transaction
     ▲ ▲                      │ refused                 │ time-out, same card              │ stop row written
     │ └──────────────────────┴─────────────────────────┘                                  ▼
     └───────────────────────────────── car leaves ─────────────────────────────────── Finishing

A new card or remote start leads from Finishing to Authorizing too; refused there, it falls back to Finishing.
"""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import assert_never

import msgspec

from bridge.core.box_view import PlugIn
from bridge.core.id_tag import Source, same_group

CONNECTOR_ID = 1  # there is one


@dataclass(frozen=True, slots=True)
class Idle:
    """The state without authorization; a car may be connected."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The idTag that locked the cable, and its group."""

    id_tag: str
    parent_id_tag: str | None = None


@dataclass(frozen=True, slots=True)
class Finishing:
    """The transaction has ended; the car, or a cable that a rule keeps locked, is still there."""

    kept_for: Owner | None = None  # the cable stays locked until this idTag or one of its group is presented
    plug_in: PlugIn | None = None  # whose transaction it was; None: not known
    goes_on: bool = False  # free charging was interrupted: the same car is charged once more

    @property
    def text(self) -> str:
        """Returns the text that is remembered."""
        parts = (self.kept_for, self.plug_in)
        return json.dumps([*(astuple(part) if part is not None else None for part in parts), self.goes_on])

    @classmethod
    def of(cls, text: str) -> Finishing:
        """Reads the text. Raises msgspec.DecodeError for another form."""
        stored = msgspec.json.decode(text, type=_FinishingText)
        owner, plug_in = stored.kept_for, stored.plug_in
        kept_for = Owner(owner[0], owner[1] or None) if owner else None
        return cls(kept_for, PlugIn(*plug_in) if plug_in else None, stored.goes_on)


class _FinishingText(msgspec.Struct, array_like=True):
    kept_for: tuple[str, str | None] | None
    plug_in: tuple[str, int] | None
    goes_on: bool = False  # not in the text of older versions


Resting = Idle | Finishing


@dataclass(frozen=True, slots=True)
class Authorizing:
    """Authorize.req is sent, or will be sent next."""

    id_tag: str
    source: Source
    since_s: float
    former: Resting


@dataclass(frozen=True, slots=True)
class Authorized:
    """Charging is authorized; waits for the car, the lock and a fresh reading."""

    id_tag: str
    parent_id_tag: str | None
    source: Source
    since_s: float
    expires_s: float | None  # only counts while no car is connected; None: never
    former: Resting


@dataclass(frozen=True, slots=True)
class Refusal:
    """A card or remote start that started and stopped nothing."""

    id_tag: str
    why: str  # OCPP's AuthorizationStatus, or our own words
    at_s: float
    online: bool  # there was a registered link


@dataclass(frozen=True, slots=True)
class StopAsked:
    """A card other than the one that started asks to stop: its Authorize.req is sent."""

    id_tag: str
    since_s: float
    ticket: int


@dataclass(frozen=True, slots=True)
class Stopping:
    """The stop is decided, but its row is not written yet."""

    reason: str  # OCPP 1.6 7.36
    id_tag: str | None
    since_s: float
    held_status: str  # the status holds until the StopTransaction row is written

    def text(self, row_id: int) -> str:
        """Returns the text that is remembered."""
        return json.dumps([row_id, self.reason, self.id_tag])

    @classmethod
    def of(cls, text: str | None, row_id: int, now_s: float) -> Stopping | None:
        """Reads the decision of this row; None: there was none. Raises msgspec.DecodeError."""
        if text is None:
            return None
        of_row, reason, id_tag = msgspec.json.decode(text, type=tuple[int, str, str | None])
        return cls(reason, id_tag, now_s, "SuspendedEVSE") if of_row == row_id else None


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction is running: its row is open in the store."""

    row_id: int
    id_tag: str
    parent_id_tag: str | None
    meter_start_wh: int
    since_s: float
    started_at: datetime
    transaction_id: int | None = None  # None until StartTransaction.conf
    invalid: bool = False  # StartTransaction.conf said no
    deauthorized: bool = False  # and there is no energy for it, or no more
    closed_once: bool = False  # the contactor has been closed in this transaction
    fault_since_s: float | None = None
    stopping: Stopping | None = None
    of_earlier_boot: bool = False  # it only has to end
    plug_in: PlugIn | None = None  # in which it began; None: not known


OutsideTransaction = Idle | Authorizing | Authorized | Finishing
State = OutsideTransaction | Transaction


def resting(state: State) -> Resting:
    """Returns where to fall back to. Raises ValueError while there is a transaction."""
    match state:
        case Idle() | Finishing():
            return state
        case Authorizing(former=former) | Authorized(former=former):
            return former
        case Transaction():
            raise ValueError("a transaction is running")
        case never:
            assert_never(never)


def frees_cable(state: Authorizing, parent_id_tag: str | None) -> bool:
    """Says whether a card of the group whose cable is kept asks; it opens a cable with nothing at its end."""
    match state.former:
        case Finishing(kept_for=Owner(parent_id_tag=group)):
            return state.source == "card" and same_group(parent_id_tag, group)
        case _:
            return False
