"""PURE: the operations of OCPP 1.6's Local Auth List Management profile."""

from __future__ import annotations

from bridge.central_system.frames import OcppError
from bridge.central_system.operations.charging_profile import check_within
from bridge.central_system.operations.question import Answer, Question, with_status
from bridge.central_system.schemas import Payload
from bridge.core.id_tag import ListEntry, id_tag_info
from bridge.core.now import moment_of
from bridge.core.rows import INT32_MAX


def get_local_list_version(question: Question) -> Answer:
    """OCPP 1.6 5.10. 0: the list is empty; -1: LocalAuthListEnabled is false."""
    return Answer({"listVersion": question.charge_point.connector.authorization.local_list.version})


def send_local_list(question: Question) -> Answer:
    """OCPP 1.6 5.15: the whole message or nothing of it. Raises OcppError."""
    asked, native = question.payload, question.charge_point.provisioning.behaviour.mode == "native"
    local_list = question.charge_point.connector.authorization.local_list
    wire: list[Payload] = asked.get("localAuthorizationList", [])
    check_within("listVersion", asked["listVersion"], 0, INT32_MAX)
    entries = [_entry(number, each, asked["updateType"]) for number, each in enumerate(wire)]
    answer = local_list.send(asked["updateType"], asked["listVersion"], entries)
    if answer != "TooLong":
        return with_status(answer)
    if not native:
        return with_status("Failed")
    raise OcppError(
        "OccurenceConstraintViolation",
        f"localAuthorizationList: {len(entries)} entries; a message has at most SendLocalListMaxLength, "
        "the list at most LocalAuthListMaxLength",
    )


def _entry(number: int, wire: Payload, update_type: str) -> ListEntry:
    info: Payload | None = wire.get("idTagInfo")
    if info is None and update_type == "Full":
        text = f"localAuthorizationList[{number}]: in a Full update each entry has its idTagInfo"
        raise OcppError("PropertyConstraintViolation", text)
    if info is not None and moment_of(info.get("expiryDate", "2099-01-01T00:00:00Z")) is None:
        text = f"localAuthorizationList[{number}].expiryDate = {info['expiryDate'][:40]!r}: no date and time"
        raise OcppError("PropertyConstraintViolation", text)
    return ListEntry(wire["idTag"], None if info is None else id_tag_info(info))
