"""A house with a main fuse, its meter, a box with its own, and the slowest car: all in simulated time.

The house steps when it likes. Both meters are read each second, at their own moments. The box takes a lower
limit at once and a higher one after 5 s; the car takes all of its 5 s to follow the pilot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.core.limits.house_load import HouseLoads
from bridge.core.limits.main_fuse import MainFuse
from hal.contract import House, HouseReading, Phases, Reading

STEP_S = 0.1
CROSSES_S = 0.2  # from a reading to the bridge: what asking a meter takes
RISES_AFTER_S = 5.0  # hal: an increase waits
FOLLOWS_S = 5.0  # IEC 61851-1 Table A.6: a car has 5 s to follow
VOLTS = 230.0


@dataclass(frozen=True, slots=True)
class Story:
    """What the house draws, and when: (second, amps), rising."""

    fuse_a: float
    loads: Sequence[tuple[float, float]]
    box_a: float = 32.0
    every_s: float = 1.0  # `poll_s`, at its longest
    own_from_s: float = 0.0  # the first reading of the own meter
    house_from_s: float = 0.5
    quiet: Sequence[tuple[float, float]] = ()  # from, until: the house meter does not answer
    when_quiet_a: float = 6.0
    lasts_s: float = 120.0

    def load_a(self, at_s: float) -> float:
        """What the house draws then, without the box."""
        return next((amps for since_s, amps in reversed(self.loads) if since_s <= at_s), 0.0)


@dataclass(slots=True)
class SlowCar:
    """It begins to follow at once, and arrives after exactly 5 s."""

    current_a: float = 0.0
    _offer_a: float = 0.0
    _rate_a_s: float = 0.0

    def step(self, offer_a: float) -> None:
        if offer_a != self._offer_a:
            self._offer_a, self._rate_a_s = offer_a, (offer_a - self.current_a) / FOLLOWS_S
        left_a = self._offer_a - self.current_a
        move_a = self._rate_a_s * STEP_S
        self.current_a = self._offer_a if abs(left_a) <= abs(move_a) else self.current_a + move_a


@dataclass(frozen=True, slots=True)
class Moment:
    """What is so at a moment."""

    at_s: float
    main_a: float
    car_a: float
    offer_a: float
    limit_a: float
    until_s: float | None


class JumpingCar:
    """It does nothing for 5 s, and then all at once: the other way to take 5 s."""

    def __init__(self) -> None:
        self.current_a = 0.0
        self._offers: list[float] = []

    def step(self, offer_a: float) -> None:
        self._offers.append(offer_a)
        if len(self._offers) > FOLLOWS_S / STEP_S:
            self.current_a = self._offers.pop(0)


class QuickCar:
    """It follows at once: between two readings nobody knows when it did."""

    def __init__(self) -> None:
        self.current_a = 0.0

    def step(self, offer_a: float) -> None:
        self.current_a = offer_a


Car = SlowCar | JumpingCar | QuickCar


def life(story: Story, car: Car) -> Iterator[Moment]:
    """Each tenth of a second."""
    house = House(story.fuse_a, story.when_quiet_a, phases=3)
    loads, fuse = HouseLoads(), MainFuse(0.0)
    offer_a, rises_s, wanted_a = 0.0, 0.0, 0.0
    own_next_s, house_next_s = story.own_from_s, story.house_from_s
    crossing: list[tuple[float, Reading | HouseReading]] = []
    for tick in range(round(story.lasts_s / STEP_S)):
        now_s = round(tick * STEP_S, 3)
        load_a = story.load_a(now_s)
        if now_s >= own_next_s:
            own_next_s += story.every_s
            crossing.append((now_s + CROSSES_S, _own(now_s, car.current_a)))
        if now_s >= house_next_s:
            house_next_s += story.every_s
            if not any(since_s <= now_s < until_s for since_s, until_s in story.quiet):
                crossing.append((now_s + CROSSES_S, _house(now_s, load_a + car.current_a)))
        while crossing and crossing[0][0] <= now_s:
            message = crossing.pop(0)[1]
            loads.feed(
                message if isinstance(message, Reading) else None,
                message if isinstance(message, HouseReading) else None,
            )
        for load in loads.step((0, 1, 2), now_s):
            fuse.feed(load, house, (0, 1, 2))
        fuse.observe(house, charges=car.current_a > 0, now_s=now_s)
        cap = fuse.cap(house, now_s)
        limit_a = min(cap.limit_a, story.box_a)
        if limit_a != wanted_a:
            wanted_a, rises_s = limit_a, now_s + RISES_AFTER_S
        if limit_a < offer_a or (limit_a > offer_a and now_s >= rises_s):
            offer_a = limit_a if limit_a >= 6.0 else 0.0
        yield Moment(now_s, load_a + car.current_a, car.current_a, offer_a, cap.limit_a, cap.until_s)
        car.step(offer_a)


def _own(at_s: float, amps: float) -> Reading:
    each: Phases = (amps, amps, amps)
    return Reading(
        at_s=at_s, energy_wh=0, power_w=3 * VOLTS * amps, current_a=each, voltage_v=(VOLTS, VOLTS, VOLTS)
    )


def _house(at_s: float, amps: float) -> HouseReading:
    each: Phases = (amps, amps, amps)
    return HouseReading(at_s=at_s, current_a=each, voltage_v=(VOLTS, VOLTS, VOLTS), power_w=3 * VOLTS * amps)


def longest_above_s(moments: Sequence[Moment], fuse_a: float) -> float:
    """The longest time without a break in which the main current is above the fuse."""
    longest_s, began_s = 0.0, None
    for moment in moments:
        if moment.main_a <= fuse_a:
            began_s = None
        else:
            began_s = moment.at_s if began_s is None else began_s
            longest_s = max(longest_s, moment.at_s - began_s + STEP_S)
    return longest_s
