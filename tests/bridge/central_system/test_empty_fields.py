"""Empty values in every optional field of every CALL that we take: what comes of "", null, 0 and -1.

The table is held against the schemas: a field that is missing in it fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from bridge.central_system import border
from bridge.central_system.frames import OcppError
from bridge.central_system.operations import SUPPORTED, Answer, Question, answer
from bridge.core.charge_point import ChargePoint
from tests.bridge.central_system.payloads import charging_profile
from tests.bridge.core.charge_points import at, charge_point

Payload = dict[str, Any]

TYPE, VALUE = "TypeConstraintViolation", "PropertyConstraintViolation"
FUTURE = "2026-01-01T12:00:00Z"
PROFILE = charging_profile(10)
OF_START = {**PROFILE, "chargingProfilePurpose": "TxProfile"}
CALLS: dict[str, Payload] = {
    "ClearChargingProfile": {},
    "DataTransfer": {"vendorId": "x"},
    "GetCompositeSchedule": {"connectorId": 1, "duration": 60},
    "GetConfiguration": {},
    "GetDiagnostics": {"location": "http://x/"},
    "RemoteStartTransaction": {"idTag": "TAG", "chargingProfile": OF_START},
    "ReserveNow": {"connectorId": 1, "expiryDate": FUTURE, "idTag": "TAG", "reservationId": 1},
    "SendLocalList": {
        "listVersion": 1,
        "updateType": "Full",
        "localAuthorizationList": [{"idTag": "TAG", "idTagInfo": {"status": "Accepted"}}],
    },
    "SetChargingProfile": {"connectorId": 1, "csChargingProfiles": PROFILE},
    "TriggerMessage": {"requestedMessage": "StatusNotification"},
    "UpdateFirmware": {"location": "http://x/", "retrieveDate": "2026-01-01T00:00:00Z"},
}
PROFILE_FIELDS = {
    "transactionId": (TYPE, TYPE, "", ""),  # of a TxProfile alone it is looked at
    "recurrencyKind": (VALUE, TYPE, TYPE, TYPE),
    "validFrom": ("", "", TYPE, TYPE),
    "validTo": ("", "", TYPE, TYPE),
    "chargingSchedule.duration": (TYPE, TYPE, "", VALUE),  # 0 is over at once
    "chargingSchedule.startSchedule": ("", "", TYPE, TYPE),
    "chargingSchedule.minChargingRate": (TYPE, TYPE, "", ""),  # kept, without effect
    "chargingSchedule.chargingSchedulePeriod.numberPhases": (TYPE, TYPE, VALUE, VALUE),
}
# field: what comes of "", null, 0, -1: a code, a status, or "" for the same as without the field.
TABLE: dict[str, tuple[str, str, str, str]] = {
    "ClearChargingProfile.id": (TYPE, TYPE, "", ""),
    "ClearChargingProfile.connectorId": (TYPE, TYPE, "", ""),
    "ClearChargingProfile.chargingProfilePurpose": (VALUE, TYPE, TYPE, TYPE),
    "ClearChargingProfile.stackLevel": (TYPE, TYPE, "", ""),
    "DataTransfer.messageId": ("", TYPE, TYPE, TYPE),
    "DataTransfer.data": ("", TYPE, TYPE, TYPE),
    "GetCompositeSchedule.chargingRateUnit": (VALUE, TYPE, TYPE, TYPE),
    "GetConfiguration.key": (TYPE, TYPE, TYPE, TYPE),
    "GetDiagnostics.startTime": ("", "", TYPE, TYPE),
    "GetDiagnostics.stopTime": ("", "", TYPE, TYPE),
    "GetDiagnostics.retries": (TYPE, TYPE, "", ""),
    "GetDiagnostics.retryInterval": (TYPE, TYPE, "", ""),
    "RemoteStartTransaction.connectorId": (TYPE, TYPE, "Rejected", "Rejected"),
    "RemoteStartTransaction.chargingProfile": (TYPE, TYPE, TYPE, TYPE),
    **{f"RemoteStartTransaction.chargingProfile.{name}": row for name, row in PROFILE_FIELDS.items()},
    "RemoteStartTransaction.chargingProfile.transactionId": (TYPE, TYPE, "Rejected", "Rejected"),
    "ReserveNow.parentIdTag": ("", "", TYPE, TYPE),
    "SendLocalList.localAuthorizationList": (TYPE, TYPE, TYPE, TYPE),
    "SendLocalList.localAuthorizationList.idTagInfo": (TYPE, TYPE, TYPE, TYPE),
    "SendLocalList.localAuthorizationList.idTagInfo.expiryDate": ("", "", TYPE, TYPE),
    "SendLocalList.localAuthorizationList.idTagInfo.parentIdTag": ("", "", TYPE, TYPE),
    **{f"SetChargingProfile.csChargingProfiles.{name}": row for name, row in PROFILE_FIELDS.items()},
    "TriggerMessage.connectorId": (TYPE, TYPE, "", "Rejected"),
    "UpdateFirmware.retries": (TYPE, TYPE, "", ""),
    "UpdateFirmware.retryInterval": (TYPE, TYPE, "", ""),
}
EMPTY: tuple[Any, ...] = ("", None, 0, -1)


def schema(action: str) -> Payload:
    path = files("ocpp") / "v16" / "schemas" / f"{action}.json"
    found: Payload = json.loads(path.read_text(encoding="utf-8-sig"))
    return found


def optional(node: Payload, place: str) -> Iterator[str]:
    node = node.get("items", node) if node.get("type") == "array" else node
    for name, each in node.get("properties", {}).items():
        if name not in node.get("required", ()):
            yield f"{place}.{name}"
        yield from optional(each, f"{place}.{name}")


def outcome(action: str, payload: Payload, mode: Any) -> str:
    """The code of a CALLERROR, or the status; without one, nothing."""
    try:
        return told(action, payload, charge_point(mode))
    except OcppError as error:
        return error.code


def told(action: str, payload: Payload, core: ChargePoint) -> str:
    """The status of an answer, if it has one. Raises OcppError."""
    asked = border.request(action, json.loads(json.dumps(payload)), SUPPORTED)
    given = answer(action, Question(asked.payload, core, pending=False, now=at(10)))
    assert isinstance(given, Answer)
    return str(given.payload.get("status", ""))


def changed(field: str, value: Any) -> tuple[str, Payload]:
    action, *place, name = field.split(".")
    payload: Payload = json.loads(json.dumps(CALLS[action]))
    node: Any = payload
    for each in place:
        node = node[each][0] if isinstance(node[each], list) else node[each]
    node[name] = value
    return action, payload


def test_every_optional_field_is_in_the_table() -> None:
    assert {field for action in SUPPORTED for field in optional(schema(action), action)} == {*TABLE}


@pytest.mark.parametrize("mode", ["cloud", "native"])
@pytest.mark.parametrize("field", sorted(TABLE))
def test_each_empty_value_has_its_outcome(field: str, mode: Any) -> None:
    for value, wanted in zip(EMPTY, TABLE[field], strict=True):
        action, payload = changed(field, value)
        assert outcome(action, payload, mode) == (wanted or outcome(action, CALLS[action], mode)), value


@pytest.mark.parametrize("mode", ["cloud", "native"])
@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_date_limits_as_an_absent_one(mode: Any, empty: str | None) -> None:
    schedule = {**PROFILE["chargingSchedule"], "startSchedule": empty}
    profile = {**PROFILE, "validFrom": empty, "validTo": empty, "chargingSchedule": schedule}
    for name, action in (
        ("csChargingProfiles", "SetChargingProfile"),
        ("chargingProfile", "RemoteStartTransaction"),
    ):
        rest = {"connectorId": 1} | ({"idTag": "TAG"} if action == "RemoteStartTransaction" else {})
        asked = border.request(action, {**rest, name: profile}, SUPPORTED)
        assert asked.payload[name] == PROFILE


@pytest.mark.parametrize(
    ("criteria", "status"),
    [
        ({"id": 0}, "Accepted"),
        ({"id": -1}, "Unknown"),
        ({"connectorId": 0}, "Unknown"),
        ({"connectorId": -1}, "Unknown"),
        ({"stackLevel": 0}, "Accepted"),
        ({"stackLevel": -1}, "Unknown"),
        ({}, "Accepted"),
    ],
)
def test_a_zero_is_no_absence(criteria: Payload, status: str) -> None:
    """Nor is -1: only the profile that is meant is cleared."""
    core = charge_point()
    profile = {**PROFILE, "chargingProfileId": 0}
    assert told("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile}, core) == "Accepted"
    assert told("ClearChargingProfile", criteria, core) == status
