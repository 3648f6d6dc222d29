"""What connectors 0 and 1 report besides transactions: statuses, errors, meter values, observations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from bridge.core.now import Now, is_dated
from bridge.core.outgoing import Outgoing
from bridge.core.premises import Premises
from bridge.core.reporting.clock_aligned_data import ClockAligned
from bridge.core.reporting.faults import NO_ERROR, Report, error
from bridge.core.reporting.meter_values import Occasion, meter_values, sample
from bridge.core.reporting.notifications import Notice, Notifier, box_notification, notification
from bridge.core.reporting.observations import Observations, Snapshot
from bridge.core.rows import Sample
from bridge.core.session import CONNECTOR_ID, State, Transaction
from hal.contract import Reading

# So long after a start of the bridge nothing is reported that rests on a first word of `hal`: they start
# together, and a meter is found, and read, some seconds later than the bridge connects.
FIRST_WORD_S = 5.0


class Reported(Protocol):
    """Connector 1, as far as reports look at it; its room is above this one."""

    stopped_row: int | None  # whose StopTransaction is sent before the next status

    @property
    def state(self) -> State: ...

    def status(self, now: Now) -> str: ...

    def dated(self, moment: datetime) -> datetime: ...

    def feed_aligned(self, taken: Sample) -> bool: ...

    def resume(self, reading: Reading, now: Now) -> None: ...


class Reports:
    """Reports changes; call `step` after the connector's. Nothing is queued while offline."""

    def __init__(self, premises: Premises, connector: Reported, now: Now) -> None:
        self._premises = premises
        self._box, self._service = premises.box, premises.service
        self._configuration = premises.configuration
        self._connector = connector
        self._observations = Observations()
        self._aligned = ClockAligned()
        self._notifier = Notifier()
        self._box_sent: bool | None = None
        self._born_s = now.s
        self._resumed = isinstance(connector.state, Transaction)

    def step(self, now: Now) -> None:
        """Reports what it is time for."""
        self._sample_aligned(now)
        if self.begun(now):
            self._announce(now)
        if self._observations.due(now):
            self.observations(now)

    def begun(self, now: Now) -> bool:
        """Says whether statuses are reported yet: a restarted bridge never reports Available first, nor what
        an earlier boot left before its end is decided."""
        state = self._connector.state
        ends = isinstance(state, Transaction) and state.of_earlier_boot and not self._service.on_trial
        known = self._box.status is not None and not ends
        return known or now.s - self._born_s >= FIRST_WORD_S

    def link_registered(self, now: Now) -> None:
        """Sends the current status of 0 and 1 again, before the queue of rows."""
        self._notifier.connected(now)
        self._box_sent = None
        self._connector.stopped_row = None

    def date(self, now: Now) -> None:
        """Gives dates to what has none: time is known now."""
        self._notifier.date(now)
        self._observations.date(now)

    # Statuses

    @property
    def _box_operative(self) -> bool:
        """OCPP 1.6 5.2: a scheduled change is in force when the transaction is over; 4.2: accepted once."""
        in_service = self._service.operative and self._service.accepted
        return in_service or isinstance(self._connector.state, Transaction)

    def _announce(self, now: Now) -> None:
        if not self._box.car_in_doubt:
            self._notifier.observe(self._connector.status(now), error(self._box, self._service), now)
        if not self._service.online:
            return
        operative, first = self._box_operative, self._box_sent is None
        after = None if first else self._connector.stopped_row  # on a new connection they go before the rows
        if operative != self._box_sent:
            self._box_sent = operative
            self._notify(box_notification(operative, now), after)
        notice = self._notifier.due(self._configuration.whole("MinimumStatusDuration"), now)
        if notice is not None:
            self._notify(notification(CONNECTOR_ID, notice), after)
            self._connector.stopped_row = None

    def _notify(self, payload: dict[str, Any], after_stop_of: int | None) -> None:
        self._premises.decisions.calls.append(
            Outgoing("StatusNotification", payload, after_stop_of=after_stop_of)
        )

    def notify_passing(self, report: Report, now: Now) -> None:
        """Reports an error of the box and clears it at once: it stops nothing."""
        for each in (report, NO_ERROR):
            self._notify(box_notification(self._box_operative, now, each), None)

    def send_status(self, connector_id: int, now: Now) -> None:
        """Sends the current status, as triggered, whether it was sent before or not."""
        if connector_id == 0:
            self._notify(box_notification(self._box_operative, now), None)
            return
        standing = self._notifier.standing
        status = self._connector.status(now) if standing is None else standing.status
        report = error(self._box, self._service) if standing is None else standing.report
        self._notify(notification(CONNECTOR_ID, Notice(status, report, now)), None)

    # Meter values

    def awaits_reading(self, now: Now) -> bool:
        """Says whether this program has just started, and the first reading is still to come."""
        return self._box.reading is None and now.s - self._born_s < FIRST_WORD_S

    def trigger_meter_values(self, now: Now) -> bool:
        """Sends values of no row. False: no fresh reading, or they are a transaction's while a version is on
        trial."""
        held = self._service.on_trial and isinstance(self._connector.state, Transaction)
        reading = None if held else self._box.fresh_reading(now.s)
        if reading is None:
            return False
        measurands = self._configuration.text("MeterValuesSampledData")
        occasion = Occasion(self._connector.dated(now.utc), "Trigger", measurands)
        return self._say(sample(reading, self._box.supply, occasion))

    def report_resumed(self, now: Now) -> None:
        """Samples a transaction that outlived a restart, as soon as there is a reading. The sample is one of
        its row: sent at once, it would come before older ones that a killed program left behind."""
        if self._resumed and self._service.online and not self._service.on_trial:
            state = self._connector.state
            goes_on = (
                isinstance(state, Transaction) and state.stopping is None and state.transaction_id is not None
            )
            wanted = goes_on and self._configuration.whole("MeterValueSampleInterval") != 0
            reading = self._box.fresh_reading(now.s) if wanted else None
            if reading is not None:
                self._connector.resume(reading, now)
            self._resumed = wanted and reading is None

    def _sample_aligned(self, now: Now) -> None:
        """OCPP 1.6 9.1 ClockAlignedDataInterval: with a transaction of its row, without one said at once."""
        taken = self._aligned.step(self._configuration, self._box, now)
        if taken is not None and not self._connector.feed_aligned(taken) and self._service.online:
            self._say(taken)

    def _say(self, taken: Sample) -> bool:
        """Sends on lane 1, not of a row. False: there is no value in it, or nobody knows the time."""
        behaviour = self._premises.provisioning.behaviour
        elements = meter_values(taken, self._box.supply, behaviour) if is_dated(taken.at) else []
        if not elements:
            return False
        payload: dict[str, Any] = {"connectorId": CONNECTOR_ID, "meterValue": elements}
        state = self._connector.state
        if isinstance(state, Transaction) and state.transaction_id is not None:
            payload["transactionId"] = state.transaction_id
        self._premises.decisions.calls.append(Outgoing("MeterValues", payload))
        return True

    # Observations

    def observations(self, now: Now) -> Observations:
        """Looks once more, and returns all of them."""
        seen = Snapshot(
            configuration=self._configuration,
            service=self._service,
            box=self._box,
            state=self._connector.state,
            status=self._connector.status(now),
            firmware_version=self._premises.provisioning.firmware_version,
            running_s=now.s - self._born_s,
            now=now,
        )
        self._observations.look(seen)
        return self._observations
