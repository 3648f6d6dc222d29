"""PURE: what Home Assistant gets of the box, as a table: one row an entity, by Home Assistant's own words.

Which unit and which state_class a device_class may have: https://www.home-assistant.io/integrations/sensor/
and .../binary_sensor/. What each kind of entity needs: .../integrations/mqtt/#discovery-messages and the page
of the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bridge.local.state.state import State
from bridge.local.state.statuses import STATUSES
from bridge.local.why.words import Language

Part = Literal["state", "meter"]
Component = Literal["sensor", "binary_sensor", "number", "button"]

DIAGNOSTIC = {"entity_category": "diagnostic"}


def _always(_: State) -> bool:
    return True


def _socket(state: State) -> bool:
    return state.box.socket


def _three_phases(state: State) -> bool:
    return state.box.phases == 3


def _thermometer(state: State) -> bool:
    return state.box.contacts_c is not None


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity. `value`: its name in the JSON of its part; None: it shows nothing (a button).

    `command`: the name of the topic that it writes; such an entity is there only where commands are allowed.
    `there`: whether this box has it. `of_bridge`: it also shows something while the bridge is away.
    """

    component: Component
    key: str
    names: Mapping[Language, str]
    value: str | None = None
    part: Part = "state"
    fields: Mapping[str, Any] = field(default_factory=dict)
    there: Callable[[State], bool] = _always
    command: str | None = None
    of_bridge: bool = False


def _measured(device_class: str, unit: str, state_class: str = "measurement", **more: Any) -> dict[str, Any]:
    return {"device_class": device_class, "unit_of_measurement": unit, "state_class": state_class, **more}


def _phases() -> tuple[Entity, ...]:
    found = []
    for line in (1, 2, 3):
        there = _always if line == 1 else _three_phases
        found += [
            Entity(
                "sensor", f"current_l{line}", {"en": f"Current L{line}", "de": f"Strom L{line}"},
                f"current_l{line}_a", "meter", _measured("current", "A"), there,
            ),
            Entity(
                "sensor", f"voltage_l{line}", {"en": f"Voltage L{line}", "de": f"Spannung L{line}"},
                f"voltage_l{line}_v", "meter", _measured("voltage", "V", **DIAGNOSTIC), there,
            ),
        ]  # fmt: skip
    return tuple(found)


ENTITIES: tuple[Entity, ...] = (
    Entity(
        "sensor", "status", {"en": "Status", "de": "Zustand"}, "status",
        fields={"device_class": "enum", "options": list(STATUSES), "icon": "mdi:ev-station"},
    ),
    Entity(
        "sensor", "why", {"en": "Why", "de": "Warum"}, "why", fields={"icon": "mdi:comment-question-outline"}
    ),
    Entity(
        "sensor", "what_to_do", {"en": "What to do", "de": "Was zu tun ist"}, "what_to_do",
        fields={"icon": "mdi:hand-pointing-right"},
    ),
    Entity(
        "sensor", "energy", {"en": "Energy", "de": "Energie"}, "energy_kwh", "meter",
        _measured("energy", "kWh", "total_increasing"),
    ),
    Entity(
        "sensor", "session_energy", {"en": "Energy of the session", "de": "Energie der Ladung"},
        "session_kwh", "meter", _measured("energy", "kWh", "total_increasing"),
    ),
    Entity("sensor", "power", {"en": "Power", "de": "Leistung"}, "power_w", "meter", _measured("power", "W")),
    *_phases(),
    Entity(
        "sensor", "offered", {"en": "Offered current", "de": "Angebotener Strom"}, "offered_a",
        fields=_measured("current", "A"),
    ),
    Entity(
        "sensor", "limit", {"en": "Least limit", "de": "Kleinste Grenze"}, "limit_a",
        fields=_measured("current", "A", **DIAGNOSTIC),
    ),
    Entity(
        "sensor", "limited_by", {"en": "Limited by", "de": "Begrenzt durch"}, "limited_by",
        fields=DIAGNOSTIC,
    ),
    Entity(
        "sensor", "session_started", {"en": "Session began", "de": "Beginn der Ladung"}, "session_started",
        fields={"device_class": "timestamp"},
    ),
    Entity(
        "sensor", "contacts", {"en": "Temperature of the contacts", "de": "Temperatur der Kontakte"},
        "contacts_c", "meter", _measured("temperature", "°C", **DIAGNOSTIC), _thermometer,
    ),
    Entity(
        "sensor", "undelivered", {"en": "Undelivered sessions", "de": "Nicht zugestellte Ladungen"},
        "undelivered", fields={"state_class": "measurement", **DIAGNOSTIC},
    ),
    Entity(
        "sensor", "waiting", {"en": "Messages waiting", "de": "Wartende Meldungen"}, "waiting",
        fields={"state_class": "measurement", **DIAGNOSTIC},
    ),
    Entity(
        "sensor", "closings", {"en": "Closings of the contactor", "de": "Schaltspiele des Schützes"},
        "closings", fields={"state_class": "total_increasing", **DIAGNOSTIC},
    ),
    Entity("sensor", "faults", {"en": "Faults", "de": "Störungen"}, "faults", fields=DIAGNOSTIC),
    Entity(
        "sensor", "problems", {"en": "What needs the owner", "de": "Was den Besitzer braucht"}, "problems",
        fields=DIAGNOSTIC,
    ),
    Entity(
        "binary_sensor", "car", {"en": "Car connected", "de": "Auto verbunden"}, "car",
        fields={"device_class": "plug"},
    ),
    Entity(
        "binary_sensor", "charging", {"en": "Charging", "de": "Lädt"}, "charging",
        fields={"device_class": "battery_charging"},
    ),
    Entity(
        "binary_sensor", "lock", {"en": "Cable lock", "de": "Kabelverriegelung"}, "unlocked",
        fields={"device_class": "lock"}, there=_socket,
    ),
    Entity(
        "binary_sensor", "contactor", {"en": "Contactor", "de": "Schütz"}, "contactor",
        fields={"device_class": "power", **DIAGNOSTIC},
    ),
    Entity(
        "binary_sensor", "fault", {"en": "Fault", "de": "Störung"}, "fault",
        fields={"device_class": "problem"},
    ),
    Entity(
        "binary_sensor", "problem", {"en": "Needs the owner", "de": "Braucht den Besitzer"}, "problem",
        fields={"device_class": "problem"},
    ),
    Entity(
        "binary_sensor", "link", {"en": "Central System", "de": "Backend"}, "link",
        fields={"device_class": "connectivity", **DIAGNOSTIC},
    ),
    Entity(
        "binary_sensor", "bridge", {"en": "Charge point", "de": "Ladepunkt"}, None,
        fields={"device_class": "connectivity", **DIAGNOSTIC}, of_bridge=True,
    ),
    Entity("button", "start", {"en": "Start charging", "de": "Laden starten"}, command="start"),
    Entity("button", "stop", {"en": "Stop charging", "de": "Laden beenden"}, command="stop"),
    Entity(
        "number", "owner_limit", {"en": "Limit of the owner", "de": "Grenze des Besitzers"}, "owner_limit_a",
        fields={"device_class": "current", "unit_of_measurement": "A", "step": 1, "mode": "box"},
        command="limit",
    ),
)  # fmt: skip
