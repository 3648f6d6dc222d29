"""The connector: requests to charge or to stop, the decision, and the next state."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, assert_never

from bridge.core.authorization.authorization import Authorization
from bridge.core.authorization.reservation import Reservations
from bridge.core.id_tag import IdTagInfo, Source, same_group, same_tag
from bridge.core.now import Now
from bridge.core.outgoing import Outgoing
from bridge.core.premises import Premises
from bridge.core.reporting.meter_log import MeterLog
from bridge.core.reporting.status import charge_point_status, view
from bridge.core.rows import Remembered, Sample, TransactionRow
from bridge.core.session import (
    Authorized,
    Authorizing,
    Finishing,
    Idle,
    OutsideTransaction,
    Owner,
    Refusal,
    Resting,
    State,
    StopAsked,
    Transaction,
    frees_cable,
    resting,
)
from bridge.core.setup import FINISHING, ORDERLY, RESERVATION, Memory
from bridge.core.transaction.cable import Unlock, UnlockStatus, cable
from bridge.core.transaction.running_transaction import RunningTransaction
from bridge.core.transaction.start import (
    begins_with,
    resumed_transaction,
    started_row,
    started_transaction,
)
from hal.contract import Cable, Card, Reading

CARD_LIFE_S = 5.0
AUTHORIZE_PATIENCE_S = 10.0  # no Authorize.conf for so long after the card: the offline rules
REFUSED_S = 3.0  # how long the lamp shows a refusal
NOT_THEIRS = "another idTag's session runs"
OTHER_ASKED = "the answer for another idTag is open"
OTHER_WAITS = "another idTag waits for the car"
ENDING = "the session is ending"
NOTHING_TO_STOP = "no session runs, and nobody waits for a car"
RESERVED = "the connector is reserved for another"


class Connector:
    """The state machine of the connector: one method for each event, then `step`."""

    def __init__(self, premises: Premises, memory: Memory) -> None:
        self.stopped_row: int | None = None  # whose StopTransaction is sent before the next status
        self.authorization = Authorization(premises.configuration, memory.id_tags, premises.decisions)
        self.reservations = Reservations(memory.remembered.get(RESERVATION), premises.decisions)
        self._premises, self._decisions = premises, premises.decisions
        self._box, self._service = premises.box, premises.service
        self._configuration = premises.configuration
        self._outside: OutsideTransaction = Idle()  # while none runs
        self._running: RunningTransaction | None = None
        self._next_row_id = memory.next_row_id
        self._ticket = 0
        self._stop_asked: StopAsked | None = None
        self._last_card: tuple[str, int] | None = None  # its start of `hal.instruments`, its number
        self.refusal: Refusal | None = None  # the last one
        self._unlock: Unlock | None = None

    @property
    def state(self) -> State:
        """Returns the state of the running transaction; without one the connector's own."""
        return self._running.state if self._running is not None else self._outside

    def status(self, now: Now) -> str:
        """Returns the ChargePointStatus, derived from all that is known now."""
        reserved = self.reservations.held is not None
        seen = view(self.state, self._service, self._box, now.s, reserved=reserved)
        return charge_point_status(seen, now.s)

    @property
    def cable(self) -> Cable:
        """Says who may take the plug out."""
        return cable(self.state, self._configuration, unlocking=self._unlock is not None)

    def unlock(self, now: Now) -> Unlock:
        """OCPP 1.6 5.18: ends a transaction first; the outcome shows in what is returned, in some seconds."""
        self.stop("UnlockCommand", now)
        if self._unlock is None or self._unlock.outcome is not None:  # else the one in progress answers both
            self._unlock = Unlock(now.s)
        return self._unlock

    def refused(self, now_s: float) -> bool:
        """Says whether a card was refused a moment ago."""
        return self.refusal is not None and now_s < self.refusal.at_s + REFUSED_S

    @property
    def unlock_outcome(self) -> Literal["", "open"] | UnlockStatus:
        """Returns that of an UnlockConnector until its plug is out; open: none yet; empty: there is none."""
        return "" if self._unlock is None else self._unlock.outcome or "open"

    # What the program finds when it starts

    def recall(self, memory: Memory, now: Now) -> None:
        """Continues an open row of this boot; ends one of another boot as soon as the meter has been read."""
        if (finishing := memory.remembered.get(FINISHING)) is not None:
            self._outside = Finishing.of(finishing)
        if memory.open_row is not None:
            self._resume(memory.open_row, memory, now)
        if ORDERLY in memory.remembered:
            self._decisions.changes.append(Remembered(ORDERLY, None))

    def _resume(self, row: TransactionRow, memory: Memory, now: Now) -> None:
        log = MeterLog.resumed(row, self._configuration, memory, now)
        state = resumed_transaction(row, memory, self._premises.provisioning.boot_id, now)
        log.of_earlier_boot = state.of_earlier_boot
        self._running = RunningTransaction(state, log, self._premises)

    # From the box

    def card_presented(self, card: Card, now: Now) -> None:
        """Follows a card, the one event that crosses the socket of `hal`: each once, none older than 5 s."""
        last, self._last_card = self._last_card, (card.start_id, card.seq)
        repeated = last is not None and last[0] == card.start_id and card.seq <= last[1]
        age_s = now.s - card.at_s
        if repeated:
            return
        if age_s > CARD_LIFE_S:
            self._refuse(card.id, f"it was presented {age_s:.0f} s ago", now)
        else:
            self._card(card.id, now)

    def _card(self, id_tag: str, now: Now) -> None:
        match self.state:
            case _ if self._service.on_trial:
                self._refuse(id_tag, self._service.trial, now)
            case Finishing(kept_for=Owner(id_tag=owner)) if same_tag(owner, id_tag):
                self._rest(Finishing(plug_in=self.state.plug_in))
            case Idle() | Finishing():
                self._ask_at_rest(id_tag, "card", now)
            case Authorizing(id_tag=asked) if same_tag(asked, id_tag):
                pass  # the answer is on its way
            case Authorizing():
                self._refuse(id_tag, OTHER_ASKED, now)
            case Authorized(source="card" | "page", id_tag=waiting) if same_tag(waiting, id_tag):
                if not self._box.car_connected:
                    self._rest(self.state.former)
            case Authorized():
                self._refuse(id_tag, OTHER_WAITS, now)
            case Transaction():
                self._card_in_transaction(self.state, id_tag, now)
            case never:
                assert_never(never)

    def _ask_at_rest(self, id_tag: str, source: Source, now: Now) -> None:
        faults = self._box.opening_faults
        if not self._service.may_start or faults:
            why = self._service.hindrance or f"the box has the fault {faults[0].id}"
            self._refuse(id_tag, why, now)
        elif self._configuration.free_charging:
            self._refuse(id_tag, "in free charging no card is needed", now)
        else:
            self.ask_authorization(id_tag, source, now)

    def _card_in_transaction(self, state: Transaction, id_tag: str, now: Now) -> None:
        if state.stopping is not None:
            self._refuse(id_tag, ENDING, now)
        elif self._configuration.free_charging:
            self._refuse(id_tag, "in free charging no card is needed", now)
        elif same_tag(state.id_tag, id_tag):
            self.stop("Local", now, id_tag=id_tag)
        elif state.parent_id_tag is None:
            self._refuse(id_tag, NOT_THEIRS, now)
        elif self._service.online:
            self._stop_asked = StopAsked(id_tag, now.s, self._authorize(id_tag))
        else:
            self._stop_by_group(id_tag, None, now)

    def _refuse(self, id_tag: str, why: str, now: Now) -> None:
        """Shows it on the lamp, and says in the log why."""
        self.refusal = Refusal(id_tag, why, now.s, online=self._service.online)
        self._decisions.notes.append(f"idTag {id_tag} starts and stops nothing: {why}")

    # From the owner

    def owner_starts(self, id_tag: str, now: Now) -> str:
        """Asks to charge as a card does; it stops nothing, and frees no cable. Returns why it starts nothing;
        empty: it is asked about, or may charge."""
        before = self.refusal
        match self.state:
            case Idle() | Finishing():
                self._ask_at_rest(id_tag, "page", now)
            case Transaction(stopping=stopping) if stopping is not None:
                self._refuse(id_tag, ENDING, now)
            case Authorizing() | Authorized() | Transaction() as state:
                if not same_tag(state.id_tag, id_tag):
                    self._refuse(id_tag, _of_another(state), now)
            case never:
                assert_never(never)
        return self.refusal.why if self.refusal is not None and self.refusal is not before else ""

    def owner_stops(self, now: Now) -> str:
        """Ends the running session, whoever began it, or forgets who waits for a car. Returns why nothing is
        stopped; empty: it is."""
        match self.state:
            case _ if self._service.on_trial:
                return self._service.trial
            case Transaction():
                self.stop("Local", now)
            case Authorizing(former=former) | Authorized(source="card" | "remote" | "page", former=former):
                self._rest(former)
            case _:
                return NOTHING_TO_STOP
        return ""

    # Authorization

    def ask_authorization(self, id_tag: str, source: Source, now: Now) -> None:
        """Sends Authorize.req while online, unless LocalPreAuthorize spares it; offline rules else. Only from
        Idle or Finishing."""
        known = self.authorization.known(id_tag, now)
        if self.reservations.excludes(id_tag, known):
            self._refuse(id_tag, RESERVED, now)
            return
        asking = self._outside = Authorizing(id_tag, source, now.s, resting(self.state))
        at_once = self.authorization.at_once(id_tag, now)
        if not self._service.online:
            self._decide(asking, None, now)
        elif at_once is not None and self.reservations.admits(id_tag, at_once.parent_id_tag):
            self._decide(asking, at_once, now)
        else:
            self._authorize(id_tag)

    def _authorize(self, id_tag: str) -> int:
        self._ticket += 1
        self._decisions.calls.append(Outgoing("Authorize", {"idTag": id_tag}, ticket=self._ticket))
        return self._ticket

    def authorize_answered(self, ticket: int, answer: IdTagInfo | None, now: Now) -> None:
        """Follows Authorize.conf; None: a CALLERROR or a lost link, and the offline rules decide."""
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
            self._refuse(id_tag, NOT_THEIRS, now)

    def _decide(self, state: Authorizing, answer: IdTagInfo | None, now: Now) -> None:
        answer = answer or self.authorization.offline(state.id_tag, state.source, now)
        if answer.accepted and frees_cable(state, answer.parent_id_tag) and self._box.car_left(now.s):
            self._rest(Finishing())
        elif answer.accepted and self.reservations.admits(state.id_tag, answer.parent_id_tag):
            self.authorize(state.id_tag, state.source, now, parent_id_tag=answer.parent_id_tag)
        else:
            self._refuse(state.id_tag, RESERVED if answer.accepted else answer.status, now)
            self._outside = state.former

    def authorize(self, id_tag: str, source: Source, now: Now, *, parent_id_tag: str | None = None) -> None:
        """Lets it charge: waits for car, lock and reading. Only outside a transaction."""
        time_out_s: float = self._configuration.whole("ConnectionTimeOut")
        if source == "remote":
            time_out_s = self._premises.provisioning.behaviour.remote_start_life_s or time_out_s
        expires_s = now.s + time_out_s if time_out_s else None
        self._outside = Authorized(id_tag, parent_id_tag, source, now.s, expires_s, resting(self.state))

    # Time and the box

    def step(self, now: Now) -> None:
        """Follows what time and the box bring about."""
        if self._unlock is not None:
            self._unlock.step(self.state, self._box, now.s)
            self._unlock = None if self._unlock.over(self._box, now.s) else self._unlock
        self.reservations.step(now, free_charging=self._configuration.free_charging)
        match self.state:
            case Idle():
                if self._configuration.free_charging and self._box.car_connected and self._service.may_start:
                    self.authorize(self._configuration.text("FreeChargingIdTag"), "free", now)
            case Finishing(goes_on=True) if self._configuration.free_charging and self._service.may_start:
                self._rest(Idle())
            case Finishing(kept_for=kept_for, plug_in=plug_in):
                if kept_for is None and (self._box.car_left(now.s) or self._box.plugged_anew(plug_in)):
                    self._rest(Idle())
            case Authorizing(since_s=since_s):
                if now.s - since_s >= AUTHORIZE_PATIENCE_S:
                    self._decide(self.state, None, now)
            case Authorized():
                self._advance_authorized(self.state, now)
            case Transaction():
                if not self._service.on_trial:
                    self._advance_transaction(now)
            case never:
                assert_never(never)

    def _rest(self, state: Resting) -> None:
        """Forgets all in Idle; Finishing is remembered across a restart: this plug-in had its transaction."""
        self._outside = state
        self._decisions.changes.append(
            Remembered(FINISHING, state.text if isinstance(state, Finishing) else None)
        )

    def _advance_authorized(self, state: Authorized, now: Now) -> None:
        if not self._service.may_start:
            if state.source != "free":
                self._refuse(state.id_tag, self._service.hindrance, now)
            self._outside = state.former
        elif self._box.car_connected:
            self._try_to_start(state, now)
        elif state.source == "free" or (state.expires_s is not None and now.s >= state.expires_s):
            self._outside = state.former if state.source != "free" else Idle()

    def _try_to_start(self, state: Authorized, now: Now) -> None:
        """Starts once lock and reading allow it; the car is there."""
        reading = begins_with(state, self._box, now.s)
        if reading is None:
            return
        number = self._next_row_id, self._premises.provisioning.boot_id
        reservation_id = self.reservations.used(state.id_tag, state.parent_id_tag)
        row = started_row(number, state, reading, reservation_id, now)
        self._next_row_id += 1
        log = MeterLog.started(row, self._configuration, now)
        transaction = started_transaction(row, self._box.plug_in, now)
        self._running = RunningTransaction(transaction, log, self._premises)
        self._running.begin(row, reading, now)

    # While a transaction runs

    def _advance_transaction(self, now: Now) -> None:
        running = self._running
        if running is None:
            return
        if (stopping := running.state.stopping) is not None:
            if (left := running.finish(stopping, now)) is not None:
                self.stopped_row = running.state.row_id
                self._running = self._stop_asked = None
                self._rest(left)
            return
        running.watch(now)
        asked = self._stop_asked
        if asked is not None and now.s - asked.since_s >= AUTHORIZE_PATIENCE_S:
            self._stop_by_group(asked.id_tag, None, now)
        running.go_on(now)

    def resume(self, reading: Reading, now: Now) -> None:
        """Samples the transaction that outlived a restart, if it still runs."""
        if self._running is not None:
            self._running.resume(reading, now)

    def feed_aligned(self, taken: Sample) -> bool:
        """Adds clock-aligned values to the row of the transaction. False: there is none."""
        if self._running is not None and not self._service.on_trial:
            self._running.feed_aligned(taken)
        return self._running is not None

    def dated(self, moment: datetime) -> datetime:
        """Dates nothing in a transaction before its last sample, whatever became of the clock."""
        return self._running.dated(moment) if self._running is not None else moment

    def date(self, now: Now) -> None:
        """Gives the running transaction its dates: time is known now."""
        if self._running is not None:
            self._running.date(now)

    def stop(self, reason: str, now: Now, *, id_tag: str | None = None) -> None:
        """Decides to stop, if a transaction runs and nobody has; not while a version is on trial."""
        if self._running is not None and not self._service.on_trial:
            self._running.stop(reason, now, id_tag=id_tag)

    def start_confirmed(self, row_id: int, transaction_id: int, answer: IdTagInfo, now: Now) -> None:
        """Follows StartTransaction.conf of a row."""
        if self._running is not None and self._running.state.row_id == row_id:
            self._running.confirmed(transaction_id, answer, now)


def _of_another(state: Authorizing | Authorized | Transaction) -> str:
    """Says what another idTag does, so that this one starts nothing."""
    match state:
        case Authorizing():
            return OTHER_ASKED
        case Authorized():
            return OTHER_WAITS
        case Transaction():
            return NOT_THEIRS
        case never:
            assert_never(never)
