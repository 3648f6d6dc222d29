"""PURE: the State as the two JSON objects that are published: what changes at once, and what is measured.

Of what is not known the value is null, which Home Assistant shows as unknown. No idTag is in them: whoever
reads the broker is not always the owner.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bridge.local.state.state import Limit, Meter, State
from bridge.local.why.words import Words
from hal.visible import visible

TEXT_MOST = 255  # characters: a longer state is refused by Home Assistant
OWNER_LIMIT = "owner"  # Limit.name of SetOwnerLimit
Values = dict[str, str | float | bool | None]


def state_values(state: State, say: Words, troubles: Iterable[str]) -> Values:
    """Returns the values that are published within a second. `troubles`: what needs the owner, in words."""
    box, alive = state.box, state.box.alive
    waiting = list(troubles)
    values: Values = {
        "status": state.connector.status,
        "charging": state.charges,
        "why": _text(say.reason(state.why[0]) if state.why else ""),
        "what_to_do": _text(say.remedy(state.why[0]) if state.why else ""),
        "car": box.car if alive else None,
        "unlocked": not box.locked if alive else None,
        "contactor": box.contactor_closed if alive else None,
        "offered_a": box.offered_a if alive else None,
        "limit_a": state.limits[0].limit_a if state.limits else None,
        "limited_by": _text(_limited_by(state.limits[0], say)) if state.limits else None,
        "owner_limit_a": _owner_limit_a(state.limits),
        "fault": bool(box.faults) if alive else None,
        "faults": _text("; ".join(_fault(fault.id, say) for fault in box.faults) or "-") if alive else None,
        "problem": bool(waiting),
        "problems": _text(" ".join(waiting) or "-"),
        "link": state.link.connected and state.link.registered,
        "waiting": state.queue.waiting if state.queue is not None else None,
        "undelivered": state.queue.dead_letters if state.queue is not None else None,
        "session_started": state.session.started_at if state.session is not None else None,
        "closings": box.closings if alive else None,
        "version": state.version,
        "mock": state.mock,
    }
    return values


def meter_values(state: State) -> Values:
    """Returns what is measured. An old reading is none, but for the register: it never falls."""
    meter, box = state.meter, state.box
    fresh = meter if meter is not None and meter.fresh else None
    values: Values = {
        "energy_kwh": meter.energy_wh / 1000.0 if meter is not None else None,
        "session_kwh": state.session.energy_wh / 1000.0 if state.session is not None else None,
        "power_w": round(fresh.power_w, 1) if fresh is not None else None,
        "contacts_c": round(box.contacts_c, 1) if box.contacts_c is not None and box.alive else None,
    }
    for phase in range(box.phases):
        values[f"current_l{phase + 1}_a"] = _phase(fresh, "current_a", phase, 2)
        values[f"voltage_l{phase + 1}_v"] = _phase(fresh, "voltage_v", phase, 1)
    return values


def encoded(values: Values) -> bytes:
    """Writes the values as one JSON object. What is no finite number is null."""
    return msgspec.json.encode(values)


def _phase(meter: Meter | None, field: str, phase: int, digits: int) -> float | None:
    return round(float(getattr(meter, field)[phase]), digits) if meter is not None else None


def _owner_limit_a(limits: tuple[Limit, ...]) -> float | None:
    """Returns the owner's own limit; while there is none, what the installation allows."""
    by_name = {limit.name: limit.limit_a for limit in limits}
    return by_name.get(OWNER_LIMIT, by_name.get("installation"))


def _limited_by(limit: Limit, say: Words) -> str:
    number = "" if limit.profile_id is None else str(limit.profile_id)
    return say.tongue.limits.get(limit.name, limit.name).replace("{profile_id}", number).rstrip(",")


def _fault(fault_id: str, say: Words) -> str:
    known = say.tongue.faults.get(fault_id)
    return known[0] if known is not None else fault_id.replace("_", " ")


def _text(text: str) -> str:
    """Cuts it a second time: what is made visible grows."""
    return visible(visible(text, TEXT_MOST), TEXT_MOST)
