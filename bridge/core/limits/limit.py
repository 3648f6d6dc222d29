"""The present limit: the smallest of the charging profiles' and of those that no profile sets."""

from __future__ import annotations

from bridge.core.box_view import BoxView
from bridge.core.limits.caps import Caps
from bridge.core.limits.installed_profiles import InstalledProfiles
from bridge.core.now import Now
from bridge.core.session import State, Transaction


def limit_a(state: State, box: BoxView, profiles: InstalledProfiles, caps: Caps, now: Now) -> float:
    """Returns the limit; 0 unless a transaction runs that nobody has decided to stop."""
    if not isinstance(state, Transaction) or state.stopping is not None or state.deauthorized:
        return 0.0
    return min([profiles.limit_a(state, box, now), *caps.by_name(box, now).values()])
