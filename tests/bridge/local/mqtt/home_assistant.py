"""What Home Assistant demands of a discovery message, from its documentation: a small second opinion.

Keys: https://www.home-assistant.io/integrations/ sensor.mqtt, binary_sensor.mqtt, number.mqtt, button.mqtt.
Units and state classes: developers.home-assistant.io/docs/core/entity/sensor. Only what we use stands here; a
device_class that we begin to use must be looked up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

REQUIRED = {
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
    "number": {"command_topic"},
    "button": {"command_topic"},
}
COMMON = {
    "name", "unique_id", "device", "origin", "availability", "availability_mode", "qos", "icon",
    "entity_category", "device_class",
}  # fmt: skip
ALLOWED = {
    "sensor": {"state_topic", "value_template", "unit_of_measurement", "state_class", "options"},
    "binary_sensor": {"state_topic", "value_template", "payload_on", "payload_off"},
    "number": {
        "state_topic", "value_template", "command_topic", "min", "max", "step", "mode", "unit_of_measurement"
    },
    "button": {"command_topic"},
}  # fmt: skip
DEVICE = {"identifiers", "name", "manufacturer", "model", "sw_version", "serial_number"}
# device_class of a sensor: units, state classes.
SENSORS: dict[str, tuple[set[str | None], set[str | None]]] = {
    "energy": ({"Wh", "kWh", "MWh"}, {"total", "total_increasing"}),
    "power": ({"W", "kW"}, {"measurement"}),
    "current": ({"A", "mA"}, {"measurement"}),
    "voltage": ({"V", "mV"}, {"measurement"}),
    "temperature": ({"°C", "°F", "K"}, {"measurement"}),
    "enum": ({None}, {None}),
    "timestamp": ({None}, {None}),
}
STATE_CLASSES = {None, "measurement", "total", "total_increasing"}
BINARY_SENSORS = {"plug", "battery_charging", "lock", "power", "problem", "connectivity"}


def wrong(component: str, payload: dict[str, Any]) -> Iterator[str]:
    """Yields what Home Assistant would not take."""
    for key in REQUIRED[component] - payload.keys():
        yield f"{key} is missing"
    for key in payload.keys() - COMMON - ALLOWED[component]:
        yield f"{key} is no key of a {component}"
    if not payload.get("unique_id") or not payload["device"]["identifiers"]:
        yield "no unique_id, or a device that nothing identifies"
    for key in payload["device"].keys() - DEVICE:
        yield f"{key} is no key of a device"
    if payload.get("entity_category", "diagnostic") != "diagnostic":
        yield "what shows something is no configuration"
    yield from _classes(component, payload)


def _classes(component: str, payload: dict[str, Any]) -> Iterator[str]:
    kind = payload.get("device_class")
    unit, state_class = payload.get("unit_of_measurement"), payload.get("state_class")
    if component == "sensor" and kind is not None:
        units, state_classes = SENSORS[kind]
        if unit not in units or state_class not in state_classes:
            yield f"a sensor of {kind} with {unit} and {state_class}"
    if (kind == "enum") != ("options" in payload):
        yield "options belong to an enum, and to nothing else"
    if state_class not in STATE_CLASSES:
        yield f"{state_class} is no state_class"
    if component == "binary_sensor" and kind not in BINARY_SENSORS:
        yield f"{kind} is no device_class of a binary sensor"
    if component == "number" and not payload["min"] < payload["max"]:
        yield "min must be below max"
