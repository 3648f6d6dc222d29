"""What the bridge asks of the box, derived from the session: amps, cable, lamp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from bridge.core.box_view import BoxView
from bridge.core.configuration.configuration import Configuration
from bridge.core.limits.absence import Absence
from bridge.core.limits.installed_profiles import InstalledProfiles
from bridge.core.now import Now
from bridge.core.session import Authorized, Authorizing, Finishing, Idle, Owner, State, Transaction
from hal.contract import Cable, FaultRef


@dataclass(frozen=True, slots=True)
class WishContent:
    """The sender adds number and end."""

    limit_a: float
    cable: Cable
    lamp: str
    clear_faults: tuple[FaultRef, ...] = ()


def limit_a(state: State, box: BoxView, profiles: InstalledProfiles, absence: Absence, now: Now) -> float:
    """0 unless a transaction runs that nobody has decided to stop."""
    if not isinstance(state, Transaction) or state.stopping is not None or state.deauthorized:
        return 0.0
    prevailing_a = profiles.limit_a(state, box, now)
    caps_a = (box.meter.cap_a(now.s), absence.cap_a(now.s))
    return min([prevailing_a, *(cap_a for cap_a in caps_a if cap_a is not None)])


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


def lamp(state: State, status: str, *, refused: bool, online: bool) -> str:
    """The name of a pattern; a refusal shows over everything but a fault."""
    if status in ("Faulted", "Unavailable"):
        return status.lower()
    if refused:
        return "refused"
    if status == "Reserved":
        return "reserved"
    match state:
        case Authorizing():
            return "asking"
        case Authorized():
            return "accepted"
        case Transaction():
            return "charging" if status == "Charging" else "accepted"
        case Idle() | Finishing():
            return "ready" if online else "offline"
        case never:
            assert_never(never)
