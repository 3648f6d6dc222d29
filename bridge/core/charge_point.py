"""The charge point: what box and Central System say goes in, wishes, rows and calls come out.

Whoever owns it calls `step` once after every event. What is decided collects until `take` hands it over.
Changes are made durable before any wish or frame that rests on them leaves the program.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from bridge.core.box_view import BoxView
from bridge.core.calendar import Undated
from bridge.core.calls import Outgoing
from bridge.core.configuration.authorization_key import AUTHORIZATION_KEY, Passwords
from bridge.core.configuration.configuration import Configuration
from bridge.core.id_tag import IdTagInfo
from bridge.core.limits.absence import Absence
from bridge.core.limits.installed_profiles import InstalledProfiles
from bridge.core.limits.limit import limit_a
from bridge.core.maintenance.errand import Ended, Errand
from bridge.core.maintenance.maintenance import Maintenance
from bridge.core.maintenance.restart import Restarting, RestartKind
from bridge.core.now import Now, is_dated
from bridge.core.remembered import recalled
from bridge.core.reporting.clock_aligned import ClockAligned
from bridge.core.reporting.faults import LIST_CONFLICT, NO_ERROR, RESET_FAILURE, Report, error
from bridge.core.reporting.meter_values import Occasion, meter_values, sample
from bridge.core.reporting.notifications import Notifier, Told, box_notification, notification
from bridge.core.reporting.observations import Observations, View
from bridge.core.rows import Change, Remembered, Sample
from bridge.core.service import Service
from bridge.core.session import CONNECTOR_ID, State, Transaction
from bridge.core.setup import ACCEPTED_AT, OPERATIVE, Identity, Memory
from bridge.core.transaction.connector import Connector
from bridge.core.wish import FaultClearing, WishContent, lamp
from hal.contract import Box as WallboxBox
from hal.contract import Card, InstrumentBox, Reading, Status, Temperatures

FIRST_WORD_S = 5.0  # so long no status is told before `hal.safety` has spoken


@dataclass(frozen=True, slots=True)
class Decided:
    """What an event led to, in the order in which it is to be carried out."""

    changes: tuple[Change, ...]
    calls: tuple[Outgoing, ...]
    errands: tuple[Errand, ...]
    notes: tuple[str, ...]  # for the log


class ChargePoint:
    """Connectors 0 and 1 and what they have in common."""

    def __init__(self, identity: Identity, configuration: Configuration, memory: Memory, now: Now) -> None:
        self.configuration = configuration
        self.identity = identity
        self.box = BoxView()
        recall = recalled(memory.remembered)
        memory = replace(memory, remembered=recall.remembered)
        accepted = memory.remembered.get(ACCEPTED_AT) == identity.central_system_url
        self.service = Service(
            accepted=accepted or identity.accept_before_registration,
            operative=memory.remembered.get(OPERATIVE) != "false",
        )
        self.connector = Connector(identity, configuration, self.box, self.service, memory)
        self.profiles = InstalledProfiles(memory.profiles)
        self.maintenance = Maintenance(identity.firmware_version, memory.remembered)
        place = f"{identity.charge_point_id} {identity.central_system_url}"
        self.passwords = Passwords(identity.password, place, memory.remembered)
        self.clearing = FaultClearing()
        self._restarting = Restarting()
        self._aligned = ClockAligned()
        self._undated = Undated(identity.boot_id, undated=memory.undated)
        self._absence = Absence(identity.lost_limit, now.s)
        self._notifier = Notifier()
        self._box_told: bool | None = None
        self._start_unrecorded = False
        self._born_s = now.s
        self._changes: list[Change] = list(recall.changes)
        self._notes: list[str] = list(recall.notes)
        self._calls: list[Outgoing] = []
        self.connector.recall(memory, now)
        self._resumed = memory.open_row is not None

    @property
    def state(self) -> State:
        """The session of connector 1."""
        return self.connector.state

    @property
    def restart(self) -> RestartKind | None:
        """Time to leave, after what was decided is carried out."""
        return self._restarting.due

    def take(self) -> Decided:
        """What was decided since the last time."""
        connector, maintenance = self.connector, self.maintenance
        changes = (
            connector.changes,
            connector.reservations.changes,
            self.profiles.changes,
            maintenance.changes,
            self.passwords.changes,
            self._changes,
        )
        calls = (connector.calls, self._calls, maintenance.calls)
        errands = maintenance.take_errands()
        notes = (self._notes, self.passwords.notes)
        made = (*chain(*changes), *connector.authorization.take())
        decided = Decided(made, tuple(chain(*calls)), errands, tuple(chain(*notes)))
        for collected in (*changes, *calls, *notes):
            collected.clear()
        return decided

    def wish(self, now: Now) -> WishContent:
        """What to ask of the box at this moment."""
        status = self.connector.status(now)
        limit = limit_a(self.state, self.box, self.profiles, self._absence, now)
        return WishContent(
            limit_a=0.0 if self._start_unrecorded else limit,
            cable=self.connector.cable,
            lamp=lamp(self.state, status, refused=self.connector.refused(now.s), online=self.service.online),
            clear_faults=self.clearing.refs(now),
        )

    # From the box

    def heard(
        self, message: Status | Reading | Temperatures | InstrumentBox | WallboxBox | Card, now: Now
    ) -> None:
        """A message of the socket of `hal.safety`."""
        match message:
            case Status():
                self.box.take_status(message, now.s)
            case Reading():
                self.box.reading = message
            case Temperatures():
                self.box.temperatures = message
            case InstrumentBox():
                self.box.take_instruments(message, now.s)
            case WallboxBox():
                self.box.box = message
                self.configuration.wired(message.phases)
            case Card():
                self.connector.card_presented(message, now)

    def step(self, now: Now) -> None:
        """After every event and at least each half second."""
        self._date(now)
        self.box.watch_meter(now.s)
        self._absence.observe(online=self.service.online, now_s=now.s)
        self.connector.step(now)
        self.profiles.follow(self.state)
        self._take_aligned(now)
        self._announce(now)
        if self.maintenance.observations.due(now):
            self.observations(now)
        in_transaction = isinstance(self.state, Transaction)
        self.maintenance.step(now, online=self.service.online, in_transaction=in_transaction)
        self.service.updating = self.maintenance.firmware.refuses_starts
        if self.maintenance.firmware.wants_restart:
            self._restarting.ask("hard", now)  # every program is of the new version
        self._restarting.step(now, in_transaction=in_transaction)
        if self._resumed and self.service.online:
            self._resumed = not self._tell_resumed(now)

    def _date(self, now: Now) -> None:
        """Time has become known: before anything else is dated."""
        of_earlier_boot = isinstance(self.state, Transaction) and self.state.of_earlier_boot
        if (dated := self._undated.step(now, of_earlier_boot=of_earlier_boot)) is not None:
            self._changes.append(dated)
            for each in (self.connector, self.profiles, self._notifier, self.maintenance.observations):
                each.date(now)

    def record_kept(self, *, recorded: bool, settled: bool, start_unrecorded: bool) -> None:
        """Whether the store takes what is decided, has taken all of it, and lacks the running transaction."""
        self.service.recorded = recorded
        self.service.settled = settled
        self._start_unrecorded = start_unrecorded

    # From the conversation

    def link_registered(self) -> None:
        """An accepted connection: the current status of 0 and 1, never history."""
        self.service.online = self.service.accepted = True
        self._changes.append(Remembered(ACCEPTED_AT, self.identity.central_system_url))
        self._notifier.forget()
        self._box_told = None
        self.connector.stopped_row = None  # the statuses go before the queue

    def link_lost(self) -> None:
        """No registered link any more."""
        self.service.online = False
        self.maintenance.link_lost()

    def authorize_answered(self, ticket: int, answer: IdTagInfo | None, now: Now) -> None:
        """Authorize.conf; None when it was a CALLERROR or the link was lost: the offline rules decide."""
        self.connector.authorize_answered(ticket, answer, now)

    def start_confirmed(self, row_id: int, transaction_id: int, answer: IdTagInfo, now: Now) -> None:
        """StartTransaction.conf of a row."""
        self.connector.start_confirmed(row_id, transaction_id, answer, now)

    def id_tag_told(self, id_tag: str, info: IdTagInfo, now: Now) -> None:
        """Any answer that speaks of an idTag, in time or late. OCPP 1.6 7.6: LocalListConflict is told, and
        cleared at once, since what it stops is nothing."""
        if self.connector.authorization.told(id_tag, info, now):
            self._notify_passing(LIST_CONFLICT, now)

    def stop_delivered(self, row_id: int) -> None:
        """StopTransaction.conf of a row: a pending Reset need not wait any longer."""
        self._restarting.stop_delivered(row_id)

    # Asked by the Central System

    def accept_restart(self, kind: RestartKind, now: Now) -> None:
        """OCPP 1.6 5.14: ends the transaction first, with the reason of the kind."""
        row_id = self.state.row_id if isinstance(self.state, Transaction) else None
        self._restarting.accept(kind, row_id)
        self.service.restarting = True
        self.connector.stop("SoftReset" if kind == "soft" else "HardReset", now)

    def restart_failed(self, now: Now) -> None:
        """The programs could not be asked to start anew: after ResetRetries the box is in service again."""
        if self._restarting.failed(self.configuration.seconds("ResetRetries"), now):
            self.service.restarting = False
            self._notify_passing(RESET_FAILURE, now)

    def set_operative(self, operative: bool) -> bool:
        """OCPP 1.6 5.2, persisted. False: scheduled, in force when the transaction is over."""
        self.service.operative = operative
        self._changes.append(Remembered(OPERATIVE, "true" if operative else "false"))
        return operative or not isinstance(self.state, Transaction)

    def change_key(self, name: str, value: str) -> str:
        """OCPP 1.6 5.3: ConfigurationStatus."""
        if name.lower() == AUTHORIZATION_KEY.lower():
            return self._write_password(value)
        answer, changes = self.configuration.change(name, value)
        self._changes += changes
        return answer

    def _write_password(self, value: str) -> str:
        """RFC 7617: a name with a colon can have none."""
        if ":" in self.identity.charge_point_id:
            return "Rejected"
        as_it_is = self.configuration.is_on("UseAuthorizationKeyWithoutDecoding")
        return self.passwords.write(value, decodes=not as_it_is)

    # Errands

    def errand_ended(self, ended: Ended, now: Now) -> None:
        """A job tells how its errand went."""
        self.maintenance.ended(ended, now)

    def observations(self, now: Now) -> Observations:
        """As of this moment."""
        view = View(
            configuration=self.configuration,
            service=self.service,
            box=self.box,
            state=self.state,
            status=self.connector.status(now),
            firmware_version=self.identity.firmware_version,
            running_s=now.s - self._born_s,
            now=now,
        )
        self.maintenance.observations.look(view)
        return self.maintenance.observations

    # What connectors 0 and 1 tell

    @property
    def _box_operative(self) -> bool:
        """OCPP 1.6 5.2: a scheduled change is in force when the transaction is over; 4.2: accepted once."""
        in_service = self.service.operative and self.service.accepted
        return in_service or isinstance(self.state, Transaction)

    def _announce(self, now: Now) -> None:
        if self.box.status is None and now.s - self._born_s < FIRST_WORD_S:
            return  # a restarted bridge tells its true status, never Available first
        if self.connector.status(now) in ("Faulted", "Unavailable"):
            self.connector.reservations.end()  # OCPP 1.6 5.13
        self._notifier.observe(self.connector.status(now), error(self.box, self.service, now.s), now)
        if not self.service.online:
            return
        operative = self._box_operative
        if operative != self._box_told:
            self._box_told = operative
            self._notify(box_notification(operative, now), self.connector.stopped_row)
        told = self._notifier.due(self.configuration.seconds("MinimumStatusDuration"), now)
        if told is not None:
            self._notify(notification(CONNECTOR_ID, told), self.connector.stopped_row)
            self.connector.stopped_row = None

    def _tell_resumed(self, now: Now) -> bool:
        """One MeterValues for the transaction that outlived a restart; False: no reading yet."""
        state = self.state
        goes_on = (
            isinstance(state, Transaction) and state.stopping is None and state.transaction_id is not None
        )
        if not goes_on or self.configuration.seconds("MeterValueSampleInterval") == 0:
            return True
        return self.send_meter_values("Sample.Periodic", now)

    def _notify_passing(self, report: Report, now: Now) -> None:
        """Of the box, and cleared at once: it stops nothing."""
        for each in (report, NO_ERROR):
            self._notify(box_notification(self._box_operative, now, each), None)

    def _notify(self, payload: dict[str, Any], after_stop_of: int | None) -> None:
        self._calls.append(Outgoing("StatusNotification", payload, after_stop_of=after_stop_of))

    def send_status(self, connector_id: int, now: Now) -> None:
        """Triggered: the current status, whether it was told before or not."""
        if connector_id == 0:
            self._notify(box_notification(self._box_operative, now), None)
            return
        told = self._notifier.standing or Told(
            self.connector.status(now), error(self.box, self.service, now.s), now
        )
        self._notify(notification(CONNECTOR_ID, told), None)

    def send_meter_values(self, context: str, now: Now) -> bool:
        """Not of the row's samples: triggered, or the first after a restart. False: no fresh reading."""
        reading = self.box.fresh_reading(now.s)
        if reading is None:
            return False
        measurands = self.configuration.text("MeterValuesSampledData")
        occasion = Occasion(self.connector.dated(now.utc), context, measurands)
        return self._say(sample(reading, self.box.supply, occasion))

    def _take_aligned(self, now: Now) -> None:
        """OCPP 1.6 9.1 ClockAlignedDataInterval: with a transaction of its row, without one said at once."""
        taken = self._aligned.step(self.configuration, self.box, now)
        if taken is not None and not self.connector.take_aligned(taken) and self.service.online:
            self._say(taken)

    def _say(self, taken: Sample) -> bool:
        """Lane 1: not of a row. False: there is no value in it, or nobody knows the time."""
        elements = meter_values(taken, self.box.supply, self.identity.behaviour) if is_dated(taken.at) else []
        if not elements:
            return False
        payload: dict[str, Any] = {"connectorId": CONNECTOR_ID, "meterValue": elements}
        if isinstance(self.state, Transaction) and self.state.transaction_id is not None:
            payload["transactionId"] = self.state.transaction_id
        self._calls.append(Outgoing("MeterValues", payload))
        return True
