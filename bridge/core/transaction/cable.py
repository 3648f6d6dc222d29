"""The cable: when it is locked and who may unplug it, and UnlockConnector (OCPP 1.6 5.18) as a native Zaptec
does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never

from bridge.core.box_view import BoxView
from bridge.core.configuration.configuration import Configuration
from bridge.core.session import Authorized, Authorizing, Finishing, Idle, Owner, State, Transaction
from hal.contract import Cable

PATIENCE_S = 25.0  # up to 6 s until the contactor opens, 5 s for the meter, then the lock and its retries

UnlockStatus = Literal["Unlocked", "UnlockFailed"]


@dataclass(slots=True)
class Unlock:
    """An UnlockConnector in progress: the cable stays unlocked until the plug was out."""

    since_s: float
    outcome: UnlockStatus | None = None

    def step(self, state: State, box: BoxView, now_s: float) -> None:
        """Answers Unlocked when the feedback says so and the transaction, if there was one, is over."""
        if self.outcome is not None:
            return
        lock = box.status.lock if box.status is not None and box.alive(now_s) else "moving"
        failed = any(fault.id == "unlock_failed" for fault in box.faults)
        if failed or now_s - self.since_s >= PATIENCE_S:
            self.outcome = "UnlockFailed"
        elif lock == "unlocked" and not isinstance(state, Transaction):
            self.outcome = "Unlocked"

    def over(self, box: BoxView, now_s: float) -> bool:
        """Says whether it is answered and the cable or the car has left: the usual rules hold again."""
        gone = box.status is not None and not box.status.cable_present
        return self.outcome is not None and (gone or self.outcome == "UnlockFailed" or box.car_left(now_s))


def cable(state: State, configuration: Configuration, *, unlocking: bool) -> Cable:
    """OCPP 1.6 9.1.27 and Zaptec's LockCablePermanently: who may take the plug out."""
    if unlocking and not isinstance(state, Transaction):
        return "release"
    if configuration.is_on("LockCablePermanently"):
        return "permanent"
    released = configuration.is_on("UnlockConnectorOnEVSideDisconnect")
    match state:
        case Transaction():
            return "auto" if released else "keep"
        case Finishing(kept_for=kept_for):
            return "release" if kept_for is None else "keep"
        case Authorizing(former=Finishing(kept_for=Owner())) | Authorized(former=Finishing(kept_for=Owner())):
            return "keep"  # it is another's cable
        case Idle() | Authorizing() | Authorized():
            return "auto"
        case never:
            assert_never(never)
