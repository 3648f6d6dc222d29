"""PURE: OCPP 1.6's RemoteTrigger profile."""

from __future__ import annotations

from bridge.central_system.operations.question import Answer, Later, Own, Question, with_status
from bridge.central_system.schemas import Payload
from bridge.core.now import Now


def trigger_message(question: Question) -> Answer | Later:
    """OCPP 1.6 5.17: an accepted trigger is followed by its message."""
    wanted: str = question.payload["requestedMessage"]
    connector_id: int | None = question.payload.get("connectorId")
    if wanted in ("BootNotification", "Heartbeat"):
        own: Own = "BootNotification" if wanted == "BootNotification" else "Heartbeat"
        return Answer({"status": "Accepted"}, own)
    if wanted == "StatusNotification":
        return _trigger_status(connector_id, question)
    if wanted == "MeterValues":
        return _trigger_values(connector_id, question)
    if wanted == "DiagnosticsStatusNotification":
        question.charge_point.maintenance.send_diagnostics_status()
    else:
        question.charge_point.maintenance.send_firmware_status()
    return with_status("Accepted")


def _trigger_values(connector_id: int | None, question: Question) -> Answer | Later:
    """Waits, just after a start, for the meter's first reading."""
    if connector_id not in (None, 1):
        return with_status("Rejected")
    reports = question.charge_point.reports

    def values(now: Now) -> Payload | None:
        if reports.awaits_reading(now):
            return None
        return {"status": "Accepted" if reports.trigger_meter_values(now) else "Rejected"}

    return Later.unless(values, question.now)


def _trigger_status(connector_id: int | None, question: Question) -> Answer | Later:
    """Waits, just after a start, until the status of connector 1 is known."""
    if connector_id not in (None, 0, 1):
        return with_status("Rejected")
    reports = question.charge_point.reports

    def statuses(now: Now) -> Payload | None:
        if not reports.begun(now):
            return None
        for each in (0, 1) if connector_id is None else (connector_id,):
            reports.send_status(each, now)
        return {"status": "Accepted"}

    return Later.unless(statuses, question.now)
