"""What the house draws without the box: the house meter measures both, the box's own meter is taken out.

The two meters are read at two moments, and a car may change its current between them. So a reading of the
house meter waits for the next of the own meter, at most WAITS_S, and of the two around it the higher counts:
a car that has just let go is never taken for the house's. One that has moved is looked at again a second
later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hal.contract import FRESH_S, HouseReading, Phases, Reading

WAITS_S = 1.5  # `poll_s` is at most 1 s, and two meters on one bus take turns
_OWN_MOST, _HOUSE_MOST = 16, 8  # readings kept; of 0.2 s each, more than WAITS_S

Wires = Sequence[int]  # which phase of the house, from 0, feeds each phase of the box
NOTHING: Phases = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class HouseLoad:
    """The load of the house at a moment. Negative: to the grid."""

    at_s: float
    load_a: Phases  # of each phase of the house
    load_w: float  # of all phases


@dataclass(frozen=True, slots=True)
class _Own:
    """What the box drew at a moment."""

    current_a: Phases
    power_w: float


class HouseLoads:
    """Takes readings as they come; `step` yields the loads that have become known, the oldest first."""

    def __init__(self) -> None:
        self._own: deque[Reading] = deque(maxlen=_OWN_MOST)
        self._waiting: deque[HouseReading] = deque(maxlen=_HOUSE_MOST)
        self._seen_s = float("-inf")  # when the last reading of the house meter was made

    def feed(self, reading: Reading | None, house: HouseReading | None) -> None:
        """Takes the newest reading of each meter; one that was taken already changes nothing."""
        if reading is not None and (not self._own or reading.at_s > self._own[-1].at_s):
            self._own.append(reading)
        if house is not None and house.at_s > self._seen_s:
            self._seen_s = house.at_s
            self._waiting.append(house)

    def step(self, wires: Wires, now_s: float) -> Iterator[HouseLoad]:
        """Yields each load once."""
        while self._waiting and self._may_judge(self._waiting[0], now_s):
            house = self._waiting.popleft()
            own = self._own_at(house.at_s)
            yield HouseLoad(house.at_s, _without(house, own, wires), house.power_w - own.power_w)

    def _may_judge(self, house: HouseReading, now_s: float) -> bool:
        known = bool(self._own) and self._own[-1].at_s >= house.at_s
        return known or now_s - house.at_s >= WAITS_S

    def _own_at(self, at_s: float) -> _Own:
        """Returns the most that the box drew about then; nothing when its meter was not read: so much more is
        taken for the house's."""
        before = next((one for one in reversed(self._own) if one.at_s <= at_s), None)
        after = next((one for one in self._own if one.at_s >= at_s), None)
        near = [one for one in (before, after) if one is not None and abs(one.at_s - at_s) <= FRESH_S]
        if not near:
            return _Own(NOTHING, 0.0)
        l1, l2, l3 = (max(amps) for amps in zip(*(one.current_a for one in near), strict=True))
        return _Own((l1, l2, l3), sum(one.power_w for one in near) / len(near))


def _without(house: HouseReading, own: _Own, wires: Wires) -> Phases:
    loads = list(house.current_a)
    for phase, amps in zip(wires, own.current_a, strict=False):
        loads[phase] -= amps
    l1, l2, l3 = loads
    return (l1, l2, l3)
