"""PURE: the operations of OCPP 1.6's Reservation profile."""

from __future__ import annotations

from datetime import datetime

from bridge.central_system.frames import OcppError
from bridge.central_system.operations.charging_profile import check_within
from bridge.central_system.operations.question import Answer, Question, with_status
from bridge.core.authorization.reservation import Reservation
from bridge.core.now import moment_of
from bridge.core.rows import INT32_MAX
from bridge.core.session import CONNECTOR_ID, Idle


def reserve_now(question: Question) -> Answer:
    """OCPP 1.6 5.13. With one connector, a reservation of connector 0 keeps that one. Raises OcppError."""
    asked, charge_point = question.payload, question.charge_point
    check_within("reservationId", asked["reservationId"], -INT32_MAX - 1, INT32_MAX)
    expires_at = _expiry(asked["expiryDate"])
    if not _known(question):
        return with_status("Rejected")
    refused = _in_the_way(question)
    if refused is not None:
        return with_status(refused)
    if charge_point.configuration.free_charging or expires_at <= question.now.utc:
        return with_status("Rejected")  # nobody is asked who they are, or it is over already
    of_group = charge_point.provisioning.behaviour.full_reservations
    parent_id_tag = (asked.get("parentIdTag") or None) if of_group else None  # empty: no group
    charge_point.connector.reservations.hold(
        Reservation(asked["reservationId"], asked["idTag"], parent_id_tag, expires_at)
    )
    return with_status("Accepted")


def cancel_reservation(question: Question) -> Answer:
    """Ends the reservation with that id (OCPP 1.6 5.1). Rejected when there is none."""
    found = question.charge_point.connector.reservations.cancel(question.payload["reservationId"])
    return with_status("Accepted" if found else "Rejected")


def _expiry(text: str) -> datetime:
    expires_at = moment_of(text)
    if expires_at is None:
        raise OcppError("PropertyConstraintViolation", f"expiryDate = {text[:40]!r}: no date and time")
    return expires_at


def _known(question: Question) -> bool:
    """Says whether there is such a connector, for longer than until a restart. Raises OcppError."""
    connector_id, charge_point = question.payload["connectorId"], question.charge_point
    behaviour = charge_point.provisioning.behaviour
    if connector_id not in (0, CONNECTOR_ID) and behaviour.mode == "native":
        raise OcppError("PropertyConstraintViolation", f"connectorId {connector_id}: 0 or 1 is allowed")
    known = connector_id == CONNECTOR_ID or (connector_id == 0 and behaviour.full_reservations)
    return known and not charge_point.service.restarting


def _in_the_way(question: Question) -> str | None:
    """Says why it cannot be reserved now; the same reservationId may be replaced."""
    connector = question.charge_point.connector
    status = connector.status(question.now)
    if status in ("Faulted", "Unavailable"):
        return status
    again = status == "Reserved" and connector.reservations.is_held(question.payload["reservationId"])
    free = status == "Available" and isinstance(connector.state, Idle)
    return None if free or again else "Occupied"
