"""OCPP-J frames: errors by the table of the standard, nothing but the two named exceptions, every 0.1."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.central_system import frames
from bridge.central_system.frames import (
    BEYOND,
    Call,
    CallError,
    CallResult,
    Correlation,
    OcppError,
    Unreadable,
    Violation,
    check_request,
    check_response,
    encode,
    parse,
)
from bridge.central_system.schemas import known_actions
from tests.bridge.central_system.payloads import Payload, code_of, profile

FORM = "must be [3, id, object]"
ERROR_FORM = "must be [4, id, code, description, details]"

# Reading


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('[2,"a","Reset",{"type":"Soft"}]', Call("a", "Reset", {"type": "Soft"})),
        (' [ 2 , "a" , "Reset" , { } ] ', Call("a", "Reset", {})),
        ('[3,"a",{"status":"Accepted"}]', CallResult("a", {"status": "Accepted"})),
        ('[4,"a","GenericError","why",{"x":1}]', CallError("a", "GenericError", "why", {"x": 1})),
        ('[4,"a","Invented"]', CallError("a", "Invented")),
        ('[4,"a","GenericError",null,[]]', CallError("a", "GenericError")),
        ('[2,"a","X",{"k":1,"k":2}]', Call("a", "X", {"k": 2})),
        ('[2,"","X",{}]', Call("", "X", {})),
        ('[2,"a","X",{"k":"\\ud800"}]', Call("a", "X", {"k": "\ud800"})),
        ('[2,"a","X",{"k":18446744073709551615}]', Call("a", "X", {"k": 2**64 - 1})),
        (f'[2,"a","X",{{"k":{10**400}}}]', Call("a", "X", {"k": int(BEYOND)})),
        ('[2,"a","X",{"k":-' + "9" * 100_000 + "}]", Call("a", "X", {"k": -int(BEYOND)})),
        ('[2,"a","X",{"k":-1e999}]', Call("a", "X", {"k": -BEYOND})),
        ('[3.0,"a",{"status":"Accepted"}]', CallResult("a", {"status": "Accepted"})),
        ('[4.0,"a","GenericError"]', CallError("a", "GenericError")),
        ('[3,"a"]', CallResult("a", {}, FORM)),
        ('[3,"a",[]]', CallResult("a", {}, FORM)),
        ('[3,"a",{"status":"Accepted"},{}]', CallResult("a", {"status": "Accepted"}, FORM)),
        ('[4,"a"]', CallError("a", "GenericError", fault=ERROR_FORM)),
        ('[4,"a",5,"",{}]', CallError("a", "GenericError", fault=ERROR_FORM)),
    ],
)
def test_frames_are_read(text: str, frame: frames.Frame) -> None:
    assert parse(text) == frame


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        "{}",
        "[]",
        "[2]",
        "null",
        '"[2]"',
        b'[2,"a","Heartbeat",{}]',
        b"\xff\x00",
        '[7,"a","Heartbeat",{}]',
        '[true,"a","Heartbeat",{}]',
        '[2.0,"a","Heartbeat",{}]',
        '["2","a","Heartbeat",{}]',
        '[2,5,"Heartbeat",{}]',
        '[2,null,"Heartbeat",{}]',
        '[3,5,{"k":NaN}]',
        '[3,"a\\u0041",{"k":NaN}]',
        '[2,"a","X",{"k":NaN}]',
        '[2,"a","X",{"k":-Infinity}]',
        "[" * 100_000,
    ],
)
def test_what_cannot_be_answered_is_only_for_the_log(message: str | bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(message)
    assert 0 < len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "rest", ["", "}", "{", ",{}", '{"k":NaN}', "[" * 100_000, '{"k":"' + "d" * (1 << 20)]
)
def test_what_begins_as_an_answer_is_one_whatever_follows(rest: str) -> None:
    assert isinstance(result := parse(f' [3 , "a-1",{rest}'), CallResult)
    assert (result.id, result.payload, bool(result.fault)) == ("a-1", {}, True)
    assert isinstance(error := parse(f'[4,"a-1",{rest}'), CallError)
    assert (error.id, error.code, bool(error.fault)) == ("a-1", "GenericError", True)


@pytest.mark.parametrize("number", ["3", "3.0", "3.00"])
def test_an_answer_in_a_binary_message_or_behind_a_mark_is_one(number: str) -> None:
    text = f'[{number},"a-1",{{"status":"Accepted"}}]'
    for message in (text.encode(), text.encode()[:-4], "\ufeff" + text, ("\ufeff" + text).encode()):
        assert isinstance(result := parse(message), CallResult)
        assert (result.id, result.payload, bool(result.fault)) == ("a-1", {}, True)


@pytest.mark.parametrize(
    "text",
    [
        '[2,"a"]',
        '[2,"a","Reset"]',
        '[2,"a","Reset",{},1]',
        '[2,"a",5,{}]',
        '[2,"a","Reset",[]]',
        '[2,"a","Reset",null]',
        '[2,"a","Nonsense","soft"]',
    ],
)
def test_a_call_of_wrong_form_is_answered(text: str) -> None:
    with pytest.raises(Violation) as caught:
        parse(text)
    assert (caught.value.id, caught.value.code) == ("a", "FormationViolation")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(st.text() | st.binary() | JSON.map(json.dumps) | st.lists(JSON, max_size=6).map(json.dumps))
def test_reading_raises_the_two_named_exceptions_only(message: str | bytes) -> None:
    try:
        frame = parse(message)
    except Violation as violation:
        frame = frames.refusal(violation.id, violation)
    except Unreadable:
        return
    assert parse(encode(frame)) == frame


FINITE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
PAYLOADS = st.dictionaries(st.text(), FINITE, max_size=5)


@given(
    st.builds(Call, st.text(), st.text(), PAYLOADS)
    | st.builds(CallResult, st.text(), PAYLOADS)
    | st.builds(CallError, st.text(), st.text(), st.text(max_size=255), PAYLOADS)
)
def test_what_is_written_is_read_back(frame: frames.Frame) -> None:
    assert parse(encode(frame)) == frame


def test_writing_is_compact_cut_and_utf8_safe() -> None:
    assert encode(Call("a", "Heartbeat", {})) == '[2,"a","Heartbeat",{}]'
    told = encode(CallError("a", "GenericError", "x" * 1000))
    assert json.loads(told)[3] == "x" * 255
    assert encode(CallResult("a", {"data": "\ud800"})).encode("utf-8") == b'[3,"a",{"data":"\\ud800"}]'
    with pytest.raises(ValueError):
        encode(CallResult("a", {"limit": float("nan")}))


# Requests against their schemas


def test_the_actions_are_known() -> None:
    assert len(known_actions()) == 39
    assert {"RemoteStartTransaction", "GetLog", "SignedUpdateFirmware"} <= known_actions()


@pytest.mark.parametrize("action", ["", "reset", "Nonsense", "ResetResponse", "../schemas/Reset", "\ud800"])
def test_an_unknown_action_is_not_implemented(action: str) -> None:
    with pytest.raises(OcppError) as caught:
        check_request(action, {}, {"Reset"})
    assert caught.value.code == "NotImplemented"


def test_a_known_action_that_is_not_carried_out_is_not_supported() -> None:
    with pytest.raises(OcppError) as caught:
        check_request("GetLog", {"nonsense": 1}, {"Reset"})
    assert caught.value.code == "NotSupported"
    check_request("Reset", {"type": "Soft"}, {"Reset"})


STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Heartbeat", {}, None),
        ("Heartbeat", {"x": 1}, "FormationViolation"),
        ("Reset", {}, "ProtocolError"),
        ("Reset", {"type": 5}, "TypeConstraintViolation"),
        ("Reset", {"type": None}, "TypeConstraintViolation"),
        ("Reset", {"type": "Softly"}, "PropertyConstraintViolation"),
        ("RemoteStartTransaction", {"idTag": "x" * 20}, None),
        ("RemoteStartTransaction", {"idTag": "x" * 21}, "PropertyConstraintViolation"),
        ("RemoteStartTransaction", {"idTag": "x", "connectorId": True}, "TypeConstraintViolation"),
        ("RemoteStartTransaction", {"idTag": "x", "connectorId": 1.0}, "TypeConstraintViolation"),
        ("RemoteStartTransaction", {"idTag": "x", "connectorId": "1"}, "TypeConstraintViolation"),
        ("RemoteStopTransaction", {"transactionId": 10**30}, None),
        ("MeterValues", {"connectorId": 1, "meterValue": []}, "OccurenceConstraintViolation"),
        ("StatusNotification", {**STATUS, "timestamp": "whenever"}, None),
        ("SetChargingProfile", profile(16.1), None),
        ("SetChargingProfile", profile(16), None),
        ("SetChargingProfile", profile(16.15), "PropertyConstraintViolation"),
        ("SetChargingProfile", profile(True), "TypeConstraintViolation"),
        ("SetChargingProfile", profile("16"), "TypeConstraintViolation"),
        ("SetChargingProfile", profile(10**400), "PropertyConstraintViolation"),
        ("GetConfiguration", {"key": "HeartbeatInterval"}, "TypeConstraintViolation"),
    ],
)
def test_each_fault_has_its_code(action: str, payload: Payload, code: str | None) -> None:
    assert code_of(action, payload) == code


def test_the_most_severe_fault_wins_wherever_it_stands() -> None:
    """Additional, missing, type, enum: each as the worst of those left."""
    wrong: Payload = {"connectorId": "1", "status": "Asleep", "vendorId": "v" * 300, "colour": "red"}
    assert code_of("StatusNotification", wrong) == "FormationViolation"
    del wrong["colour"]
    assert code_of("StatusNotification", wrong) == "ProtocolError"
    wrong["errorCode"] = "NoError"
    assert code_of("StatusNotification", wrong) == "TypeConstraintViolation"
    wrong["connectorId"] = 1
    assert code_of("StatusNotification", wrong) == "PropertyConstraintViolation"
    nested = profile("16", extra=1)
    assert code_of("SetChargingProfile", nested) == "FormationViolation"


def test_an_error_names_the_field() -> None:
    with pytest.raises(OcppError) as caught:
        check_request("SetChargingProfile", profile(16.15))
    assert "chargingSchedulePeriod[0].limit" in caught.value.description
    assert caught.value.description.startswith("SetChargingProfile")


def test_answers_are_checked_too() -> None:
    check_response("Heartbeat", {"currentTime": "now-ish"})
    with pytest.raises(OcppError) as caught:
        check_response("StartTransaction", {"idTagInfo": {"status": "Accepted"}})
    assert caught.value.code == "ProtocolError"


@pytest.mark.parametrize("start", range(0, 10_000, 2_500))
def test_every_multiple_of_a_tenth_is_accepted(start: int) -> None:
    """As it comes out of JSON text, up to 1000: jsonschema on floats refuses a third of them."""
    for tenths in range(start, start + 2_501):
        check_request("SetChargingProfile", profile(json.loads(f"{tenths // 10}.{tenths % 10}")))


@given(st.integers(1, 100_000), st.integers(1, 9))
def test_no_hundredth_is_accepted(tenths: int, hundredth: int) -> None:
    limit = json.loads(f"{tenths // 10}.{tenths % 10}{hundredth}")
    assert code_of("SetChargingProfile", profile(limit)) == "PropertyConstraintViolation"


# Which call an answer belongs to


def test_one_call_is_in_flight_and_answered_once() -> None:
    calls = Correlation[str]()
    calls.opened("a", "Heartbeat", "first", 10.0, 30.0)
    with pytest.raises(ValueError, match="Heartbeat is still in flight"):
        calls.opened("b", "Authorize", "second", 11.0, 30.0)
    call = calls.answered("a")
    assert call is not None
    assert (call.action, call.context, call.sent_s, call.deadline_s) == ("Heartbeat", "first", 10.0, 40.0)
    assert calls.in_flight is None
    assert calls.answered("a") is None
    assert calls.answered("never") is None


def test_a_late_answer_still_finds_its_call() -> None:
    calls = Correlation[int]()
    calls.opened("a", "StartTransaction", 1, 0.0, 60.0)
    assert calls.expired(59.9) is None
    late = calls.expired(60.0)
    assert late is not None
    assert late.context == 1
    assert calls.expired(61.0) is None
    with pytest.raises(ValueError, match="used before"):
        calls.opened("a", "StartTransaction", 1, 61.0, 60.0)
    calls.opened("b", "StartTransaction", 1, 61.0, 60.0)
    assert calls.answered("a") == late
    assert calls.in_flight is not None
    assert calls.in_flight.id == "b"


def test_calls_given_up_do_not_pile_up() -> None:
    calls = Correlation[None]()
    for number in range(frames.LATE_CALLS_KEPT + 1):
        calls.opened(str(number), "Heartbeat", None, number, 1.0)
        assert calls.expired(number + 1) is not None
    assert calls.answered("0") is None
    assert calls.answered("1") is not None


def test_a_broken_message_about_the_key_is_not_quoted() -> None:
    """Its value may stand before its name."""
    with pytest.raises(Unreadable) as caught:
        parse('[2,"1","ChangeConfiguration",{"value":"0123456789abcdef0123","key":"AuthorizationKey"}')
    assert "0123456789abcdef" not in str(caught.value)
    assert "AuthorizationKey" in str(caught.value)


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ('[2,"1","ClearCache",{}]', [4, "1", "GenericError"]),
        ('[2,"1","ClearCache"]', [4, "1", "FormationViolation"]),
        ("[2,", None),  # nothing can be answered
        ('[3,"1",{}]', None),
    ],
)
def test_a_call_without_room_is_answered_if_it_can_be(message: str, answer: list[object] | None) -> None:
    said = frames.crowded(message)
    assert (json.loads(said)[:3] if said else None) == answer
