"""PURE: the State in one big sentence."""

from __future__ import annotations

from bridge.local.state.state import State
from bridge.local.why.words import Words


def headline(state: State, say: Words) -> str:
    """Returns the state in one big sentence."""
    if state.charges and state.meter is not None and state.meter.fresh:
        power_kw = say.number(state.meter.power_w / 1000.0, 2)
        return say.tongue.charging.replace("{power_kw}", power_kw)
    status = "Charging" if state.charges else state.connector.status
    return say.tongue.statuses.get(status, status)
