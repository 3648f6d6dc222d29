"""OCPP 1.6 5.18 UnlockConnector, as a Zaptec that speaks OCPP itself carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bridge.core.box_view import BoxView
from bridge.core.session import State, Transaction

PATIENCE_S = 25.0  # up to 6 s until the contactor opens, 5 s for the meter, then the lock and its retries

UnlockStatus = Literal["Unlocked", "UnlockFailed"]


@dataclass(slots=True)
class Unlocking:
    """From the request until the plug was out: the cable stays released, though a car may be connected."""

    since_s: float
    outcome: UnlockStatus | None = None

    def step(self, state: State, box: BoxView, now_s: float) -> None:
        """Unlocked counts when the feedback says so and the transaction, if there was one, is over."""
        if self.outcome is not None:
            return
        lock = box.status.lock if box.status is not None and box.alive(now_s) else "moving"
        failed = any(fault.id == "unlock_failed" for fault in box.faults)
        if failed or now_s - self.since_s >= PATIENCE_S:
            self.outcome = "UnlockFailed"
        elif lock == "unlocked" and not isinstance(state, Transaction):
            self.outcome = "Unlocked"

    def over(self, box: BoxView, now_s: float) -> bool:
        """Answered, and the cable has left or the car with it: the usual rules hold again."""
        gone = box.status is not None and not box.status.cable_present
        return self.outcome is not None and (gone or self.outcome == "UnlockFailed" or box.car_left(now_s))
