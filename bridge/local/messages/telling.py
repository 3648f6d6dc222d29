"""PURE: says each trouble once when it begins and once when it is over, across restarts, and never a flood.

Nothing is queued here: what stands is compared with what was told, so what could not be told in time is told
later if it still counts.

    ──stands──▶ noticed ──for begins_after_s──▶ told ──gone for ends_after_s──▶ over
                   └──gone──▶ forgotten           └──greater amount, or other values──▶ told again
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from bridge.core.maintenance.outcome import Outcome
from bridge.local.messages.troubles import (
    CAME_BACK,
    Trouble,
    begins_after_s,
    ends_after_s,
    known,
    troubles,
)
from bridge.local.state.state import State

AT_ONCE = 12  # messages after a long rest; then one each REFILL_S
REFILL_S = 300.0
STEP_MOST_S = 30.0  # a longer step is a machine that slept: nobody saw what was so meanwhile
MOST_KEPT = 200  # troubles in the file: some forty faults and a few more


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A trouble as it is remembered. `told`: it was said. Durations grow while the program runs."""

    kind: str
    key: str
    amount: int = 0
    values: tuple[tuple[str, str], ...] = ()
    told: bool = False
    stood_s: float = 0.0
    gone_s: float = 0.0


class Memory(msgspec.Struct, frozen=True):
    """What outlasts a restart."""

    noted: tuple[Noted, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """One message: this trouble has begun, or is over."""

    trouble: Noted
    over: bool


class Telling:
    """Feed it what is so, at least each STEP_MOST_S; `memory` is what to store after a feed."""

    def __init__(self, memory: Memory, now_s: float) -> None:
        self._noted = {noted.key: noted for noted in memory.noted[:MOST_KEPT]}
        self._now_s = now_s
        self._allowance = float(AT_ONCE)

    @property
    def memory(self) -> Memory:
        """Returns what must outlast a restart."""
        return Memory(tuple(self._noted.values()))

    @property
    def standing(self) -> tuple[Noted, ...]:
        """Returns what stands and is told, or would be if there were not so much."""
        return tuple(
            noted
            for noted in self._noted.values()
            if noted.told or noted.stood_s >= begins_after_s(noted.kind)
        )

    def feed(self, state: State | None, outcome: Outcome | None, now_s: float) -> list[Said]:
        """Compares what is so with what was told, and returns what must be said now."""
        step_s = min(max(0.0, now_s - self._now_s), STEP_MOST_S)
        self._allowance = min(float(AT_ONCE), self._allowance + max(0.0, now_s - self._now_s) / REFILL_S)
        self._now_s = now_s
        standing = {trouble.key: trouble for trouble in troubles(state, outcome)}
        said = list(self._gone(standing, state, step_s))
        said += self._there(standing.values(), step_s)
        return said

    def _there(self, standing: Iterable[Trouble], step_s: float) -> Iterable[Said]:
        for trouble in standing:
            before = self._noted.get(trouble.key)
            if before is None and len(self._noted) >= MOST_KEPT:
                continue
            noted = _renewed(before, trouble, step_s)
            if not noted.told and noted.stood_s >= begins_after_s(noted.kind) and self._may_say():
                noted = msgspec.structs.replace(noted, told=True)
                yield Said(noted, over=False)
            self._noted[trouble.key] = noted

    def _gone(self, standing: dict[str, Trouble], state: State | None, step_s: float) -> Iterable[Said]:
        for key, noted in list(self._noted.items()):
            if key in standing or not known(key, state):
                continue
            gone = msgspec.structs.replace(noted, gone_s=noted.gone_s + step_s)
            self._noted[key] = gone
            if not noted.told:
                del self._noted[key]
            elif gone.gone_s >= ends_after_s(noted.kind) and self._may_say():
                del self._noted[key]
                yield Said(noted, over=True)

    def _may_say(self) -> bool:
        """Takes one message of the allowance, if there is one."""
        if self._allowance < 1.0:
            return False
        self._allowance -= 1.0
        return True


def _renewed(before: Noted | None, trouble: Trouble, step_s: float) -> Noted:
    """Returns what is remembered of a trouble that stands."""
    if before is None:
        return Noted(kind=trouble.kind, key=trouble.key, amount=trouble.amount, values=trouble.values)
    again = trouble.amount > before.amount or (trouble.kind == CAME_BACK and trouble.values != before.values)
    return msgspec.structs.replace(
        before,
        amount=trouble.amount,
        values=trouble.values,
        told=before.told and not again,
        stood_s=before.stood_s + step_s,
        gone_s=0.0,
    )
