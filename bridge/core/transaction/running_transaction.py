"""The running transaction: from the row of its start to the row of its stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bridge.core.id_tag import IdTagInfo, same_tag
from bridge.core.now import Now
from bridge.core.premises import Premises
from bridge.core.reporting.meter_log import MeterLog
from bridge.core.reporting.status import charge_point_status, view
from bridge.core.rows import Remembered, Sample, TransactionRow
from bridge.core.session import Finishing, Owner, Stopping, Transaction
from bridge.core.setup import LIFE, STOPPING
from bridge.core.transaction.cable import cable
from bridge.core.transaction.start import start_changes
from bridge.core.transaction.stop import end_reason, energy_spent, meter_stop, stop_row
from hal.contract import Reading

# Ends that neither car nor Central System wanted: free charging starts once more for the same car.
INTERRUPTED = frozenset({"PowerLoss", "Reboot", "SoftReset", "HardReset"})


class RunningTransaction:
    """One transaction. Call `watch` and then `go_on` at every step; once a stop is decided, call `finish`."""

    def __init__(self, state: Transaction, log: MeterLog, premises: Premises) -> None:
        self.state = state
        self._changes = premises.decisions.changes
        self._log = log
        self._premises = premises
        self._status_with_car: str | None = None  # the last one; None: no car has been seen yet

    def begin(self, row: TransactionRow, reading: Reading, now: Now) -> None:
        """Begins a new one, with its first sample: its row is durable before anything else comes of it."""
        self._changes += start_changes(row, self.state.plug_in)
        self._changes += self._log.begin(reading, self._premises.box.supply, now)

    def watch(self, now: Now) -> None:
        """Notes what the box shows of it, and whether an invalid idTag has had its energy."""
        box, state = self._premises.box, self.state
        fault_since_s = (state.fault_since_s or now.s) if box.opening_faults else None
        closed_once = state.closed_once or box.contactor_closed
        self.state = replace(state, closed_once=closed_once, fault_since_s=fault_since_s)
        if box.car_seen:
            self._status_with_car = self._status(now)
        self._limit_invalid(now)

    def _status(self, now: Now) -> str:
        return charge_point_status(view(self.state, self._premises.service, self._premises.box, now.s), now.s)

    def go_on(self, now: Now) -> None:
        """Ends for a reason that the box gives, or takes the sample that is due."""
        box = self._premises.box
        if (reason := end_reason(self.state, box, now.s)) is not None:
            self.stop(reason, now)
        else:
            reading = box.fresh_reading(now.s)
            self._changes += self._log.periodic(reading, box.supply, now)
            self._changes += self._log.sign_of_life(reading, now)

    def resume(self, reading: Reading, now: Now) -> None:
        """Takes the first sample after a restart of the program."""
        self._changes += self._log.resume(reading, self._premises.box.supply, now)

    def feed_aligned(self, taken: Sample) -> None:
        """Puts clock-aligned values into its row."""
        self._changes += self._log.aligned(taken)

    def dated(self, moment: datetime) -> datetime:
        """Returns a moment that is not before its last sample, whatever became of the clock."""
        return self._log.dated(moment)

    def date(self, now: Now) -> None:
        """Gives it its dates: time is known now."""
        self.state = replace(self.state, started_at=now.place(self.state.started_at))
        self._log.date(now)

    def stop(self, reason: str, now: Now, *, id_tag: str | None = None) -> None:
        """Decides to stop; the row follows when the contactor is open and the meter read. Idempotent."""
        if self.state.stopping is None:
            box = self._premises.box  # of the second before a car has left nothing is reported
            gone = not (box.car_seen or box.opening_faults)
            held = (self._status_with_car if gone else None) or self._status(now)
            stopping = Stopping(reason, id_tag, now.s, held)
            self._changes.append(Remembered(STOPPING, stopping.text(self.state.row_id)))
            self.state = replace(self.state, stopping=stopping)

    def finish(self, stopping: Stopping, now: Now) -> Finishing | None:
        """Decides the last row, and what is left then. None: contactor or meter are waited for."""
        state, box = self.state, self._premises.box
        final = meter_stop(state, stopping, box, self._log.stored_wh, now.s)
        if final is None:
            return None
        final = replace(final, energy_wh=max(final.energy_wh, self._log.least_wh))
        if box.reading is not None:
            self._changes += self._log.end(box.reading, final.energy_wh, box.supply, now)
        self._changes += (stop_row(state, stopping, final, self._log, now), Remembered(STOPPING, None))
        self._changes.append(Remembered(LIFE, None))
        if stopping.reason in INTERRUPTED and self._is_free():
            return Finishing(plug_in=state.plug_in, goes_on=True)
        keeps = cable(state, self._premises.configuration, unlocking=False) == "keep"
        kept = keeps and stopping.reason == "EVDisconnected"
        return Finishing(Owner(state.id_tag, state.parent_id_tag) if kept else None, state.plug_in)

    def _is_free(self) -> bool:
        """Says whether nobody was asked who they are, and nobody is now."""
        configuration = self._premises.configuration
        tag = configuration.text("FreeChargingIdTag")
        return configuration.free_charging and same_tag(self.state.id_tag, tag)

    # StartTransaction.conf

    def confirmed(self, transaction_id: int, answer: IdTagInfo, now: Now) -> None:
        """Takes over transactionId, verbatim, and what is said of the idTag."""
        parent = answer.parent_id_tag or self.state.parent_id_tag
        self.state = replace(
            self.state, transaction_id=transaction_id, parent_id_tag=parent, invalid=not answer.accepted
        )
        self._limit_invalid(now)

    def _limit_invalid(self, now: Now) -> None:
        """Applies StopTransactionOnInvalidId and MaxEnergyOnInvalidId (OCPP 1.6 4.8, 9.1) as they stand."""
        state, configuration = self.state, self._premises.configuration
        if not state.invalid or state.stopping is not None:
            return
        spent = energy_spent(state, self._premises.box, configuration.whole("MaxEnergyOnInvalidId"))
        if spent and configuration.is_on("StopTransactionOnInvalidId"):
            self.stop("DeAuthorized", now)
        else:
            self.state = replace(state, deauthorized=spent)
