"""The one connector: cards, authorizations, time and the box move its session from state to state."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bridge.core.authorization.authorization import Authorization
from bridge.core.authorization.reservation import Reservations
from bridge.core.box_view import BoxView
from bridge.core.calls import Outgoing
from bridge.core.configuration.configuration import Configuration
from bridge.core.id_tag import IdTagInfo, Source, same_group, same_tag
from bridge.core.now import Now
from bridge.core.reporting.meter_log import MeterLog
from bridge.core.reporting.status import charge_point_status, view
from bridge.core.rows import Change, Remembered, Sample, TransactionRow
from bridge.core.service import Service
from bridge.core.session import (
    Authorized,
    Authorizing,
    Finishing,
    Idle,
    Owner,
    Resting,
    State,
    StopAsked,
    Stopping,
    Transaction,
    frees_cable,
    resting,
)
from bridge.core.setup import FINISHING, ORDERLY, RESERVATION, STOPPING, Identity, Memory
from bridge.core.transaction.cable import Unlock, cable
from bridge.core.transaction.cards import Cards
from bridge.core.transaction.start import (
    begins_with,
    resumed_transaction,
    start_changes,
    started_row,
    started_transaction,
)
from bridge.core.transaction.stop import end_reason, energy_spent, meter_stop, stop_row
from hal.contract import Cable, Card

AUTHORIZE_PATIENCE_S = 10.0  # no Authorize.conf for so long after the card: the offline rules
REFUSED_S = 3.0  # how long the lamp shows a refusal


class Connector:
    """Events in by method; `state`, `changes` and `calls` out. `step` comes after every event."""

    def __init__(
        self, identity: Identity, configuration: Configuration, box: BoxView, service: Service, memory: Memory
    ) -> None:
        self.state: State = Idle()
        self.changes: list[Change] = []
        self.calls: list[Outgoing] = []
        self.stopped_row: int | None = None  # whose StopTransaction is told before the next status
        self.authorization = Authorization(configuration, memory.id_tags)
        self.reservations = Reservations(memory.remembered.get(RESERVATION))
        self._identity = identity
        self._configuration = configuration
        self._box = box
        self._service = service
        self._next_row_id = 1
        self._log: MeterLog | None = None
        self._ticket = 0
        self._stop_asked: StopAsked | None = None
        self._cards = Cards()
        self._refused_until_s = 0.0
        self._last_energy_wh: int | None = None
        self._unlocking: Unlock | None = None

    def status(self, now: Now) -> str:
        """ChargePointStatus, derived."""
        reserved = self.reservations.held is not None
        return charge_point_status(
            view(self.state, self._service, self._box, now.s, reserved=reserved), now.s
        )

    @property
    def cable(self) -> Cable:
        """Who may take the plug out."""
        return cable(self.state, self._configuration, unlocking=self._unlocking is not None)

    def unlock(self, now: Now) -> Unlock:
        """OCPP 1.6 5.18: ends a transaction first; the outcome shows in what is returned, in some seconds."""
        self.stop("UnlockCommand", now)
        self._unlocking = Unlock(now.s)
        return self._unlocking

    def refused(self, now_s: float) -> bool:
        """A card was refused a moment ago."""
        return now_s < self._refused_until_s

    # What the program finds when it starts

    def recall(self, memory: Memory, now: Now) -> None:
        """An open row of this boot goes on; one of another boot ends as soon as the meter has been read."""
        self._next_row_id = memory.next_row_id
        last = memory.last_sample
        self._last_energy_wh = last.energy_wh if last is not None else None
        if (finishing := memory.remembered.get(FINISHING)) is not None:
            self.state = Finishing.of(finishing)
        if memory.open_row is not None:
            self._resume(memory.open_row, memory, now)
        if ORDERLY in memory.remembered:
            self.changes.append(Remembered(ORDERLY, None))

    def _resume(self, row: TransactionRow, memory: Memory, now: Now) -> None:
        self._log = MeterLog.resumed(row, self._configuration, memory, now)
        self.state = resumed_transaction(row, memory, self._identity.boot_id, now)
        self._log.of_earlier_boot = self.state.of_earlier_boot

    # From the box

    def card_presented(self, card: Card, now: Now) -> None:
        """Each once, none that is old."""
        if self._cards.take(card, now):
            self._card(card.id, now)

    def _card(self, id_tag: str, now: Now) -> None:
        match self.state:
            case Finishing(kept_for=Owner(id_tag=owner)) if same_tag(owner, id_tag):
                self._rest(Finishing(plug_in=self.state.plug_in))
            case Idle() | Finishing():
                self._card_at_rest(id_tag, now)
            case Authorizing():
                pass
            case Authorized(source="card", id_tag=waiting) if same_tag(waiting, id_tag):
                if not self._box.car_connected:
                    self._rest(self.state.former)
            case Authorized():
                self._refuse(now)
            case Transaction():
                self._card_in_transaction(self.state, id_tag, now)
            case never:
                assert_never(never)

    def _card_at_rest(self, id_tag: str, now: Now) -> None:
        if not self._service.may_start or self._box.opening_faults:
            self._refuse(now)
        elif not self._configuration.free_charging:
            self.ask_authorization(id_tag, "card", now)

    def _card_in_transaction(self, state: Transaction, id_tag: str, now: Now) -> None:
        if state.stopping is not None or self._configuration.free_charging:
            return
        if same_tag(state.id_tag, id_tag):
            self.stop("Local", now, id_tag=id_tag)
        elif state.parent_id_tag is None:
            self._refuse(now)
        elif self._service.online:
            self._stop_asked = StopAsked(id_tag, now.s, self._authorize(id_tag))
        else:
            self._stop_by_group(id_tag, None, now)

    def _refuse(self, now: Now) -> None:
        self._refused_until_s = now.s + REFUSED_S

    # Authorization

    def ask_authorization(self, id_tag: str, source: Source, now: Now) -> None:
        """Authorize.req while online, unless LocalPreAuthorize spares it; the offline rules else. Only from
        Idle or Finishing."""
        known = self.authorization.known(id_tag, now)
        if self.reservations.excludes(id_tag, known):
            self._refuse(now)
            return
        self.state = Authorizing(id_tag, source, now.s, resting(self.state))
        at_once = self.authorization.at_once(id_tag, now)
        if not self._service.online:
            self._decide(self.state, None, now)
        elif at_once is not None and self.reservations.admits(id_tag, at_once.parent_id_tag):
            self._decide(self.state, at_once, now)
        else:
            self._authorize(id_tag)

    def _authorize(self, id_tag: str) -> int:
        self._ticket += 1
        self.calls.append(Outgoing("Authorize", {"idTag": id_tag}, ticket=self._ticket))
        return self._ticket

    def authorize_answered(self, ticket: int, answer: IdTagInfo | None, now: Now) -> None:
        """Authorize.conf; None when it was a CALLERROR or the link was lost: the offline rules decide."""
        if self._stop_asked is not None and ticket == self._stop_asked.ticket:
            self._stop_by_group(self._stop_asked.id_tag, answer, now)
        elif isinstance(self.state, Authorizing) and ticket == self._ticket:
            self._decide(self.state, answer, now)

    def _stop_by_group(self, id_tag: str, answer: IdTagInfo | None, now: Now) -> None:
        self._stop_asked = None
        if not isinstance(self.state, Transaction) or self.state.stopping is not None:
            return
        answer = answer or self.authorization.offline(id_tag, "card", now)
        if answer.accepted and same_group(answer.parent_id_tag, self.state.parent_id_tag):
            self.stop("Local", now, id_tag=id_tag)
        else:
            self._refuse(now)

    def _decide(self, state: Authorizing, answer: IdTagInfo | None, now: Now) -> None:
        answer = answer or self.authorization.offline(state.id_tag, state.source, now)
        if answer.accepted and frees_cable(state, answer.parent_id_tag) and self._box.car_left(now.s):
            self._rest(Finishing())
        elif answer.accepted and self.reservations.admits(state.id_tag, answer.parent_id_tag):
            self.authorize(state.id_tag, state.source, now, parent_id_tag=answer.parent_id_tag)
        else:
            self._refuse(now)
            self.state = state.former

    def authorize(self, id_tag: str, source: Source, now: Now, *, parent_id_tag: str | None = None) -> None:
        """May charge from here on: waits for car, lock and reading. Only outside a transaction."""
        time_out_s: float = self._configuration.seconds("ConnectionTimeOut")
        if source == "remote":
            time_out_s = self._identity.behaviour.remote_start_life_s or time_out_s
        expires_s = now.s + time_out_s if time_out_s else None
        self.state = Authorized(id_tag, parent_id_tag, source, now.s, expires_s, resting(self.state))

    # Time and the box

    def step(self, now: Now) -> None:
        """What time and the box bring about."""
        if self._unlocking is not None:
            self._unlocking.step(self.state, self._box, now.s)
            self._unlocking = None if self._unlocking.over(self._box, now.s) else self._unlocking
        self.reservations.step(now, free_charging=self._configuration.free_charging)
        match self.state:
            case Idle():
                if self._configuration.free_charging and self._box.car_connected and self._service.may_start:
                    self.authorize(self._configuration.text("FreeChargingIdTag"), "free", now)
            case Finishing(kept_for=kept_for, plug_in=plug_in):
                if kept_for is None and (self._box.car_left(now.s) or self._box.plugged_anew(plug_in)):
                    self._rest(Idle())
            case Authorizing(since_s=since_s):
                if now.s - since_s >= AUTHORIZE_PATIENCE_S:
                    self._decide(self.state, None, now)
            case Authorized():
                self._advance_authorized(self.state, now)
            case Transaction(stopping=stopping) if stopping is not None:
                self._try_to_stop(self.state, stopping, now)
            case Transaction():
                self._advance_transaction(self.state, now)
            case never:
                assert_never(never)

    def _rest(self, state: Resting) -> None:
        """Idle forgets, Finishing remembers across a restart that this plug-in had its transaction."""
        self.state = state
        self.changes.append(Remembered(FINISHING, state.text if isinstance(state, Finishing) else None))

    def _advance_authorized(self, state: Authorized, now: Now) -> None:
        if not self._service.may_start:
            self.state = state.former
        elif self._box.car_connected:
            self._try_to_start(state, now)
        elif state.source == "free" or (state.expires_s is not None and now.s >= state.expires_s):
            self.state = state.former if state.source != "free" else Idle()

    def _try_to_start(self, state: Authorized, now: Now) -> None:
        """The car is there."""
        reading = begins_with(state, self._box, now.s)
        if reading is None:
            return
        number = self._next_row_id, self._identity.boot_id
        reservation_id = self.reservations.used(state.id_tag, state.parent_id_tag)
        row = started_row(number, state, reading, reservation_id, now)
        self._next_row_id += 1
        self._log = MeterLog.started(row, self._configuration, now)
        self.changes += start_changes(row, self._box.plug_in)
        self.changes += self._log.begin(reading, self._box.supply, now)
        self.state = started_transaction(row, self._box.plug_in, now)

    # A running transaction

    def _advance_transaction(self, state: Transaction, now: Now) -> None:
        closed_once = state.closed_once or self._box.contactor_closed
        faulted = bool(self._box.opening_faults)
        fault_since_s = (state.fault_since_s or now.s) if faulted else None
        self.state = state = replace(state, closed_once=closed_once, fault_since_s=fault_since_s)
        self._limit_invalid(state, now)
        asked = self._stop_asked
        if asked is not None and now.s - asked.since_s >= AUTHORIZE_PATIENCE_S:
            self._stop_by_group(asked.id_tag, None, now)
        if (reason := end_reason(state, self._box, now.s)) is not None:
            self.stop(reason, now)
        elif self._log is not None:
            reading = self._box.fresh_reading(now.s)
            self.changes += self._log.periodic(reading, self._box.supply, now)

    def take_aligned(self, taken: Sample) -> bool:
        """Clock-aligned values of a transaction are of its row. False: there is none."""
        if self._log is not None:
            self.changes += self._log.aligned(taken)
        return self._log is not None

    def dated(self, moment: datetime) -> datetime:
        """In a transaction nothing is dated before its last sample, whatever became of the clock."""
        return self._log.dated(moment) if self._log is not None else moment

    def date(self, now: Now) -> None:
        """Time is known now: the running transaction gets its dates."""
        if isinstance(self.state, Transaction) and self._log is not None:
            self.state = replace(self.state, started_at=now.place(self.state.started_at))
            self._log.date(now)

    def stop(self, reason: str, now: Now, *, id_tag: str | None = None) -> None:
        """The decision; the row follows when the contactor is open and the meter read. Idempotent."""
        if isinstance(self.state, Transaction) and self.state.stopping is None:
            held = self.status(now)
            stopping = Stopping(reason, id_tag, now.s, held)
            self.changes.append(Remembered(STOPPING, stopping.text(self.state.row_id)))
            self.state = replace(self.state, stopping=stopping)

    def _try_to_stop(self, state: Transaction, stopping: Stopping, now: Now) -> None:
        final = meter_stop(state, stopping, self._box, self._last_energy_wh, now.s)
        if final is None:
            return
        if self._log is not None and self._box.reading is not None:
            self.changes += self._log.end(self._box.reading, final.energy_wh, self._box.supply, now)
        self.changes += (stop_row(state, stopping, final, self._log, now), Remembered(STOPPING, None))
        self._log = self._stop_asked = None
        self.stopped_row = state.row_id
        kept = stopping.reason == "EVDisconnected" and self.cable == "keep"
        owner = Owner(state.id_tag, state.parent_id_tag) if kept else None
        self._rest(Finishing(owner, state.plug_in))

    # StartTransaction.conf

    def start_confirmed(self, row_id: int, transaction_id: int, answer: IdTagInfo, now: Now) -> None:
        """StartTransaction.conf of a row; the id is used verbatim, whatever it is."""
        state = self.state
        if not isinstance(state, Transaction) or state.row_id != row_id:
            return
        parent = answer.parent_id_tag or state.parent_id_tag
        self.state = state = replace(
            state, transaction_id=transaction_id, parent_id_tag=parent, invalid=not answer.accepted
        )
        self._limit_invalid(state, now)

    def _limit_invalid(self, state: Transaction, now: Now) -> None:
        """OCPP 1.6 4.8, 9.1: StopTransactionOnInvalidId and MaxEnergyOnInvalidId, as they stand now."""
        if not state.invalid or state.stopping is not None:
            return
        spent = energy_spent(state, self._box, self._configuration.seconds("MaxEnergyOnInvalidId"))
        if spent and self._configuration.is_on("StopTransactionOnInvalidId"):
            self.stop("DeAuthorized", now)
        else:
            self.state = replace(state, deauthorized=spent)
