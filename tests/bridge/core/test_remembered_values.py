"""What is remembered in another form is dropped, with a line, and the program starts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bridge.core.box_view import PlugIn
from bridge.core.calendar import CLOCK, Calendar, Seen
from bridge.core.configuration import authorization_key as password
from bridge.core.maintenance import firmware
from bridge.core.remembered_values import recalled
from bridge.core.reporting.sign_of_life import SignOfLife
from bridge.core.rows import Remembered
from bridge.core.session import Finishing, Owner, Stopping
from bridge.core.setup import FINISHING, LIFE, OWNER_LIMIT, PLUG_IN, RESERVATION, STOPPING

UPDATE = {
    "location": "http://x/",
    "phase": "downloading",
    "since": "2026-01-01T00:00:00Z",
    "tries_left": 1,
    "interval_s": 60,
}
HELD = {
    "reservation_id": 1,
    "id_tag": "04AABBCC",
    "parent_id_tag": None,
    "expires_at": "2099-01-01T00:00:00+00:00",
}
KEY = {"new": "00", "old": None, "proven": True, "basis": ""}
SOUND = {
    FINISHING: Finishing(Owner("04AABBCC"), PlugIn("a", 1)).text,
    STOPPING: Stopping("Local", None, 0.0, "Charging").text(1),
    LIFE: SignOfLife(datetime(2026, 1, 1, tzinfo=UTC), 1000).text(1),
    PLUG_IN: PlugIn("a", 1).text(1),
    RESERVATION: json.dumps(HELD),
    firmware.STORED: json.dumps({"update": UPDATE, "untold": []}),
    password.REMEMBERED: json.dumps(KEY),
    "accepted_at": "ws://x",
}
OTHER_FORMS = (
    "", "null", "5", "[]", "{}x", "[1]", '"x"', "[null]", "[null, null, null]", '[["x"], null]',
    '[1e999, "", 0]', '{"reservation_id": 1, "update": 5}', "9" * 5000, "[" * 5000,
)  # fmt: skip


def test_what_is_sound_is_kept() -> None:
    assert recalled(SOUND).remembered == SOUND
    assert not recalled(SOUND).changes


@pytest.mark.parametrize("text", ["", "null", "[]", "-1", "80.1", "nan", "inf", "1e999", "9" * 5000, "10 A"])
def test_a_limit_of_the_owner_that_is_none_is_dropped_with_a_line(text: str) -> None:
    assert recalled({OWNER_LIMIT: "9.5"}).remembered == {OWNER_LIMIT: "9.5"}
    found = recalled({OWNER_LIMIT: text})
    assert (found.remembered, found.changes) == ({}, (Remembered(OWNER_LIMIT, None),))


@pytest.mark.parametrize("name", [name for name in SOUND if name != "accepted_at"])
@pytest.mark.parametrize("text", OTHER_FORMS, ids=range(len(OTHER_FORMS)))
def test_what_is_of_another_form_is_dropped_with_a_line(name: str, text: str) -> None:
    found = recalled({**SOUND, name: text})
    assert found.remembered == {key: kept for key, kept in SOUND.items() if key != name}
    assert found.changes == (Remembered(name, None),)
    (note,) = found.notes
    assert repr(name) in note


@pytest.mark.parametrize(
    "wrong",
    [
        {"interval_s": 1_000_000_000_000},
        {"interval_s": -1},
        {"tries_left": 2**31},
        {"tries_left": -1},
        {"since": "2026-01-01T00:00:00"},
        {"since": "0000-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_an_update_out_of_bounds_is_dropped(wrong: dict[str, object]) -> None:
    text = json.dumps({"update": {**UPDATE, **wrong}})
    assert recalled({firmware.STORED: text}).changes == (Remembered(firmware.STORED, None),)


def test_a_reservation_without_a_zone_is_dropped() -> None:
    text = json.dumps({**HELD, "expires_at": "2099-01-01T00:00:00"})
    assert recalled({RESERVATION: text}).changes == (Remembered(RESERVATION, None),)


def test_an_empty_group_of_an_older_bridge_is_none() -> None:
    text = json.dumps({**HELD, "parent_id_tag": ""})
    assert recalled({RESERVATION: text}).remembered
    assert Finishing.of('[["04AABBCC", ""], null]') == Finishing(Owner("04AABBCC"))


@pytest.mark.parametrize(
    "text",
    [
        *OTHER_FORMS,
        json.dumps(["boot", "time server", "2026-01-01T00:00:00", 1.0]),
        json.dumps(["boot", "time server", "2026-01-01T00:00:00+00:00", 1e300]),
        '["boot", "time server", "2026-01-01T00:00:00+00:00", NaN]',
        json.dumps(["boot", "time server", "9999-01-01T00:00:00+00:00", 1.0]),
    ],
    ids=range(len(OTHER_FORMS) + 4),
)
def test_no_stored_time_ends_the_program(text: str) -> None:
    calendar = Calendar("boot", text)
    now = calendar.now(Seen(10.0, datetime(2026, 1, 1, tzinfo=UTC), synchronized=False))
    assert not now.dated
    assert CLOCK in "".join(calendar.drain()[1])
