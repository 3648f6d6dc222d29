"""What holds a car at 0 A: logged when it begins and when it ends, with its name."""

from __future__ import annotations

from bridge.core.box_view import BoxView
from bridge.core.decisions import Decisions
from bridge.core.limits.cap import LEAST_A
from bridge.core.limits.caps import Caps
from bridge.core.limits.installed_profiles import InstalledProfiles
from bridge.core.now import Now
from bridge.core.session import State, Transaction


class Holding:
    """Follows the running transaction. Call `step` at every step; a cause that lasts is logged once."""

    def __init__(self, profiles: InstalledProfiles, caps: Caps, decisions: Decisions) -> None:
        self.decisions = decisions
        self._profiles = profiles
        self._caps = caps
        self._cause = ""

    def step(self, state: State, box: BoxView, now: Now) -> None:
        """Logs a cause that is new, and one that is gone while the transaction goes on."""
        charges = isinstance(state, Transaction) and state.stopping is None and not state.deauthorized
        cause, limit_a = ("", 0.0)
        if isinstance(state, Transaction) and charges:
            cause, limit_a = self._found(state, box, now)
        if cause == self._cause:
            return
        if cause:
            needs = f"it allows {limit_a:g} A, and a car needs {LEAST_A:g} A to charge"
            self.decisions.notes.append(f"{cause} holds the car at 0 A: {needs}")
        elif charges:
            self.decisions.notes.append(f"{self._cause} does not hold the car any more")
        self._cause = cause

    def _found(self, transaction: Transaction, box: BoxView, now: Now) -> tuple[str, float]:
        """Returns the cause and what it allows; without a name: nothing holds the car."""
        ruling = self._profiles.ruling(transaction, box, now)
        if ruling.profile_id is not None and ruling.limit_a < LEAST_A:
            return f"charging profile {ruling.profile_id}", ruling.limit_a
        caps = self._caps.by_name(box, now).items()
        return next(((name, cap_a) for name, cap_a in caps if cap_a < LEAST_A), ("", 0.0))
