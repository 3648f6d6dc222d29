"""PURE: effects that wait because the disk has not stored their changes yet. They keep their order; nothing
of them is said before.

What rests on no change goes on meanwhile: lane 1, answers, a transaction whose start is durable.
"""

from __future__ import annotations

from collections import deque
from itertools import islice

from bridge.central_system.effects import Effects
from bridge.core.reporting.transaction_data import BOUNDARIES, every_second
from bridge.core.rows import (
    CacheCleared,
    Change,
    LocalListSent,
    ProfileInstalled,
    ProfilesRemoved,
    Remembered,
    SampleTaken,
    TagCached,
)

TRY_AGAIN_S = 1.0
MOST_TOGETHER = 100  # entries in one batch: a slow card must not take seconds for it
# A week of a full disk must fit into memory: as many meter values as the store keeps of one transaction, and
# as many entries of other kinds: what the Central System wants to be stored, again and again.
MOST_SAMPLES = 2_000
MOST_OTHERS = 10_000
OTHERS = Remembered | ProfileInstalled | ProfilesRemoved | LocalListSent | TagCached | CacheCleared


class Unrecorded:
    """The effects that wait for the disk, in order; empty while it works."""

    def __init__(self) -> None:
        self._held: deque[Effects] = deque()
        self._begun = 0  # so many of the first are at the disk
        self._weight = 0  # of all of them
        self._try_at_s = 0.0
        self._refusing = False
        self._alone = False  # the first is tried alone

    def __bool__(self) -> bool:
        return bool(self._held)

    @property
    def refused_now(self) -> bool:
        """Says whether the disk refuses it for more than a moment."""
        return self._refusing

    @property
    def holds_start(self) -> bool:
        """Says whether an unrecorded transaction has begun: nothing may be offered to its car."""
        return any(held.begins for held in self._held)

    def hold(self, effects: Effects) -> bool:
        """Puts it at the end. False: dropped, neither stored nor answered, as too much waits already. That
        never is the start or the end of a transaction; of its values every second one goes."""
        if _may_go(effects) and self._weight + _weight(effects) > MOST_OTHERS:
            return False
        self._held.append(effects)
        self._weight += _weight(effects)
        if len(self._held) > MOST_SAMPLES and _is_between(effects):
            self._thin()
        return True

    def hold_begun(self, effects: tuple[Effects, ...]) -> None:
        """Holds what the disk has, and takes its time for; nothing was held before."""
        self._held.extend(effects)
        self._weight += sum(map(_weight, effects))
        self._begun = len(effects)

    def _thin(self) -> None:
        between = [held for held in islice(self._held, self._begun, None) if _is_between(held)]
        if len(between) >= MOST_SAMPLES:
            go = {id(held) for held in every_second(between)}
            self._held = deque(held for held in self._held if id(held) not in go)

    def begin(self, now_s: float) -> tuple[Change, ...]:
        """Returns what to write when it is time; `recorded` or `refused` follows. After a refusal the first
        alone: for all of it the disk may have no room."""
        if not self._held or now_s < self._try_at_s:
            return ()
        self._begun = 1 if self._alone else min(len(self._held), MOST_TOGETHER)
        return tuple(change for held in islice(self._held, self._begun) for change in held.changes)

    def recorded(self) -> list[Effects]:
        """Returns what was begun: it is durable, and to be sent."""
        said = [self._held.popleft() for _ in range(self._begun)]
        self._weight -= sum(map(_weight, said))
        self._begun, self._alone = 0, False
        self._refusing = self._refusing and bool(self._held)
        return said

    def refused(self, now_s: float) -> None:
        """Notes that the disk refuses, or has not answered for long."""
        self._try_at_s = now_s + TRY_AGAIN_S
        self._refusing = self._alone = True

    def link_closed(self) -> None:
        """Answers that were held are for nobody any more."""
        self._held = deque(held.unanswered for held in self._held)


def _lasts_alone(effects: Effects) -> bool:
    """Says whether nothing comes of it but what is stored, and an answer."""
    return not (effects.reconnect or effects.errands or effects.outcomes)


def _is_between(effects: Effects) -> bool:
    """Says whether it is a value between the begin and the end of a transaction."""
    samples = [change.sample for change in effects.changes if isinstance(change, SampleTaken)]
    whole = len(samples) == len(effects.changes) > 0 and not effects.frames
    return whole and _lasts_alone(effects) and all(sample.context not in BOUNDARIES for sample in samples)


def _may_go(effects: Effects) -> bool:
    return _lasts_alone(effects) and all(isinstance(change, OTHERS) for change in effects.changes)


def _weight(effects: Effects) -> int:
    """Counts entries; the longest is a local list."""
    others = [change for change in effects.changes if isinstance(change, OTHERS)]
    return sum(len(change.entries) if isinstance(change, LocalListSent) else 1 for change in others)
