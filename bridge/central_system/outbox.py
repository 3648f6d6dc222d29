"""PURE: transaction rows become messages, strictly in order. Nothing here is ever stored as a frame.

A row's message is delivered by a CALLRESULT for any of its sends on the same connection. What counts against
it: (a) a CALLERROR; (b) that it alone is not answered although a later CALL is, or that the connection ends
three times in a row just after it was sent. (c) Silence to all and a lost link are waited out without limit.
A row that fails too often becomes a dead letter as a whole: nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, assert_never

from bridge.central_system.border import Refusal
from bridge.core.box_view import Supply
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now, is_dated, timestamp
from bridge.core.reporting.meter_values import meter_values
from bridge.core.reporting.transaction_data import transaction_data
from bridge.core.rows import (
    Attempted,
    Change,
    Frozen,
    GivenUp,
    MessageRef,
    OfferedAgain,
    Payload,
    Pending,
    Sample,
    Swallowed,
    TransactionRow,
)
from bridge.core.zaptec import Behaviour

TRANSACTION_TIME_OUT_S = 60.0  # a transaction message may take long at the Central System
SWALLOWED_MOST = 10  # of (b), or TransactionMessageAttempts if that is more
QUICK_CLOSE_S = 5.0  # so soon after a message the end of a connection may be the message's doing
QUICK_CLOSES = 3  # in a row are one of (b): a bad link alone ends connections too
OFFER_EVERY_S = 3600.0
TransactionAction = Literal["StartTransaction", "MeterValues", "StopTransaction"]


class Rows(Protocol):
    """The questions to the store; its answers include every durable change."""

    def head(self) -> Pending | None:
        """Returns the oldest undelivered message."""

    def stop_samples(self, row_id: int) -> list[Sample]:
        """Returns those for the row's transactionData, in order."""

    def waits(self, ref: MessageRef) -> bool:
        """Says whether this message is not delivered, even if its row is in the dead-letter list."""

    def row(self, row_id: int) -> TransactionRow | None:
        """Returns the row; None: there is no such row."""

    def given_up_for_now(self) -> tuple[int, ...]:
        """Returns the ids of dead-lettered rows that are to be offered again."""


@dataclass(frozen=True, slots=True)
class Send:
    """A message that is ready to be sent; its payload does not change any more."""

    ref: MessageRef
    action: TransactionAction
    payload: Payload
    again: bool  # the Central System may have it already


@dataclass(frozen=True, slots=True)
class _Wait:
    """The pause before a message is sent again."""

    ref: MessageRef
    until_s: float
    outlives_link: bool  # else a new connection ends it


@dataclass(frozen=True, slots=True)
class _Silence:
    """Notes that a message was not answered on this connection."""

    ref: MessageRef
    sent_s: float


class Outbox:
    """Lane 2: says which message of which row to send next, and what to store before. It never sends."""

    def __init__(self, rows: Rows, configuration: Configuration, behaviour: Behaviour) -> None:
        self._rows = rows
        self._configuration = configuration
        self._behaviour = behaviour
        self._sends: dict[MessageRef, int] = {}  # of the head, on this connection
        self._unsent: MessageRef | None = None  # frozen by us, and not sent yet
        self._wait: _Wait | None = None
        self._silence: _Silence | None = None
        self._quick_closes: tuple[MessageRef | None, int] = (None, 0)  # in a row
        self._taken: set[MessageRef] = set()  # the store may not know it yet
        self._offer_at_s: float | None = None  # None: no dead letter "for now" since the last offer

    def connected(self) -> None:
        """Starts a new connection: the old sends cannot be answered any more; a refused one waits on."""
        self._sends.clear()
        self._silence = None
        if self._wait is not None and not self._wait.outlives_link:
            self._wait = None

    def next(self, supply: Supply, now: Now) -> Send | Change | None:
        """Returns a message to send, or the change that must be durable first; None: nothing, or not yet.

        A row waits while it has no dates: a message is dated before its first send, or never.
        """
        self._taken.clear()
        head = self._rows.head()
        if head is None or self._waits(head.ref, now):
            return None
        if head.frozen is None:
            if not self._dated(head):
                return None
            self._unsent = head.ref
            return Frozen(head.ref, self._payload(head, supply))
        again, self._unsent = head.ref != self._unsent, None
        self._sends[head.ref] = self._sends.get(head.ref, 0) + 1
        return Send(head.ref, _ACTIONS[head.ref.kind], head.frozen, again)

    def unanswered(self, ref: MessageRef, sent_s: float, now: Now) -> None:
        """Sends again after TransactionMessageRetryInterval x the sends so far. Not counted yet."""
        self._silence = _Silence(ref, sent_s)
        self._wait = self._wait_for(ref, self._sends.get(ref, 1), now, outlives_link=False)

    def answered(self, sent_s: float, now: Now) -> tuple[Change, ...]:
        """Notes another CALL's answer on this connection: (b) if it was sent after the silence began."""
        silence = self._silence
        if silence is None or sent_s <= silence.sent_s:
            return ()
        self._silence = None
        return self._swallowed(silence.ref, now)

    def closed(self, ref: MessageRef, sent_s: float, now: Now) -> tuple[Change, ...]:
        """Notes an end with this message in flight: (b) at the third time in a row within 5 s."""
        last, times = self._quick_closes
        times = times + 1 if ref == last else 1
        if now.s - sent_s > QUICK_CLOSE_S:
            times = 0
        self._quick_closes = (ref, times % QUICK_CLOSES)
        return self._swallowed(ref, now) if times == QUICK_CLOSES else ()

    def refused(self, ref: MessageRef, refusal: Refusal, now: Now) -> tuple[Change, ...]:
        """Counts a refusal (a). After TransactionMessageAttempts the row becomes a dead letter."""
        head = self._rows.head()
        if head is None or head.ref != ref:
            return ()  # a late one, of a row that has stepped aside or behind another
        times = head.attempts + 1
        if times >= self._attempts_allowed:
            why = f"{_ACTIONS[ref.kind]} was answered with {refusal.why}"
            return (Attempted(ref), self._give_up(ref, why, now, for_now=refusal.passing))
        self._wait = self._wait_for(ref, times, now, outlives_link=True)
        return (Attempted(ref),)

    def offers(self, now: Now) -> tuple[Change, ...]:
        """Offers rows dead-lettered for now again, an hour after the last; asked at every step."""
        if self._offer_at_s is None or now.s < self._offer_at_s:
            return ()
        return self.accepted()

    def accepted(self) -> tuple[Change, ...]:
        """Notes an accepted BootNotification: a Central System that has come back may take them now."""
        self._offer_at_s = None
        return tuple(OfferedAgain(row_id) for row_id in self._rows.given_up_for_now())

    def offer(self, row_id: int) -> tuple[Change, ...]:
        """Offers this row again, for whatever reason it is a dead letter; nothing for one that is not."""
        row = self._rows.row(row_id)
        return (OfferedAgain(row_id),) if row is not None and row.given_up is not None else ()

    def is_open(self, ref: MessageRef) -> bool:
        """Says whether an answer still matters: a late one may come after another send has delivered it."""
        return ref not in self._taken and self._rows.waits(ref)

    def delivered(self, ref: MessageRef) -> None:
        """Notes the delivery, which is still to be recorded; `next` is not asked before."""
        self._taken.add(ref)

    @property
    def _attempts_allowed(self) -> int:
        """OCPP 1.6 9.1.28; 0 would be never to send: it reads as 1."""
        return max(1, self._configuration.whole("TransactionMessageAttempts"))

    def _swallowed(self, ref: MessageRef, now: Now) -> tuple[Change, ...]:
        head = self._rows.head()
        if head is None or head.ref != ref:
            return ()
        times = head.swallowed + 1
        if times < max(self._attempts_allowed, SWALLOWED_MOST):
            return (Swallowed(ref),)
        why = f"{_ACTIONS[ref.kind]} alone was not answered, {times} times"
        return (Swallowed(ref), self._give_up(ref, why, now, for_now=True))

    def _give_up(self, ref: MessageRef, why: str, now: Now, *, for_now: bool) -> GivenUp:
        if for_now and self._offer_at_s is None:
            self._offer_at_s = now.s + OFFER_EVERY_S
        return GivenUp(ref.row_id, why, for_now)

    def _waits(self, ref: MessageRef, now: Now) -> bool:
        return self._wait is not None and self._wait.ref == ref and now.s < self._wait.until_s

    def _wait_for(self, ref: MessageRef, times: int, now: Now, *, outlives_link: bool) -> _Wait:
        """OCPP 1.6 9.1.29: the interval grows with each time."""
        wait_s = self._configuration.whole("TransactionMessageRetryInterval") * times
        return _Wait(ref, now.s + wait_s, outlives_link)

    def _dated(self, head: Pending) -> bool:
        """Says whether its moments lie in the calendar."""
        match head.ref.kind:
            case "start":
                return is_dated(head.row.started_at)
            case "values":
                return head.sample is None or is_dated(head.sample.at)
            case "stop":
                return head.row.stopped_at is None or is_dated(head.row.stopped_at)
            case never:
                assert_never(never)

    def _payload(self, head: Pending, supply: Supply) -> Payload:
        match head.ref.kind:
            case "start":
                return start_transaction(head.row)
            case "values":
                if head.sample is None:
                    raise ValueError(f"{head.ref}: the store gave no sample")
                return transaction_values(head.row, head.sample, supply, self._behaviour)
            case "stop":
                kept = self._rows.stop_samples(head.ref.row_id)
                most = self._configuration.whole("StopTransactionMaxMeterValues")
                return stop_transaction(head.row, transaction_data(kept, most, supply, self._behaviour))
            case never:
                assert_never(never)


_ACTIONS: dict[str, TransactionAction] = {
    "start": "StartTransaction",
    "values": "MeterValues",
    "stop": "StopTransaction",
}


def start_transaction(row: TransactionRow) -> Payload:
    """Returns the payload of StartTransaction.req (OCPP 1.6 6.45)."""
    reserved = {} if row.reservation_id is None else {"reservationId": row.reservation_id}
    return {
        "connectorId": row.connector_id,
        "idTag": row.id_tag,
        "meterStart": row.meter_start_wh,
        **reserved,
        "timestamp": timestamp(row.started_at),
    }


def transaction_values(row: TransactionRow, taken: Sample, supply: Supply, behaviour: Behaviour) -> Payload:
    """OCPP 1.6 6.31; only after StartTransaction.conf, so the transactionId is known."""
    return {
        "connectorId": row.connector_id,
        "transactionId": row.transaction_id,
        "meterValue": meter_values(taken, supply, behaviour),
    }


def stop_transaction(row: TransactionRow, transaction_data: list[dict[str, Any]]) -> Payload:
    """OCPP 1.6 6.49. Raises ValueError for a row that has not stopped, or was never confirmed."""
    if row.stopped_at is None or row.meter_stop_wh is None or row.transaction_id is None:
        raise ValueError(f"row {row.row_id} is not ready for StopTransaction")
    payload: dict[str, Any] = {
        "transactionId": row.transaction_id,
        "meterStop": row.meter_stop_wh,
        "timestamp": timestamp(row.stopped_at),
    }
    if row.stop_reason is not None:
        payload["reason"] = row.stop_reason
    if row.stop_id_tag is not None:
        payload["idTag"] = row.stop_id_tag
    if transaction_data:
        payload["transactionData"] = transaction_data
    return payload
