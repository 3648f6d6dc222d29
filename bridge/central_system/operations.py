"""PURE: what the Central System asks. An operation returns its answer; what it leads to is sent after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, assert_never

from bridge.central_system.frames import OcppError
from bridge.central_system.schemas import Payload
from bridge.core.charge_point import ChargePoint
from bridge.core.now import Now
from bridge.core.session import Authorized, Authorizing, Finishing, Idle, Transaction, same_tag

Own = Literal["BootNotification", "Heartbeat"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The CALLRESULT's payload, and a message of the conversation's own that was triggered."""

    payload: Payload
    triggered: Own | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A checked request and the circumstances in which it came."""

    payload: Payload
    charge_point: ChargePoint
    pending: bool  # registration answered Pending: no remote start or stop
    now: Now


def answer(action: str, question: Question) -> Answer:
    """For an action of `SUPPORTED` whose payload has passed its schema. Raises OcppError."""
    return _OPERATIONS[action](question)


def _status(status: str) -> Answer:
    return Answer({"status": status})


def _remote_start(question: Question) -> Answer:
    """OCPP 1.6 5.11. A start in Preparing with a car, or in Finishing, starts at once."""
    if not _may_remote_start(question):
        return _status("Rejected")
    id_tag, connector = question.payload["idTag"], question.charge_point.connector
    if question.charge_point.configuration.is_on("AuthorizeRemoteTxRequests"):
        connector.ask_authorization(id_tag, "remote", question.now)
    else:
        connector.authorize(id_tag, "remote", question.now)
    return _status("Accepted")


def _may_remote_start(question: Question) -> bool:
    asked, charge_point = question.payload, question.charge_point
    if asked.get("connectorId", 1) != 1 or question.pending or not charge_point.service.may_start:
        return False
    # Smart charging does not exist here yet: a start without the limit that came with it would be wrong.
    if charge_point.box.opening_faults or "chargingProfile" in asked:
        return False
    match charge_point.state:
        case Idle() | Finishing():
            return True
        case Authorizing(id_tag=waiting) | Authorized(id_tag=waiting):
            return same_tag(waiting, asked["idTag"])
        case Transaction():
            return False
        case never:
            assert_never(never)


def _remote_stop(question: Question) -> Answer:
    """OCPP 1.6 5.12."""
    state = question.charge_point.state
    running = isinstance(state, Transaction) and state.transaction_id == question.payload["transactionId"]
    if not running or question.pending:
        return _status("Rejected")
    question.charge_point.connector.stop("Remote", question.now)
    return _status("Accepted")


def _reset(question: Question) -> Answer:
    """OCPP 1.6 5.14."""
    question.charge_point.accept_restart(
        "soft" if question.payload["type"] == "Soft" else "hard", question.now
    )
    return _status("Accepted")


def _change_availability(question: Question) -> Answer:
    """OCPP 1.6 5.2. Connectors 0 and 1 are one switch."""
    connector_id = question.payload["connectorId"]
    if connector_id not in (0, 1):
        if question.charge_point.identity.behaviour.mode == "native":
            raise OcppError("PropertyConstraintViolation", f"connectorId {connector_id}: 0 or 1 is allowed")
        return _status("Rejected")
    in_force = question.charge_point.set_operative(question.payload["type"] == "Operative")
    return _status("Accepted" if in_force else "Scheduled")


def _get_configuration(question: Question) -> Answer:
    """OCPP 1.6 5.8. GetConfigurationMaxKeys limits the request only."""
    wanted: list[str] = question.payload.get("key", [])
    configuration = question.charge_point.configuration
    most = configuration.seconds("GetConfigurationMaxKeys")
    if len(wanted) > most:
        raise OcppError("OccurenceConstraintViolation", f"{len(wanted)} keys: at most {most} are allowed")
    known, unknown = configuration.report(wanted)
    payload: Payload = {"configurationKey": known}
    return Answer({**payload, "unknownKey": unknown} if unknown else payload)


def _change_configuration(question: Question) -> Answer:
    """OCPP 1.6 5.3; in force at once."""
    asked = question.payload
    return _status(question.charge_point.change_key(asked["key"], asked["value"]))


def _trigger_message(question: Question) -> Answer:
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
        sent = known and question.charge_point.send_meter_values("Trigger", question.now)
        return _status("Accepted" if sent else "Rejected")
    return _status("NotImplemented")


def _trigger_status(connector_id: int | None, question: Question) -> Answer:
    if connector_id not in (None, 0, 1):
        return _status("Rejected")
    for each in (0, 1) if connector_id is None else (connector_id,):
        question.charge_point.send_status(each, question.now)
    return _status("Accepted")


_OPERATIONS: dict[str, Callable[[Question], Answer]] = {
    "ChangeAvailability": _change_availability,
    "ChangeConfiguration": _change_configuration,
    "GetConfiguration": _get_configuration,
    "RemoteStartTransaction": _remote_start,
    "RemoteStopTransaction": _remote_stop,
    "Reset": _reset,
    "TriggerMessage": _trigger_message,
}
SUPPORTED: frozenset[str] = frozenset(_OPERATIONS)
