"""How the box announces itself to Home Assistant."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bridge.local.mqtt.discovery import announced, described
from bridge.local.mqtt.entities import ENTITIES
from bridge.local.mqtt.readings import encoded, meter_values, state_values
from bridge.local.mqtt.settings import Mqtt
from bridge.local.mqtt.topics import Topics
from bridge.local.state.state import State
from bridge.local.why.words import Language, words
from tests.bridge.local.mqtt.home_assistant import wrong
from tests.bridge.local.states import AT, CHARGING, WELL, changed

TOPICS = Topics("evse-bridge", "MOCK1")
ALL = Mqtt(broker="mqtt://broker", commands=True, id_tag="HOME")
WARM = changed(CHARGING, box={"contacts_c": 30.0})


def payloads(settings: Mqtt, state: State) -> dict[tuple[str, str], dict[str, Any]]:
    """(component, key) -> what is announced."""
    found = {}
    for topic, payload in announced(settings, TOPICS, state).items():
        prefix, component, node, key, last = topic.split("/")
        assert (prefix, node, last) == ("homeassistant", "evse_bridge_MOCK1", "config")
        if payload:
            found[component, key] = json.loads(payload)
    return found


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("state", [WELL, WARM], ids=["at rest", "warm"])
def test_home_assistant_takes_every_entity(state: State, language: Language) -> None:
    settings = Mqtt(broker="mqtt://broker", commands=True, id_tag="HOME", language=language)
    found = payloads(settings, state)
    faults = [f"{key}: {why}" for (kind, key), payload in found.items() for why in wrong(kind, payload)]
    assert not faults, faults
    for key in ("unique_id", "name"):
        assert len({payload[key] for payload in found.values()}) == len(found)


def test_every_value_that_is_shown_is_published_and_the_other_way_round() -> None:
    say = words("en", AT)
    parts = {
        TOPICS.state: json.loads(encoded(state_values(WARM, say, ()))),
        TOPICS.meter: json.loads(encoded(meter_values(WARM))),
    }
    shown = {
        (payload["state_topic"], re.findall(r"value_json\.(\w+)", payload["value_template"])[0])
        for payload in payloads(ALL, WARM).values()
        if "value_template" in payload
    }
    published = {(topic, name) for topic, values in parts.items() for name in values}
    assert shown <= published
    assert {name for _, name in published - shown} == {"version", "mock"}


def test_what_the_owner_has_not_allowed_is_not_announced() -> None:
    commands = {entity.key for entity in ENTITIES if entity.command}
    assert commands == {"start", "stop", "owner_limit"}
    closed = payloads(Mqtt(broker="mqtt://broker"), WELL)
    assert not {key for _, key in closed} & commands
    assert not any("command_topic" in payload for payload in closed.values())
    assert ("button", "start") not in payloads(Mqtt(broker="mqtt://broker", commands=True), WELL)
    topic = "homeassistant/button/evse_bridge_MOCK1/stop/config"
    assert announced(Mqtt(broker="mqtt://broker"), TOPICS, WELL)[topic] == b"", "it is removed there"


def test_what_the_box_does_not_have_is_removed() -> None:
    small = changed(box={"phases": 1, "socket": False})
    keys = {key for _, key in payloads(ALL, small)}
    assert not keys & {"current_l2", "voltage_l3", "lock", "contacts"}
    assert {"current_l1", "energy", "status"} <= keys


def test_nothing_vanishes_while_the_box_is_silent_or_its_thermometer_is_lost() -> None:
    assert described(None, WARM) is WARM
    assert described(WARM, changed(WARM, box={"alive": False})) is WARM
    cold = described(WARM, CHARGING)
    assert cold is not None
    assert cold.box.contacts_c == 30.0
    assert described(None, changed(box={"alive": False})) is None


def test_a_mock_box_cannot_be_missed() -> None:
    mock = changed(WELL, mock=True)
    assert {each["device"]["name"] for each in payloads(ALL, mock).values()} == {"MOCK wallbox"}
