"""PURE: transaction rows become messages, strictly in order. Nothing here is ever stored as a frame.

A row's message is delivered by a CALLRESULT for any of its sends on the same connection. Only a CALLERROR
counts as an attempt; silence and a lost link are waited out for ever (our rule: nothing is lost).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, assert_never

from bridge.core.configuration import Configuration
from bridge.core.metering import Supply, meter_values
from bridge.core.now import Now, timestamp
from bridge.core.rows import (
    Attempted,
    Change,
    Frozen,
    GivenUp,
    MessageRef,
    Payload,
    Pending,
    Sample,
    TransactionRow,
)
from bridge.core.transaction_data import transaction_data
from bridge.core.zaptec import Behaviour

TRANSACTION_TIME_OUT_S = 60.0  # a transaction message may take long at the Central System
TransactionAction = Literal["StartTransaction", "MeterValues", "StopTransaction"]


class Rows(Protocol):
    """What the store is asked; it must see every change that was made durable."""

    def head(self) -> Pending | None:
        """The oldest undelivered message."""

    def stop_samples(self, row_id: int) -> list[Sample]:
        """Those for the row's transactionData, in order."""

    def backlog(self) -> int:
        """How many messages are not delivered."""


@dataclass(frozen=True, slots=True)
class Send:
    """A message ready to go, its payload frozen."""

    ref: MessageRef
    action: TransactionAction
    payload: Payload
    attempts: int  # refused so often before


class Outbox:
    """Lane 2. It never sends; it says what to send, and what to write first."""

    def __init__(self, rows: Rows, configuration: Configuration, behaviour: Behaviour) -> None:
        self._rows = rows
        self._configuration = configuration
        self._behaviour = behaviour
        self._sends: dict[MessageRef, int] = {}  # of the head, on this connection
        self._not_before_s = 0.0

    def connected(self) -> None:
        """A new connection: the old sends cannot be answered any more, and nothing is waited for."""
        self._sends.clear()
        self._not_before_s = 0.0

    def next(self, supply: Supply, now: Now) -> Send | Change | None:
        """A message to send; or the change that must be durable first; or None: nothing, or not yet."""
        if now.s < self._not_before_s:
            return None
        head = self._rows.head()
        if head is None:
            return None
        if head.frozen is None:
            return Frozen(head.ref, self._payload(head, supply))
        self._sends[head.ref] = self._sends.get(head.ref, 0) + 1
        return Send(head.ref, _ACTIONS[head.ref.kind], head.frozen, head.attempts)

    def unanswered(self, ref: MessageRef, now: Now) -> None:
        """Time-out: sent again after TransactionMessageRetryInterval x the sends so far. No attempt."""
        self._wait(self._sends.get(ref, 1), now)

    def refused(self, send: Send, code: str, now: Now) -> tuple[Change, ...]:
        """CALLERROR: an attempt. After TransactionMessageAttempts (0 reads as 1) the row steps aside."""
        allowed = max(1, self._configuration.seconds("TransactionMessageAttempts"))
        if send.attempts + 1 >= allowed:
            return (Attempted(send.ref), GivenUp(send.ref.row_id, f"{send.action} was answered with {code}"))
        self._wait(send.attempts + 1, now)
        return (Attempted(send.ref),)

    def is_open(self, ref: MessageRef) -> bool:
        """Whether an answer still matters: a late one may come after another send has delivered it."""
        head = self._rows.head()
        return head is not None and head.ref == ref

    def _wait(self, times: int, now: Now) -> None:
        self._not_before_s = now.s + self._configuration.seconds("TransactionMessageRetryInterval") * times

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
                most = self._configuration.seconds("StopTransactionMaxMeterValues")
                return stop_transaction(head.row, transaction_data(kept, most, supply, self._behaviour))
            case never:
                assert_never(never)


_ACTIONS: dict[str, TransactionAction] = {
    "start": "StartTransaction",
    "values": "MeterValues",
    "stop": "StopTransaction",
}


def start_transaction(row: TransactionRow) -> Payload:
    """OCPP 1.6 6.45."""
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
