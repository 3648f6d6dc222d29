"""PURE: how the box announces itself to Home Assistant: a retained message for each entity.

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery. An entity that this box does not have, or no
longer, is announced empty, which removes it there.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bridge.local.mqtt.entities import ENTITIES, Entity
from bridge.local.mqtt.settings import Mqtt
from bridge.local.mqtt.topics import Topics
from bridge.local.state.state import State

BIRTH = "online"  # what Home Assistant says on DISCOVERY/status when it has started
OWNER_MOST_A = 80.0  # while the installation's own limit is not known


def announced(settings: Mqtt, topics: Topics, state: State) -> dict[str, bytes]:
    """Returns topic -> payload, for every entity that there can be; empty: this box does not have it."""
    return {
        f"{settings.discovery_prefix}/{entity.component}/{topics.node}/{entity.key}/config": (
            msgspec.json.encode(_configuration(entity, settings, topics, state))
            if _is_there(entity, settings, state)
            else b""
        )
        for entity in ENTITIES
    }


def described(before: State | None, state: State) -> State | None:
    """Returns the State from which the box is announced: of a box that is silent the one before, so that an
    entity does not vanish while nobody knows; a thermometer that was there stays."""
    if not state.box.alive:
        return before
    if state.box.contacts_c is None and before is not None and before.box.contacts_c is not None:
        box = msgspec.structs.replace(state.box, contacts_c=before.box.contacts_c)
        return msgspec.structs.replace(state, box=box)
    return state


def birth_topic(settings: Mqtt) -> str:
    """Returns the topic on which Home Assistant says that it has started."""
    return f"{settings.discovery_prefix}/status"


def _is_there(entity: Entity, settings: Mqtt, state: State) -> bool:
    if entity.command is not None and not settings.commands:
        return False
    if entity.command == "start" and not settings.id_tag:
        return False
    return entity.there(state)


def _configuration(entity: Entity, settings: Mqtt, topics: Topics, state: State) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": entity.names[settings.language],
        "unique_id": f"{topics.node}_{entity.key}",
        "device": _device(topics, state),
        "origin": {"name": "evse-bridge", "sw_version": state.version},
        "availability_mode": "all",
        "availability": _availability(entity, topics),
        "qos": 1,
        **entity.fields,
    }
    if entity.of_bridge:
        made |= {"state_topic": topics.bridge, "payload_on": "online", "payload_off": "offline"}
    if entity.value is not None:
        made |= {
            "state_topic": topics.state if entity.part == "state" else topics.meter,
            "value_template": f"{{{{ value_json.{entity.value} }}}}",
        }
        if entity.component == "binary_sensor":
            made |= {"payload_on": "True", "payload_off": "False"}  # so Jinja writes true and false
    if entity.command is not None:
        made["command_topic"] = topics.command(entity.command)
    if entity.component == "number":
        made |= {"min": 0, "max": _most_a(state)}
    return made


def _device(topics: Topics, state: State) -> dict[str, Any]:
    return {
        "identifiers": [topics.node],
        "name": "MOCK wallbox" if state.mock else "Wallbox",
        "manufacturer": "evse-bridge",
        "model": "MOCK wallbox" if state.mock else "DIY wallbox",
        "sw_version": state.version,
        "serial_number": topics.serial,
    }


def _availability(entity: Entity, topics: Topics) -> list[dict[str, str]]:
    known = [topics.availability] if entity.of_bridge else [topics.availability, topics.bridge]
    return [
        {"topic": topic, "payload_available": "online", "payload_not_available": "offline"} for topic in known
    ]


def _most_a(state: State) -> float:
    return next((limit.limit_a for limit in state.limits if limit.name == "installation"), OWNER_MOST_A)
