"""The present limit: the smallest of profiles, absent Central System and lost meter."""

from __future__ import annotations

from bridge.core.box_view import BoxView
from bridge.core.limits.absence import Absence
from bridge.core.limits.installed_profiles import InstalledProfiles
from bridge.core.now import Now
from bridge.core.session import State, Transaction
from hal.contract import LOST_PAUSE_S

LOST_CAP_A = 6.0  # without a meter, for LOST_PAUSE_S; then nothing


def limit_a(state: State, box: BoxView, profiles: InstalledProfiles, absence: Absence, now: Now) -> float:
    """Returns the limit; 0 unless a transaction runs that nobody has decided to stop."""
    if not isinstance(state, Transaction) or state.stopping is not None or state.deauthorized:
        return 0.0
    return min([profiles.limit_a(state, box, now), *caps_a(box, absence, now).values()])


def caps_a(box: BoxView, absence: Absence, now: Now) -> dict[str, float]:
    """Returns the limits that no profile sets, by what sets them; empty: there is none now."""
    caps = {
        "the lost meter": meter_cap_a(box, now.s),
        "fallback.central_system_lost_limit_a": absence.cap_a(now.s),
    }
    return {name: cap_a for name, cap_a in caps.items() if cap_a is not None}


def meter_cap_a(box: BoxView, now_s: float) -> float | None:
    """Returns 6 A without a meter, 0 after a minute; None: no cap."""
    lost_s = box.lasting_s("meter_lost", now_s)
    if lost_s is None:
        return None
    return LOST_CAP_A if lost_s < LOST_PAUSE_S else 0.0
