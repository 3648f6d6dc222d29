"""PURE: effects that the disk has not recorded yet: it is slow, or it refuses. They keep their order; nothing
of them is said before.

What rests on no change goes on meanwhile: lane 1, answers, a transaction whose start is durable.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import islice

from bridge.central_system.effects import Effects
from bridge.core.rows import (
    CacheCleared,
    LocalListSent,
    ProfileInstalled,
    ProfilesRemoved,
    Remembered,
    SampleTaken,
    TagCached,
    TransactionStarted,
)
from bridge.core.transaction_data import BOUNDARIES, every_second

TRY_AGAIN_S = 1.0
# A week of a full disk must fit into memory: as many meter values as the store keeps of one transaction, and
# as many entries of other kinds: what the Central System wants to be stored, again and again.
MOST_SAMPLES = 2_000
MOST_OTHERS = 10_000
OTHERS = Remembered | ProfileInstalled | ProfilesRemoved | LocalListSent | TagCached | CacheCleared


class Unrecorded:
    """Empty while the disk is well."""

    def __init__(self) -> None:
        self._held: deque[Effects] = deque()
        self._weight = 0  # of all of them
        self._try_at_s = 0.0
        self._refusing = False

    def __bool__(self) -> bool:
        return bool(self._held)

    @property
    def refused_now(self) -> bool:
        """The disk does not take it: more than a matter of a moment."""
        return self._refusing

    @property
    def holds_start(self) -> bool:
        """A transaction has begun that is not recorded: nothing may be offered to its car."""
        return any(isinstance(change, TransactionStarted) for held in self._held for change in held.changes)

    def hold(self, effects: Effects) -> bool:
        """At the end. False: it is let go, neither stored nor answered, because too much waits already. That
        never is the start or the end of a transaction; of its values every second one goes."""
        if _may_go(effects) and self._weight + _weight(effects) > MOST_OTHERS:
            return False
        self._held.append(effects)
        self._weight += _weight(effects)
        if len(self._held) > MOST_SAMPLES and _is_between(effects):
            self._thin()
        return True

    def _thin(self) -> None:
        between = [held for held in islice(self._held, 1, None) if _is_between(held)]  # the first is in work
        if len(between) >= MOST_SAMPLES:
            go = {id(held) for held in every_second(between)}
            self._held = deque(held for held in self._held if id(held) not in go)

    def due(self, now_s: float) -> Effects | None:
        """The first, when it is time to try again; `recorded` or `refused` follows."""
        return self._held[0] if self._held and now_s >= self._try_at_s else None

    def recorded(self) -> None:
        """The first is durable."""
        self._weight -= _weight(self._held.popleft())
        self._refusing = self._refusing and bool(self._held)

    def refused(self, now_s: float) -> None:
        """Not yet: the disk refuses, or has not answered for long."""
        self._try_at_s = now_s + TRY_AGAIN_S
        self._refusing = True

    def link_closed(self) -> None:
        """Answers that were held are for nobody any more."""
        self._held = deque(replace(held, frames=(), reconnect=None) for held in self._held)


def _lasts_alone(effects: Effects) -> bool:
    """Nothing comes of it but what is stored, and an answer."""
    return not (effects.reconnect or effects.errands or effects.outcomes)


def _is_between(effects: Effects) -> bool:
    """A value between the begin and the end of a transaction."""
    samples = [change.sample for change in effects.changes if isinstance(change, SampleTaken)]
    whole = len(samples) == len(effects.changes) > 0 and not effects.frames
    return whole and _lasts_alone(effects) and all(sample.context not in BOUNDARIES for sample in samples)


def _may_go(effects: Effects) -> bool:
    return _lasts_alone(effects) and all(isinstance(change, OTHERS) for change in effects.changes)


def _weight(effects: Effects) -> int:
    """In entries; the longest is a local list."""
    others = [change for change in effects.changes if isinstance(change, OTHERS)]
    return sum(len(change.entries) if isinstance(change, LocalListSent) else 1 for change in others)
