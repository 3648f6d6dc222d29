"""The ring of frames: bounded whatever comes, in order, and without a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.local.exchange import REPLY_LIMIT
from bridge.local.frame_ring import LONGEST, MOST, MOST_BYTES, PAGE, READ_MOST, Direction, FrameRing
from bridge.local.orders import Frame, encode

AT = "2026-05-01T20:00:00.000Z"
SECRET = "5ecre7-0f-the-link"


def kept(*said: tuple[Direction, object]) -> tuple[Frame, ...]:
    ring = FrameRing()
    for direction, message in said:
        ring.add(direction, message if isinstance(message, str | bytes) else json.dumps(message), AT)
    return ring.page(0).frames


def test_a_call_and_its_answer_are_read() -> None:
    boot, answer, error = kept(
        ("sent", [2, "1", "BootNotification", {"chargePointModel": "Go"}]),
        ("received", [3, "1", {"status": "Accepted"}]),
        ("received", [4, "1", "InternalError", "why", {}]),
    )
    assert boot == Frame(
        number=1, at=AT, direction="sent", kind="call", action="BootNotification", identity="1",
        payload='{"chargePointModel": "Go"}',
    )  # fmt: skip
    assert (answer.number, answer.kind, answer.action, answer.payload) == (
        2, "result", "BootNotification", '{"status": "Accepted"}',
    )  # fmt: skip
    assert (error.kind, error.payload) == ("error", '["InternalError", "why", {}]')


@pytest.mark.parametrize("key", ["AuthorizationKey", "authorizationkey", " AUTHORIZATIONKEY "])
def test_a_password_that_is_written_is_hidden(key: str) -> None:
    (frame,) = kept(("received", [2, "1", "ChangeConfiguration", {"key": key, "value": SECRET}]))
    assert SECRET not in frame.payload
    assert key in frame.payload


def test_a_password_behind_an_escape_is_hidden() -> None:
    text = '[2,"1","ChangeConfiguration",{"key":"\\u0041uthorizationKey","value":"' + SECRET + '"}'
    frames = kept(("received", text + "]"), ("received", text))
    assert [frame.kind for frame in frames] == ["call", "unreadable"]
    assert not any(SECRET in frame.payload for frame in frames)


def test_credentials_of_an_address_are_hidden_and_its_path_is_not() -> None:
    location = f"ftp://box:{SECRET}@files.example/up/load?signature={SECRET}"
    (frame,) = kept(("received", [2, "1", "GetDiagnostics", {"location": location}]))
    assert frame.payload == '{"location": "ftp://***@files.example/up/load?***"}'


def asked(action: str, payload: Any) -> str:
    return json.dumps([2, "1", action, payload])


HIDING = [
    asked("ChangeConfiguration", {"value": SECRET, "key": "authorizationKEY"}),
    asked("ChangeConfiguration", {"key": "WifiPassword", "value": SECRET}),
    asked("ChangeConfiguration", {"kee": "AuthorizationKey", "value": [SECRET]}),
    f'[2,"1","ChangeConfiguration",{{"key":"AuthorizationKey","key":"x","value":"{SECRET}"}}]',
    asked("UpdateFirmware", {"location": f"ftp://me:{SECRET}@host/a", "retrieveDate": "2026"}),
    asked("UpdateFirmware", {"location": f'ftp://me:a/?" {SECRET}@host/a'}),
    asked("UpdateFirmware", {"location": f"ftp:\\\\me:@/{SECRET}@host/a"}),
    asked("GetDiagnostics", {"location": f"https://host/a?sig=a {SECRET}"}),
    asked("GetDiagnostics", {"location": f"https://host/a#{SECRET}"}),
    asked("GetDiagnostics", {"location": f"https://me:{SECRET}@host/a"}).replace("/", "\\/"),
    asked("DataTransfer", {"vendorId": "v", "data": json.dumps({"password": SECRET})}),
    asked("DataTransfer", {"vendorId": "v", "messageId": "SetPassword", "data": SECRET}),
    asked("DataTransfer", {"vendorId": "v", "data": {"apiKey": {"x": SECRET}}}),
    json.dumps([4, "1", "GenericError", f"AuthorizationKey {SECRET} is wrong", {}]),
    json.dumps([2, "1", f"see ftp://me:{SECRET}@host", {}]),
    json.dumps([2, f"ftp://me:{SECRET}@host", "Reset", {}]),
]


@pytest.mark.parametrize("message", HIDING)
def test_a_secret_is_kept_nowhere_however_the_frame_is_broken(message: str) -> None:
    cut, longer, no_json, no_type = message[:-1], f"{message[:-1]},1]", f"x{message}", f"[9{message[2:]}"
    too_long = f"{cut}{' ' * READ_MOST}]"
    for each in (message, cut, longer, no_json, no_type, too_long, message.encode()):
        assert SECRET not in repr(kept(("received", each))), each


def test_what_is_no_secret_stays() -> None:
    entries = [
        {"key": "UseAuthorizationKeyWithoutDecoding", "readonly": False, "value": "true"},
        {"key": "HeartbeatInterval", "readonly": False, "value": "60"},
    ]
    said = {"configurationKey": entries, "unknownKey": ["AuthorizationKey"]}
    update = {"location": "ftp://host/folder/file.tar", "idTag": "04AABBCC"}
    frames = kept(("sent", [3, "1", said]), ("received", [2, "2", "UpdateFirmware", update]))
    assert [json.loads(frame.payload) for frame in frames] == [said, update]


def test_a_long_frame_is_named_and_not_read() -> None:
    frames = kept(
        ("sent", asked("DataTransfer", {"data": "x" * READ_MOST})),
        ("received", f'[3,"1",{{"data":"{"x" * READ_MOST}"}}]'),
    )
    assert [(frame.kind, frame.action, frame.identity) for frame in frames] == [
        ("call", "DataTransfer", "1"), ("result", "DataTransfer", "1"),
    ]  # fmt: skip
    assert all(frame.payload.endswith(" characters: too long to be shown)") for frame in frames)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("hello\x1b[2J", "hello\\x1b[2J"),
        (b"\x00\x01", "2 binary bytes"),
        ("[" * 100_000, "[" * 197 + "..."),
        ("{}", "{}"),
        ("[5]", "[5]"),
        ('"AuthorizationKey ' + SECRET, "(36 characters that may hold a secret)"),
    ],
)
def test_what_is_no_frame_is_shown_and_ends_nothing(message: str | bytes, shown: str) -> None:
    (frame,) = kept(("received", message))
    assert (frame.kind, frame.payload) == ("unreadable", shown)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
messages = st.one_of(
    st.text(max_size=50),
    st.binary(max_size=20),
    st.tuples(st.integers(0, 6), st.text(max_size=9), json_values, json_values).map(json.dumps),
    st.builds(lambda size: json.dumps([2, "x", "DataTransfer", {"data": "x" * size}]), st.integers(0, 9000)),
)


@given(st.lists(messages, max_size=30), st.integers(1, 60))
def test_it_stays_within_its_bounds_and_in_order(said: list[str | bytes], times: int) -> None:
    ring = FrameRing()
    for message in said * times:
        ring.add("received", message, AT)
    held = all_of(ring)
    newest = ring.page(0).newest
    assert newest == len(said) * times
    assert [frame.number for frame in held] == list(range(newest - len(held) + 1, newest + 1))
    assert len(held) == min(MOST, newest) or size(held) > MOST_BYTES - 8 * LONGEST
    assert size(held) <= MOST_BYTES
    assert all(len(frame.payload) <= 4 * LONGEST for frame in held)


def test_a_full_page_fits_into_a_reply() -> None:
    """Whatever the signs: four bytes each, or such as are escaped twice."""
    for sign in ("\U0001f600", '"', "\U000e0001"):
        ring = FrameRing()
        for _ in range(PAGE + 1):
            ring.add("received", json.dumps([2, sign * 300, sign * 300, {"d": sign * 4500}]), AT)
        assert size(all_of(ring)) <= MOST_BYTES
        assert len(encode(ring.page(0))) < REPLY_LIMIT


def test_long_frames_are_fewer() -> None:
    ring = FrameRing()
    for number in range(MOST):
        ring.add("received", json.dumps([2, f"{number}", "DataTransfer", {"data": "x" * 9000}]), AT)
    assert MOST_BYTES - 8 * LONGEST < size(all_of(ring)) <= MOST_BYTES


@given(json_values)
def test_no_secret_is_kept_however_deep_it_stands(around: Any) -> None:
    told = {"key": "AuthorizationKey", "value": SECRET}
    for payload in (told, [around, told], {"a": around, "b": {"c": [told]}}):
        (frame,) = kept(("received", [2, "1", "ChangeConfiguration", payload]))
        assert SECRET not in frame.payload


def size(frames: list[Frame]) -> int:
    texts = (text for frame in frames for text in (frame.payload, frame.action, frame.identity))
    return sum(len(text.encode()) for text in texts)


def all_of(ring: FrameRing) -> list[Frame]:
    held: list[Frame] = []
    while frames := ring.page(held[-1].number if held else 0).frames:
        assert len(frames) <= PAGE
        held += frames
    return held
