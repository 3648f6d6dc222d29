"""The maintenance that the Central System may ask for: diagnostics and firmware.

Errands, calls and changes collect until they are drained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from bridge.core.decisions import Decisions
from bridge.core.errand import Ended
from bridge.core.maintenance.diagnostics import Diagnostics
from bridge.core.maintenance.firmware import Firmware, Running
from bridge.core.now import Now
from bridge.core.outgoing import Outgoing
from bridge.core.service import Service
from bridge.core.setup import Provisioning


class Maintenance:
    """`step` comes after every event."""

    def __init__(
        self, provisioning: Provisioning, remembered: Mapping[str, str], decisions: Decisions
    ) -> None:
        running = Running(provisioning.firmware_version, provisioning.allows_older_firmware)
        self.diagnostics = Diagnostics(decisions)
        self.firmware = Firmware(running, remembered, decisions)
        self._decisions = decisions

    def step(self, now: Now, service: Service, *, in_transaction: bool) -> None:
        """Follows what time, the link and the end of a transaction bring about.

        While a version is on trial no update moves and none is judged, and no status is sent: the version
        before would do all of it again.
        """
        if service.on_trial:
            return
        self.diagnostics.step(now)
        self.firmware.step(now, online=service.online, in_transaction=in_transaction)
        for progress in (self.diagnostics.progress, self.firmware.progress):
            if service.online and (call := progress.next_call()) is not None:
                self._decisions.calls.append(call)

    def ended(self, ended: Ended, now: Now) -> None:
        """Follows the end of an errand, as its job reports it."""
        match ended.slot:
            case "diagnostics":
                self.diagnostics.ended(ended.ticket, ended.outcome, now)
            case "firmware":
                self.firmware.ended(ended.ticket, ended.outcome, now)
            case never:
                assert_never(never)

    def send_diagnostics_status(self) -> None:
        """Sends what runs now, Idle when nothing does, for TriggerMessage."""
        self._decisions.calls.append(
            Outgoing("DiagnosticsStatusNotification", {"status": self.diagnostics.status})
        )

    def send_firmware_status(self) -> None:
        """Sends the firmware's status as it is now (OCPP 1.6 5.17)."""
        self._decisions.calls.append(Outgoing("FirmwareStatusNotification", {"status": self.firmware.status}))

    def answered(self, call: Outgoing) -> None:
        """Notes that a report was answered, be it with a CALLERROR: it is not sent again."""
        if call.action == "FirmwareStatusNotification":
            if self.firmware.progress.answered(call.ticket):
                self.firmware.save()
        else:
            self.diagnostics.progress.answered(call.ticket)

    def unanswered(self, call: Outgoing) -> None:
        """Notes that a report was not answered in time."""
        if call.action == "FirmwareStatusNotification":
            if self.firmware.progress.unanswered(call.ticket):
                self.firmware.save()
        elif call.action == "DiagnosticsStatusNotification":
            self.diagnostics.progress.unanswered(call.ticket)

    def link_lost(self) -> None:
        """Sends what was under way again, on the next connection."""
        self.diagnostics.progress.link_lost()
        self.firmware.progress.link_lost()
