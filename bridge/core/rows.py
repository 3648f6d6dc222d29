"""The durable data: transaction rows and named values, and the changes to them.

The core decides the changes; the store makes them durable before anything that rests on them leaves the
process. Messages are derived from rows when they are sent; the first send freezes a message's fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bridge.core.charging_profile import ChargingProfile
from bridge.core.id_tag import IdTagInfo, ListEntry

INT32_MAX = 2_147_483_647  # meterStart, meterStop and the like are OCPP integers
Payload = dict[str, Any]
MessageKind = Literal["start", "values", "stop"]
Phases = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Sample:
    """One meter value set inside a transaction, as numbers; its message form is made at the first send."""

    at: datetime
    context: str  # OCPP 1.6 ReadingContext
    energy_wh: int
    power_w: float
    current_a: Phases
    voltage_v: Phases
    offered_a: float  # amps on the pilot, 0 when it offers nothing
    measurands: str  # for MeterValues: comma separated, as the key stood then; empty: no message of its own
    stop_measurands: str = ""  # for StopTransaction's transactionData, likewise
    interval_wh: int | None = None  # since the set before it in its series; None: there is none, or not known
    contacts_c: float | None = None  # None: no thermometer, or not fresh


@dataclass(frozen=True, slots=True)
class MessageRef:
    """One message of a row. `seq` counts the samples of a row and is 0 for start and stop."""

    row_id: int
    kind: MessageKind
    seq: int = 0


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A transaction as the store knows it.

    A moment before 2000 (`now.is_dated`) is so many seconds of boot `boot_id`: nobody knew the time then.
    """

    row_id: int
    boot_id: str
    connector_id: int
    id_tag: str
    parent_id_tag: str | None
    meter_start_wh: int
    started_at: datetime
    transaction_id: int | None = None  # None until StartTransaction.conf
    id_tag_status: str | None = None  # of StartTransaction.conf
    stopped_at: datetime | None = None
    meter_stop_wh: int | None = None
    stop_reason: str | None = None
    stop_id_tag: str | None = None
    stop_estimated: bool = False  # meter_stop_wh is the last durable reading, not one after the opening
    given_up: str | None = None  # why the row stands in the dead-letter list
    reservation_id: int | None = None  # of the reservation that ends with this start
    given_up_for_now: bool = False  # for a reason that may pass: it is offered again by itself
    time_estimated: bool = False  # some of its moments are not of a clock that knew the time


@dataclass(frozen=True, slots=True)
class Session:
    """A transaction as the owner sees it."""

    row: TransactionRow
    waiting: int  # so many of its messages the Central System has not taken

    @property
    def delivered(self) -> bool:
        """Says whether it has ended and all its messages were answered."""
        return self.row.stopped_at is not None and self.waiting == 0

    @property
    def energy_wh(self) -> int | None:
        """Returns the energy of the session; None while it runs."""
        stop_wh = self.row.meter_stop_wh
        return None if stop_wh is None else stop_wh - self.row.meter_start_wh


@dataclass(frozen=True, slots=True)
class Pending:
    """The oldest message not yet delivered, with all that its form needs."""

    ref: MessageRef
    row: TransactionRow
    sample: Sample | None  # for kind "values"
    frozen: Payload | None  # set by the first send
    attempts: int  # refused so often
    swallowed: int = 0  # so often it alone was not answered


@dataclass(frozen=True, slots=True)
class DimmingRow:
    """One time in which the grid operator dimmed the box, kept as proof. Undated moments: as above."""

    dimming_id: int
    boot_id: str
    began_at: datetime
    limit_w: float  # what was left
    obeyed_at: datetime | None = None  # when the box was first measured at no more; None: not yet, or never
    ended_at: datetime | None = None  # None: it lasts
    time_estimated: bool = False  # some of its moments are not of a clock that knew the time


# Changes. Those of a transaction's start and stop, and remembered values, are on disk when apply() returns.


@dataclass(frozen=True, slots=True)
class TransactionStarted:
    """A transaction begins; durable before StartTransaction is sent and before the contactor may close."""

    row: TransactionRow


@dataclass(frozen=True, slots=True)
class SampleTaken:
    """A sample of a transaction; several may be written together."""

    row_id: int
    seq: int
    sample: Sample


@dataclass(frozen=True, slots=True)
class TransactionStopped:
    row_id: int
    stopped_at: datetime
    meter_stop_wh: int
    reason: str
    id_tag: str | None
    estimated: bool
    time_estimated: bool = False


@dataclass(frozen=True, slots=True)
class Dated:
    """Gives a date to all moments that have none; none of them was sent.

    Those of `boot_id` by when it began. The boots before it, which never knew, are put one behind the other,
    each with the order and the distances it had, so that the last moment of each lies before the next began;
    their rows are estimated.
    """

    boot_id: str
    began_at: datetime
    estimated: bool  # by a clock that nobody has vouched for


@dataclass(frozen=True, slots=True)
class Frozen:
    """The first send of a message: from now on it has exactly this payload."""

    ref: MessageRef
    payload: Payload


@dataclass(frozen=True, slots=True)
class Attempted:
    """The Central System refused this message once more."""

    ref: MessageRef


@dataclass(frozen=True, slots=True)
class Swallowed:
    """Counts one more time that only this message was not answered."""

    ref: MessageRef


@dataclass(frozen=True, slots=True)
class StartConfirmed:
    """StartTransaction.conf: delivers the start message too."""

    row_id: int
    transaction_id: int
    id_tag_status: str
    parent_id_tag: str | None


@dataclass(frozen=True, slots=True)
class Delivered:
    ref: MessageRef


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The whole row becomes a dead letter; `for_now`: it is sent again automatically."""

    row_id: int
    why: str
    for_now: bool = False


@dataclass(frozen=True, slots=True)
class OfferedAgain:
    """What is not delivered of a dead letter goes back to its place in the outbox, frozen as it was and with
    its counts: at its next failure it is a dead letter again. Without effect on a row that is none."""

    row_id: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """A named value: a configuration key, the availability, where we were accepted. None deletes it."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class ProfileInstalled:
    """A charging profile is installed, and replaces one with the same id."""

    profile: ChargingProfile


@dataclass(frozen=True, slots=True)
class ProfilesRemoved:
    profile_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LocalListSent:
    """The whole of a SendLocalList; no two entries are of one idTag. What it lists leaves the cache."""

    version: int
    entries: tuple[ListEntry, ...]
    replaces: bool  # a Full update


@dataclass(frozen=True, slots=True)
class TagCached:
    """The IdTagInfo of an idTag and its time, for the cache; None deletes the entry."""

    id_tag: str
    info: IdTagInfo | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CacheCleared:
    """Empties the authorization cache."""


@dataclass(frozen=True, slots=True)
class DimmingNoted:
    """A dimming as it is known now: a new one, or in place of what was known of it. The newest are kept."""

    row: DimmingRow


Change = (
    TransactionStarted
    | SampleTaken
    | TransactionStopped
    | Dated
    | Frozen
    | Attempted
    | Swallowed
    | StartConfirmed
    | Delivered
    | GivenUp
    | OfferedAgain
    | Remembered
    | ProfileInstalled
    | ProfilesRemoved
    | LocalListSent
    | TagCached
    | CacheCleared
    | DimmingNoted
)
