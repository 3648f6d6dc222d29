"""PURE: OCPP 1.6's RemoteTrigger profile."""

from __future__ import annotations

from bridge.central_system.operations.question import Answer, Own, Question, with_status


def trigger_message(question: Question) -> Answer:
    """OCPP 1.6 5.17: an accepted trigger is followed by its message."""
    wanted: str = question.payload["requestedMessage"]
    connector_id: int | None = question.payload.get("connectorId")
    if wanted in ("BootNotification", "Heartbeat"):
        own: Own = "BootNotification" if wanted == "BootNotification" else "Heartbeat"
        return Answer({"status": "Accepted"}, own)
    if wanted == "StatusNotification":
        return _trigger_status(connector_id, question)
    if wanted == "MeterValues":
        known = connector_id in (None, 1)
        sent = known and question.charge_point.reports.send_meter_values("Trigger", question.now)
        return with_status("Accepted" if sent else "Rejected")
    if wanted == "DiagnosticsStatusNotification":
        question.charge_point.maintenance.send_diagnostics_status()
    else:
        question.charge_point.maintenance.send_firmware_status()
    return with_status("Accepted")


def _trigger_status(connector_id: int | None, question: Question) -> Answer:
    if connector_id not in (None, 0, 1):
        return with_status("Rejected")
    for each in (0, 1) if connector_id is None else (connector_id,):
        question.charge_point.reports.send_status(each, question.now)
    return with_status("Accepted")
