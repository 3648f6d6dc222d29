"""Every field of every answer that we read, made from the schemas: missing, null, wrong, or one too many."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from bridge.central_system import border
from bridge.central_system.frames import BEYOND, CallError, CallResult, OcppError, encode, parse
from bridge.central_system.operations import SUPPORTED
from bridge.core.errand import INTERVAL_MOST_S, MOST_RETRIES

Payload = dict[str, Any]
ANSWERS: dict[str, Payload] = {
    "Authorize": {"idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY", "expiryDate": "2099-01-01"}},
    "BootNotification": {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 60},
    "DataTransfer": {"status": "Accepted", "data": "x"},
    "DiagnosticsStatusNotification": {},
    "FirmwareStatusNotification": {},
    "Heartbeat": {"currentTime": "2026-01-01T00:00:00Z"},
    "MeterValues": {},
    "StartTransaction": {"transactionId": 1, "idTagInfo": {"status": "Accepted"}},
    "StatusNotification": {},
    "StopTransaction": {"idTagInfo": {"status": "Accepted"}},
}  # fmt: skip


def schema(name: str) -> Payload:
    text = (files("ocpp") / "v16" / "schemas" / f"{name}Response.json").read_text(encoding="utf-8-sig")
    found: Payload = json.loads(text)
    return found


def fields(of: Payload, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], bool, str]]:
    """(where, whether it must be there, its type) of each property, those inside others too."""
    for name, each in of.get("properties", {}).items():
        yield (*place, name), name in of.get("required", ()), each["type"]
        yield from fields(each, (*place, name))


FIELDS = [(action, *field) for action in ANSWERS for field in fields(schema(action))]
OBJECTS = [(action, ()) for action in ANSWERS] + [(a, at) for a, at, _, kind in FIELDS if kind == "object"]


def changed(action: str, at: tuple[str, ...], how: str, value: object = None) -> Payload:
    """The sound answer, changed at one place; what is on the way there is made."""
    payload: Payload = json.loads(json.dumps(ANSWERS[action]))
    node = payload
    for name in at[:-1]:
        node = node.setdefault(name, {"status": "Accepted"})
    if how == "missing":
        node.pop(at[-1], None)
    else:
        node[at[-1]] = value
    return payload


def sound(action: str, payload: Payload) -> border.Reply:
    return border.reply(action, CallResult("x", payload))


@pytest.mark.parametrize(("action", "at", "required", "kind"), FIELDS, ids=str)
def test_each_field_missing_null_or_wrong(
    action: str, at: tuple[str, ...], required: bool, kind: str
) -> None:
    missing = sound(action, changed(action, at, "missing"))
    assert (missing.payload is None) == required == (missing.refusal is not None)
    null = sound(action, changed(action, at, "null"))
    assert null.payload == missing.payload
    assert repr(".".join(at)) in "".join(null.notes)
    wrong: object = 5 if kind in ("string", "object") else "x"
    assert sound(action, changed(action, at, "wrong", wrong)).payload is None
    assert sound(action, changed(action, at, "wrong", [wrong])).payload is None


@pytest.mark.parametrize(("action", "at"), OBJECTS, ids=str)
@pytest.mark.parametrize("value", [None, 5, "x", {"y": {}}, [None], True], ids=str)
def test_one_too_many_changes_nothing_but_the_log(action: str, at: tuple[str, ...], value: object) -> None:
    reply = sound(action, changed(action, (*at, "surplus"), "extra", value))
    wanted = dict(ANSWERS[action])
    if at and at[0] not in wanted:
        wanted[at[0]] = {"status": "Accepted"}
    assert (reply.payload, reply.refusal) == (wanted, None)
    assert "surplus" in "".join(reply.notes)


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize("field", ["parentIdTag", "expiryDate"])
@pytest.mark.parametrize("action", ["Authorize", "StartTransaction", "StopTransaction"])
def test_an_empty_group_or_date_is_absent(action: str, field: str, empty: str | None) -> None:
    reply = sound(action, changed(action, ("idTagInfo", field), "empty", empty))
    assert reply.payload is not None
    assert field not in reply.payload["idTagInfo"]


INTEGERS = (0, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**53, 2**53 + 1, -(2**53), 2**63, 10**400)


@pytest.mark.parametrize("number", INTEGERS, ids=lambda number: f"{number:.3g}" if number < 1e99 else "huge")
def test_integers_of_answers(number: int) -> None:
    start = sound("StartTransaction", {**ANSWERS["StartTransaction"], "transactionId": number})
    assert (start.payload or {}).get("transactionId") == (number if abs(number) <= 2**53 else None)
    boot = sound("BootNotification", {**ANSWERS["BootNotification"], "interval": number})
    within = -(2**31) <= number < 2**31
    assert (boot.payload or {}).get("interval") == (min(max(number, 0), 86_400) if within else None)
    assert bool(boot.notes) == (within and not 0 <= number <= 86_400)


@pytest.mark.parametrize("number", INTEGERS, ids=lambda number: f"{number:.3g}" if number < 1e99 else "huge")
@pytest.mark.parametrize("action", ["GetDiagnostics", "UpdateFirmware"])
def test_tries_are_clamped(action: str, number: int) -> None:
    asked = {"location": "http://x/", "retries": number, "retryInterval": number}
    if action == "UpdateFirmware":
        asked["retrieveDate"] = "2026-01-01T00:00:00Z"
    if not -(2**31) <= number < 2**31:
        with pytest.raises(OcppError, match="PropertyConstraintViolation"):
            border.request(action, asked, SUPPORTED)
        return
    read = border.request(action, asked, SUPPORTED)
    bounded = min(max(number, 0), MOST_RETRIES), min(max(number, 10), INTERVAL_MOST_S)
    assert (read.payload["retries"], read.payload["retryInterval"]) == bounded
    assert len(read.notes) == (number != bounded[0]) + (number != bounded[1])
    assert border.request(action, {**asked, "retryInterval": 1}, SUPPORTED, 1).payload["retryInterval"] == 1


@pytest.mark.parametrize("limit", [2**31, BEYOND, -BEYOND, 1e308])
def test_numbers_are_bounded_too(limit: float) -> None:
    schedule = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10}],
        "minChargingRate": limit,
    }
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    with pytest.raises(OcppError, match="PropertyConstraintViolation"):
        border.request("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile}, SUPPORTED)


@pytest.mark.parametrize(
    "text", ['[3,"a"]', '[3,"a",[]]', '[3,"a",{"status":NaN}]', '[3,"a",{"k":' + "[" * 9000]
)
def test_a_broken_frame_is_sound_where_nothing_is_needed(text: str) -> None:
    frame = parse(text)
    assert isinstance(frame, CallResult)
    for action, usual in ANSWERS.items():
        needs = [at for at, required, _ in fields(schema(action)) if required and len(at) == 1]
        reply = border.reply(action, frame)
        assert (reply.payload == {}) == (not needs), usual
        assert "no frame of OCPP-J" in reply.notes[0]


def test_a_callerror_is_made_fit_for_log_and_store() -> None:
    reply = border.reply("StartTransaction", CallError("a", "Bad\ud800", "x\x00\n" + "y" * 900))
    assert reply.refusal is not None
    assert reply.refusal.why.startswith(r"Bad\xd800 x\x00\x0ay")
    assert len(reply.refusal.why.encode()) < 300
    assert encode(CallError("a", "b", reply.refusal.why))
