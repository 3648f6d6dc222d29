"""The two JSON objects that are published."""

from __future__ import annotations

import json

from bridge.local.mqtt.readings import TEXT_MOST, encoded, meter_values, state_values
from bridge.local.state.state import FaultSeen, Limit, Queue
from bridge.local.state.statuses import STATUSES
from bridge.local.why.why import why
from bridge.local.why.words import words
from tests.bridge.local.states import AT, CHARGING, SESSION, WELL, changed

SAY = words("en", AT)


def test_a_charging_car() -> None:
    values = meter_values(changed(CHARGING, session=SESSION))
    assert values["energy_kwh"] == 1.0
    assert values["session_kwh"] == 3.42
    assert (values["power_w"], values["current_l1_a"], values["voltage_l3_v"]) == (7360.0, 10.7, 230.0)
    values = state_values(changed(CHARGING, why=why(CHARGING)), SAY, ())
    assert (values["status"], values["charging"], values["car"]) == ("Charging", True, True)
    assert values["status"] in STATUSES
    assert str(values["why"]).endswith(".")


def test_an_old_reading_is_none_but_the_register_stays() -> None:
    values = meter_values(changed(CHARGING, meter={"fresh": False, "age_s": 9.0}))
    assert values["energy_kwh"] == 1.0
    assert {values[name] for name in ("power_w", "current_l1_a", "voltage_l1_v")} == {None}
    assert json.loads(encoded(meter_values(changed(meter=None))))["energy_kwh"] is None


def test_of_a_silent_box_nothing_is_claimed() -> None:
    values = state_values(changed(CHARGING, box={"alive": False}), SAY, ())
    assert {values[name] for name in ("car", "contactor", "fault", "offered_a", "closings")} == {None}


def test_no_id_tag_is_published() -> None:
    held = changed(
        CHARGING, session=SESSION, connector={"id_tag": "04AABBCC", "reserved_for": "04AABBCC"}, why=()
    )
    assert b"04AABBCC" not in encoded(state_values(held, SAY, ())) + encoded(meter_values(held))


def test_texts_are_short_and_visible() -> None:
    fault = FaultSeen(id="x\x1b" * 300, occurrence=1, for_s=1.0, clears="person", opens=True)
    seen = changed(box={"faults": (fault,)}, limits=(Limit(name="y\n" * 300, limit_a=0.0),))
    values = state_values(seen, SAY, ["z" * 200, "z" * 200])
    for name in ("faults", "limited_by", "problems"):
        assert len(str(values[name])) <= TEXT_MOST
        assert str(values[name]).isprintable()
    assert (values["fault"], values["problem"]) == (True, True)


def test_a_number_that_json_does_not_have_is_null() -> None:
    values = json.loads(encoded(meter_values(changed(meter={"power_w": float("nan")}))))
    assert values["power_w"] is None


def test_the_limit_of_the_owner_and_without_one_that_of_the_installation() -> None:
    own = changed(limits=(Limit(name="owner", limit_a=10.0), Limit(name="installation", limit_a=16.0)))
    assert state_values(own, SAY, ())["owner_limit_a"] == 10.0
    assert state_values(WELL, SAY, ())["owner_limit_a"] == 16.0


def test_what_waits_for_the_central_system() -> None:
    values = state_values(changed(queue=Queue(waiting=3, dead_letters=1)), SAY, ())
    assert (values["waiting"], values["undelivered"]) == (3, 1)
    assert state_values(WELL, SAY, ())["waiting"] is None
