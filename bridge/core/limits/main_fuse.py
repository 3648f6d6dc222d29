"""The main fuse of the house: the car gets what the house leaves, on the phase where that is least.

    unknown ──first reading: 7 A and more──▶ open ──twice under 6 A──▶ paused
       └──────────first reading: less──────────────────────────────▶  │
                                              ▲                       │
                                              └─2 min, and 60 s of 7 A┘

A limit falls at once, to 6 A at the first reading below, and rises to the least of the last 10 s. A quiet
house meter never raises it.
"""

from __future__ import annotations

from collections import deque

from bridge.core.limits.cap import LEAST_A, Cap, tenth_below
from bridge.core.limits.house_load import HouseLoad, Wires
from hal.contract import House

NAME = "the main fuse"
QUIET_NAME = "the quiet house meter"
STARTING_NAME = "the house meter, which was not read yet"

MARGIN_A = 0.5  # two meters of class 1 at 25 A, and a tenth of the pilot
RAISE_S = 10.0  # a limit rises to the least of so long: a car that follows for 5 s is not chased
RAISE_LEAST_A = 1.0  # less is not worth a new offer
PAUSE_S = 120.0  # a pause opens the contactor; it lasts at least so long
RESUME_S = 60.0  # and ends when the house has left enough for so long
RESUME_A = LEAST_A + 1.0
QUIET_S = 5.0  # hal's 3 s for an old reading, and the wait for the reading of the own meter
START_S = 60.0  # after a start so long nothing new begins before the first reading


class MainFuse:
    """Call `observe` at every step. `cap` is what the car may take now."""

    def __init__(self, now_s: float) -> None:
        self._began_s = now_s
        self._charges = False
        self._limit_a: float | None = None  # None: before the first reading
        self._paused_s: float | None = None  # since when; None: it is open
        self._rooms: deque[tuple[float, float]] = deque()  # (at, A left) without a gap, of RAISE_S
        self._enough_since_s: float | None = None  # the house leaves RESUME_A; None: it does not
        self._heard_s: float | None = None  # when the house was last measured

    def feed(self, load: HouseLoad, house: House, wires: Wires) -> None:
        """Takes a load; `wires`: the phases of the house that feed the box."""
        at_s = load.at_s
        room_a = house.fuse_a - MARGIN_A - max(load.load_a[phase] for phase in wires)
        if self._heard_s is not None and at_s - self._heard_s > QUIET_S:
            self._rooms.clear()
            self._enough_since_s = None
        self._heard_s = at_s
        self._rooms.append((at_s, room_a))
        while len(self._rooms) > 1 and at_s - self._rooms[1][0] >= RAISE_S:
            self._rooms.popleft()
        if room_a < RESUME_A:
            self._enough_since_s = None
        elif self._enough_since_s is None:
            self._enough_since_s = at_s
        self._judge(room_a, at_s)

    def _judge(self, room_a: float, at_s: float) -> None:
        if self._limit_a is None:
            enough_a = LEAST_A if self._charges else RESUME_A
            self._paused_s = None if room_a >= enough_a else at_s
            self._limit_a = room_a
        elif self._paused_s is not None:
            if at_s >= self._resumes_s(self._paused_s):
                self._paused_s, self._limit_a = None, self._least_a
        elif room_a < LEAST_A:
            self._limit_a = LEAST_A
            if self._low_twice:
                self._paused_s = at_s
        elif room_a < self._limit_a:
            self._limit_a = room_a
        elif self._may_rise(at_s) and self._least_a >= self._limit_a + RAISE_LEAST_A:
            self._limit_a = self._least_a

    @property
    def _low_twice(self) -> bool:
        """Says whether two readings in a row leave too little: a car that turns round between two readings of
        its own meter may look like the house once."""
        return len(self._rooms) > 1 and self._rooms[-2][1] < LEAST_A

    def _may_rise(self, at_s: float) -> bool:
        return at_s - self._rooms[0][0] >= RAISE_S

    def observe(self, house: House, *, charges: bool, now_s: float) -> None:
        """Follows a quiet meter, and whether a current flows (`charges`)."""
        self._charges = charges
        if self._limit_a is None or not self._is_quiet(now_s):
            return
        self._limit_a = min(self._limit_a, max(house.when_quiet_a, LEAST_A))
        if house.when_quiet_a < LEAST_A and self._paused_s is None:
            self._paused_s = now_s

    def cap(self, house: House, now_s: float) -> Cap:
        """Returns the limit, by the name of what sets it."""
        if self._limit_a is None:
            return self._before_the_first(house, now_s)
        quiet = self._is_quiet(now_s)
        if self._paused_s is not None:
            return Cap(QUIET_NAME, 0.0) if quiet else Cap(NAME, 0.0, self._resumes_s(self._paused_s))
        limit_a = min(self._limit_a, house.when_quiet_a) if quiet else self._limit_a
        return Cap(QUIET_NAME if quiet else NAME, tenth_below(limit_a))

    def _before_the_first(self, house: House, now_s: float) -> Cap:
        """Lets a charge that runs go on, at little: this program may have been started in its middle."""
        ends_s = self._began_s + START_S
        if self._charges or now_s >= ends_s:
            return Cap(QUIET_NAME, house.when_quiet_a)
        return Cap(STARTING_NAME, 0.0, ends_s)

    def _is_quiet(self, now_s: float) -> bool:
        return self._heard_s is None or now_s - self._heard_s > QUIET_S

    @property
    def _least_a(self) -> float:
        return min(room_a for _, room_a in self._rooms)

    def _resumes_s(self, paused_s: float) -> float:
        """Returns the earliest moment at which the pause can end: no reading may be too low until then."""
        since_s = self._heard_s if self._enough_since_s is None else self._enough_since_s
        return max(paused_s + PAUSE_S, (paused_s if since_s is None else since_s) + RESUME_S)
