"""PURE: which States an owner must know of. Each is a condition that stands or does not; nothing is counted.

A trouble is told when it has stood for `begins_after_s`, and told to be over when it has been gone for
`ends_after_s`: what comes and goes makes two messages, not twenty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bridge.core.limits import main_fuse
from bridge.core.maintenance.outcome import Outcome
from bridge.local.state.state import State

MINUTE_S, DAY_S = 60.0, 86_400.0
FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One that stands now. `key` tells it from all others; `amount`: a greater one is told again.

    `values` are those of its sentence.
    """

    kind: str
    key: str
    amount: int = 0
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """How long a trouble of this kind must stand before it is told, and be gone before it is over."""

    name: str
    begins_after_s: float
    ends_after_s: float
    holds: Callable[[State], bool]


# A fault of the box, a bridge that is away, dead letters and updates have rows of their own below.
FAULT_AFTER_S, FAULT_OVER_S = 5.0, 5 * MINUTE_S  # a car that wakes up makes short ones
KINDS: tuple[Kind, ...] = (
    Kind("central_system_away", DAY_S, MINUTE_S, lambda state: not state.link.registered),
    Kind("reflexes_silent", MINUTE_S, MINUTE_S, lambda state: not state.box.alive),
    Kind("disk_refuses", MINUTE_S, MINUTE_S, lambda state: not state.service.recorded),
    Kind(
        "house_meter_quiet",
        MINUTE_S,
        MINUTE_S,
        lambda state: any(limit.name == main_fuse.QUIET_NAME for limit in state.limits),
    ),
)
AWAY, DEAD_LETTERS, CAME_BACK = "bridge_away", "dead_letters", "update_came_back"
_WAITS = {
    FAULT: (FAULT_AFTER_S, FAULT_OVER_S),
    AWAY: (5 * MINUTE_S, MINUTE_S),  # a restart or an update takes less
    DEAD_LETTERS: (5.0, 5.0),
    CAME_BACK: (0.0, 0.0),
    **{kind.name: (kind.begins_after_s, kind.ends_after_s) for kind in KINDS},
}
NAMES = tuple(_WAITS)


def begins_after_s(kind: str) -> float:
    """Says how long a trouble must stand; one of another version is told at once."""
    return _WAITS.get(kind, (0.0, 0.0))[0]


def ends_after_s(kind: str) -> float:
    """Says how long it must be gone before it is over."""
    return _WAITS.get(kind, (0.0, 0.0))[1]


def troubles(state: State | None, outcome: Outcome | None) -> tuple[Trouble, ...]:
    """Returns what stands. `state` None: the bridge is away, and then nothing else of it is known."""
    return tuple(_of_bridge(state)) + tuple(_of_update(outcome))


def known(key: str, state: State | None) -> bool:
    """Says whether this moment can tell that a trouble is gone: while the bridge is away, or its box is
    silent, a fault may stand all the same."""
    if key in (AWAY, CAME_BACK):
        return True
    if state is None:
        return False
    if key.startswith(f"{FAULT}:"):
        return state.box.alive
    return key != DEAD_LETTERS or state.queue is not None


def _of_bridge(state: State | None) -> Iterator[Trouble]:
    if state is None:
        yield Trouble(AWAY, AWAY)
        return
    for fault in state.box.faults if state.box.alive else ():
        yield Trouble(FAULT, f"{FAULT}:{fault.id}", values=(("fault", fault.id), ("clears", fault.clears)))
    for kind in KINDS:
        if kind.holds(state):
            yield Trouble(kind.name, kind.name)
    if state.queue is not None and (number := state.queue.dead_letters) > 0:
        yield Trouble(DEAD_LETTERS, DEAD_LETTERS, number, (("number", str(number)),))


def _of_update(outcome: Outcome | None) -> Iterator[Trouble]:
    if outcome is not None and outcome.failed:
        text = outcome.text.removeprefix("failed: ")
        yield Trouble(CAME_BACK, CAME_BACK, values=(("what", text), ("at", outcome.at)))
