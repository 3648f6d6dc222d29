"""What the bridge asks of the box: amps, cable, lamp, and faults to be cleared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from bridge.core.now import Now
from bridge.core.session import Authorized, Authorizing, Finishing, Idle, State, Transaction
from hal.contract import Cable, FaultRef

ASKED_S = 3.0  # some wishes: one may be lost


@dataclass(frozen=True, slots=True)
class WishContent:
    """What a wish asks for; the sender adds its number and its end."""

    limit_a: float
    cable: Cable
    lamp: str
    clear_faults: tuple[FaultRef, ...] = ()


def lamp(state: State, status: str, *, refused: bool, online: bool) -> str:
    """Names a pattern; the refusal of a card shows over everything for its 3 s."""
    if refused:
        return "refused"
    if status in ("Faulted", "Unavailable"):
        return status.lower()
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


class FaultClearing:
    """Repeats a clearing in a few wishes. `hal.safety` decides: only what a person may clear, only that
    occurrence, once its cause is gone."""

    def __init__(self) -> None:
        self._refs: tuple[FaultRef, ...] = ()
        self._until_s = 0.0

    def ask(self, refs: tuple[FaultRef, ...], now: Now) -> None:
        """Asks for it, as the owner wants."""
        self._refs, self._until_s = refs, now.s + ASKED_S

    def refs(self, now: Now) -> tuple[FaultRef, ...]:
        """Returns what belongs into the wish of this moment."""
        return self._refs if now.s < self._until_s else ()
