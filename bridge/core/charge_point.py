"""The charge point: what box and Central System say goes in, wishes, rows and calls come out.

Whoever owns it calls `step` once after every event. What is decided collects until `drain` hands it over.
Changes are made durable before any wish or frame that rests on them leaves the program.
"""

from __future__ import annotations

from dataclasses import replace

from bridge.core.box_view import BoxView, Level
from bridge.core.calendar import Undated
from bridge.core.configuration.authorization_key import AUTHORIZATION_KEY, Passwords
from bridge.core.configuration.configuration import Configuration
from bridge.core.decisions import Decided, Decisions
from bridge.core.errand import Ended
from bridge.core.id_tag import IdTagInfo
from bridge.core.limits.absence import Absence
from bridge.core.limits.cap import Cap
from bridge.core.limits.caps import Caps
from bridge.core.limits.dimming import Dimming
from bridge.core.limits.holding import Holding
from bridge.core.limits.installed_profiles import InstalledProfiles
from bridge.core.limits.limit import limit_a
from bridge.core.limits.owner_limit import OwnerLimit
from bridge.core.maintenance.maintenance import Maintenance
from bridge.core.maintenance.restart import Restart, RestartKind
from bridge.core.maintenance.trial import Trial
from bridge.core.now import Now
from bridge.core.premises import Premises
from bridge.core.remembered_values import recalled
from bridge.core.reporting.faults import LIST_CONFLICT, RESET_FAILURE
from bridge.core.reporting.reports import Reports
from bridge.core.rows import Remembered
from bridge.core.service import Service
from bridge.core.session import State, Transaction
from bridge.core.setup import ACCEPTED_AT, OPERATIVE, OWNER_LIMIT, Memory, Provisioning
from bridge.core.transaction.connector import Connector
from bridge.core.wish import FaultClearing, WishContent, lamp
from hal.contract import Box as WallboxBox
from hal.contract import Card


class ChargePoint:
    """The charge point: connectors 0 and 1, and what they share."""

    def __init__(
        self, provisioning: Provisioning, configuration: Configuration, memory: Memory, now: Now
    ) -> None:
        self.configuration = configuration
        self.provisioning = provisioning
        self.box = BoxView()
        recall = recalled(memory.remembered)
        memory = replace(memory, remembered=recall.remembered)
        accepted = memory.remembered.get(ACCEPTED_AT) == provisioning.central_system_url
        self.service = Service(
            accepted=accepted or provisioning.accept_before_registration,
            operative=memory.remembered.get(OPERATIVE) != "false",
        )
        self._decisions = Decisions(changes=list(recall.changes), notes=list(recall.notes))
        premises = Premises(provisioning, configuration, self.box, self.service, self._decisions)
        self.connector = Connector(premises, memory)
        self.profiles = InstalledProfiles(memory.profiles, self._decisions)
        self.maintenance = Maintenance(provisioning, memory.remembered, self._decisions)
        place = f"{provisioning.charge_point_id} {provisioning.central_system_url}"
        self.passwords = Passwords(provisioning.password, place, memory.remembered, self._decisions)
        self.clearing = FaultClearing()
        self._restart = Restart()
        self._undated = Undated(provisioning.boot_id, undated=memory.undated)
        dimming = Dimming(memory.open_dimming, memory.next_dimming_id, provisioning.boot_id, self._decisions)
        absence = Absence(provisioning.lost_limit, now.s)
        owner = OwnerLimit(memory.remembered.get(OWNER_LIMIT), self._decisions)
        self._caps = Caps(owner, absence, dimming, provisioning.surplus, now)
        self._holding = Holding(self.profiles, self._caps, self._decisions)
        self._start_unrecorded = False
        self.connector.recall(memory, now)
        self.reports = Reports(premises, self.connector, now)

    @property
    def state(self) -> State:
        """Returns the state of connector 1."""
        return self.connector.state

    @property
    def restart(self) -> RestartKind | None:
        """Says which restart is due, after what was decided is carried out."""
        return self._restart.due

    @property
    def start_unrecorded(self) -> bool:
        """Says whether the start of the running transaction is not durable yet."""
        return self._start_unrecorded

    def drain(self) -> Decided:
        """Returns what was decided since the last time."""
        return self._decisions.drain()

    def wish(self, now: Now) -> WishContent:
        """Returns what to ask of the box at this moment."""
        status = self.connector.status(now)
        limit = limit_a(self.state, self.box, self.profiles, self._caps, now)
        return WishContent(
            limit_a=0.0 if self._start_unrecorded or self.service.on_trial else limit,
            cable=self.connector.cable,
            lamp=lamp(self.state, status, refused=self.connector.refused(now.s), online=self.service.online),
            clear_faults=self.clearing.refs(now),
        )

    def caps_a(self, now: Now) -> dict[str, float]:
        """Returns the limits that no profile sets, by what sets them."""
        return dict(self._caps.by_name(self.box, now))

    def caps(self, now: Now) -> tuple[Cap, ...]:
        """Returns the same with until when each holds, where that is known."""
        return self._caps.each(self.box, now)

    # From the box

    def heard(self, message: Level | Card, now: Now) -> None:
        """Follows a message of the socket of `hal.safety`."""
        if isinstance(message, Card):
            self.connector.card_presented(message, now)
            return
        self.box.feed(message, now.s)
        if isinstance(message, WallboxBox):
            self.configuration.wired(message.phases)

    def follow_trial(self, trial: Trial) -> None:
        """Follows the trial of a new version: whether one is, in words."""
        if trial.why == self.service.trial:
            return
        self.service.trial = trial.why
        if trial.why:
            rules = "connector 1 is Unavailable, and no session starts, ends or is sent before that is over"
            self._decisions.notes.append(f"{trial.why}: {rules}")
        else:
            self._decisions.notes.append("no version is on trial any more: sessions start, end and are sent")

    def step(self, now: Now) -> None:
        """Decides what follows from time; called after every event and at least each half second."""
        self._date(now)
        self.box.watch(now.s)
        rotation = self.configuration.phase_rotation
        self._caps.step(self.box, rotation, online=self.service.online, now=now)
        self.connector.step(now)
        self.profiles.follow(self.state)
        self._holding.step(self.state, self.box, now)
        unfit = self.reports.begun(now) and self.connector.status(now) in ("Faulted", "Unavailable")
        if unfit and not self.service.on_trial:  # a version that is put back would have it again
            self.connector.reservations.end()  # OCPP 1.6 5.13
        self.reports.step(now)
        in_transaction = isinstance(self.state, Transaction)
        self.maintenance.step(now, self.service, in_transaction=in_transaction)
        self.service.updating = self.maintenance.firmware.refuses_starts
        if self.maintenance.firmware.wants_restart:
            self._restart.ask("hard", now)  # every program is of the new version
        self._restart.step(now, in_transaction=in_transaction)
        self.reports.report_resumed(now)

    def _date(self, now: Now) -> None:
        """Gives dates to what has none, once time is known, before anything else is dated."""
        of_earlier_boot = isinstance(self.state, Transaction) and self.state.of_earlier_boot
        if (dated := self._undated.step(now, of_earlier_boot=of_earlier_boot)) is not None:
            self._decisions.changes.append(dated)
            for each in (self.connector, self.profiles, self._caps.dimming, self.reports):
                each.date(now)

    def record_kept(self, *, recorded: bool, settled: bool, start_unrecorded: bool) -> None:
        """Notes whether the store accepts changes, has stored all, and lacks the running transaction."""
        self.service.recorded = recorded
        self.service.settled = settled
        self._start_unrecorded = start_unrecorded

    # From the conversation

    def link_registered(self, now: Now) -> None:
        """Reports the current status of 0 and 1 to an accepted connection, never history."""
        self.service.online = self.service.accepted = True
        self._decisions.changes.append(Remembered(ACCEPTED_AT, self.provisioning.central_system_url))
        self.reports.link_registered(now)

    def link_lost(self) -> None:
        """Notes that there is no registered link any more."""
        self.service.online = False
        self.maintenance.link_lost()

    def authorize_answered(self, ticket: int, answer: IdTagInfo | None, now: Now) -> None:
        """Follows Authorize.conf; None: a CALLERROR or a lost link, and the offline rules decide."""
        self.connector.authorize_answered(ticket, answer, now)

    def start_confirmed(self, row_id: int, transaction_id: int, answer: IdTagInfo, now: Now) -> None:
        """Follows StartTransaction.conf of a row."""
        self.connector.start_confirmed(row_id, transaction_id, answer, now)

    def id_tag_answered(self, id_tag: str, info: IdTagInfo, now: Now) -> None:
        """Stores the IdTagInfo of any answer. OCPP 1.6 7.6: LocalListConflict is sent, and cleared at once,
        since it stops nothing."""
        if self.connector.authorization.remember(id_tag, info, now):
            self.reports.notify_passing(LIST_CONFLICT, now)

    def stop_delivered(self, row_id: int) -> None:
        """Follows StopTransaction.conf of a row: a pending Reset need not wait any longer."""
        self._restart.stop_delivered(row_id)

    # Asked by the Central System

    def accept_restart(self, kind: RestartKind, now: Now) -> None:
        """OCPP 1.6 5.14: ends the transaction first, with the reason of the kind."""
        row_id = self.state.row_id if isinstance(self.state, Transaction) else None
        self._restart.accept(kind, row_id)
        self.service.restarting = True
        self.connector.stop("SoftReset" if kind == "soft" else "HardReset", now)

    def restart_failed(self, now: Now) -> None:
        """Notes that no restart could be asked for: after ResetRetries the box is in service again."""
        if self._restart.failed(self.configuration.whole("ResetRetries"), now):
            self.service.restarting = False
            self.reports.notify_passing(RESET_FAILURE, now)

    def set_operative(self, operative: bool) -> bool:
        """OCPP 1.6 5.2, persisted. False: scheduled, in force when the transaction is over."""
        self.service.operative = operative
        self._decisions.changes.append(Remembered(OPERATIVE, "true" if operative else "false"))
        return operative or not isinstance(self.state, Transaction)

    def change_key(self, name: str, value: str) -> str:
        """Changes a key (OCPP 1.6 5.3) and returns the ConfigurationStatus."""
        if name.lower() == AUTHORIZATION_KEY.lower():
            return self._write_password(value)
        answer, changes = self.configuration.change(name, value)
        self._decisions.changes += changes
        return answer

    def _write_password(self, value: str) -> str:
        """RFC 7617: a name with a colon can have none."""
        if ":" in self.provisioning.charge_point_id:
            return "Rejected"
        as_it_is = self.configuration.is_on("UseAuthorizationKeyWithoutDecoding")
        return self.passwords.write(value, decodes=not as_it_is)

    # Asked by the owner

    def owner_limits(self, limit_a: float | None) -> None:
        """Puts the owner's limit in force, at once and for good; None removes it. Raises ValueError for one
        that is none."""
        self._caps.owner.set(limit_a)

    # Errands

    def errand_ended(self, ended: Ended, now: Now) -> None:
        """Follows the end of an errand, as its job reports it."""
        self.maintenance.ended(ended, now)
