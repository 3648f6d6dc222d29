"""PURE: the operations of OCPP 1.6's Core profile."""

from __future__ import annotations

from typing import assert_never

from bridge.central_system.frames import OcppError
from bridge.central_system.operations import smart_charging
from bridge.central_system.operations.question import Answer, Later, Question, with_status
from bridge.central_system.schemas import Payload
from bridge.core.id_tag import same_tag
from bridge.core.session import Authorized, Authorizing, Finishing, Idle, Transaction


def remote_start(question: Question) -> Answer:
    """OCPP 1.6 5.11. A start in Preparing with a car, or in Finishing, starts at once."""
    if not _may_remote_start(question):
        return with_status("Rejected")
    answer = smart_charging.hold_profile_of_start(question)
    if answer.payload["status"] != "Accepted":
        return answer
    id_tag, connector = question.payload["idTag"], question.charge_point.connector
    match connector.state:
        case Authorizing():
            pass  # the same tag: its Authorize is out already
        case Authorized(parent_id_tag=parent):  # the same tag: only the clock begins anew
            connector.authorize(id_tag, "remote", question.now, parent_id_tag=parent)
        case _ if _asks_first(question):
            connector.ask_authorization(id_tag, "remote", question.now)
        case _:
            known = connector.authorization.known(id_tag, question.now)
            parent = known.parent_id_tag if known is not None else None
            connector.authorize(id_tag, "remote", question.now, parent_id_tag=parent)
    return answer


def _asks_first(question: Question) -> bool:
    """OCPP 1.6 9.1 AuthorizeRemoteTxRequests; 5.13: reserved for a group, and the tag's is not known here."""
    connector, id_tag = question.charge_point.connector, question.payload["idTag"]
    known = connector.authorization.known(id_tag, question.now)
    admitted = connector.reservations.admits(id_tag, known.parent_id_tag if known is not None else None)
    return question.charge_point.configuration.is_on("AuthorizeRemoteTxRequests") or not admitted


def _may_remote_start(question: Question) -> bool:
    asked, charge_point = question.payload, question.charge_point
    if asked.get("connectorId", 1) != 1 or question.pending or not charge_point.service.may_start:
        return False
    if charge_point.box.opening_faults or _reserved_for_another(question):
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


def _reserved_for_another(question: Question) -> bool:
    connector, id_tag = question.charge_point.connector, question.payload["idTag"]
    return connector.reservations.excludes(id_tag, connector.authorization.known(id_tag, question.now))


def remote_stop(question: Question) -> Answer:
    """Stops the transaction with that id (OCPP 1.6 5.12). Rejected when it does not run."""
    state = question.charge_point.state
    running = isinstance(state, Transaction) and state.transaction_id == question.payload["transactionId"]
    if not running or question.pending:
        return with_status("Rejected")
    question.charge_point.connector.stop("Remote", question.now)
    return with_status("Accepted")


def reset(question: Question) -> Answer:
    """Accepts every Reset, soft or hard (OCPP 1.6 5.14)."""
    question.charge_point.accept_restart(
        "soft" if question.payload["type"] == "Soft" else "hard", question.now
    )
    return with_status("Accepted")


def change_availability(question: Question) -> Answer:
    """OCPP 1.6 5.2. Connectors 0 and 1 are one switch."""
    connector_id = question.payload["connectorId"]
    if connector_id not in (0, 1):
        if question.charge_point.provisioning.behaviour.mode == "native":
            raise OcppError("PropertyConstraintViolation", f"connectorId {connector_id}: 0 or 1 is allowed")
        return with_status("Rejected")
    in_force = question.charge_point.set_operative(question.payload["type"] == "Operative")
    return with_status("Accepted" if in_force else "Scheduled")


def get_configuration(question: Question) -> Answer:
    """OCPP 1.6 5.8. GetConfigurationMaxKeys limits the request only."""
    wanted: list[str] = question.payload.get("key", [])
    configuration = question.charge_point.configuration
    most = configuration.whole("GetConfigurationMaxKeys")
    if len(wanted) > most:
        raise OcppError("OccurenceConstraintViolation", f"{len(wanted)} keys: at most {most} are allowed")
    known, unknown = configuration.report(wanted)
    payload: Payload = {"configurationKey": known}
    return Answer({**payload, "unknownKey": unknown} if unknown else payload)


def change_configuration(question: Question) -> Answer:
    """Changes a key, in force at once (OCPP 1.6 5.3)."""
    asked = question.payload
    return with_status(question.charge_point.change_key(asked["key"], asked["value"]))


def unlock_connector(question: Question) -> Answer | Later:
    """OCPP 1.6 5.18. Behind Zaptec's cloud it is "provided but non-functional": nothing moves.

    A box that locks its cable for good is one with a fixed cable: the session goes on.
    """
    charge_point = question.charge_point
    status = charge_point.box.status
    native = charge_point.provisioning.behaviour.mode == "native"
    fixed = charge_point.configuration.is_on("LockCablePermanently") or (
        status is not None and status.lock is None
    )
    if not native or question.payload["connectorId"] != 1 or fixed:
        return with_status("NotSupported")
    if charge_point.service.on_trial:
        return with_status("UnlockFailed")
    unlocking = charge_point.connector.unlock(question.now)
    return Later(lambda _: {"status": unlocking.outcome} if unlocking.outcome is not None else None)


def data_transfer(_question: Question) -> Answer:
    """OCPP 1.6 5.6: a Zaptec knows no vendor's messages."""
    return with_status("UnknownVendorId")
