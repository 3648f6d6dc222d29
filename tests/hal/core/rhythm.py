"""Rhythms of good and bad samples, and a box that meets them at one of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from hal.core.rules import BoxRules
from tests.hal.core.bench import NO_PLUG_OHM, QUICK, Bench

LONGEST = 12
HALF_WITHIN, THIRD_WITHIN = 10, 50  # ticks of 10 ms: 100 ms and 0.5 s

Rhythm = tuple[bool, ...]


def rhythms() -> Iterator[Rhythm]:
    """All of up to 12 samples; True is a bad one."""
    for length in range(1, LONGEST + 1):
        yield from product((False, True), repeat=length)


def phases(rhythm: Rhythm) -> Iterator[Rhythm]:
    """Each that begins with a bad sample."""
    for first, bad in enumerate(rhythm):
        if bad:
            yield rhythm[first:] + rhythm[:first]


def beginnings() -> list[Rhythm]:
    """Each pattern at each phase that begins with a bad sample: a phase of one is a pattern of its own."""
    return sorted({phase for rhythm in rhythms() for phase in phases(rhythm)})


def within(rhythm: Rhythm) -> int | None:
    """So many ticks after the first bad sample the contactor must be commanded open; None: it need not."""
    bad = sum(rhythm)
    if 2 * bad >= len(rhythm) and bad:
        return HALF_WITHIN
    return THIRD_WITHIN if 3 * bad >= len(rhythm) and bad else None


def ticks_to(rhythm: Rhythm, take: Callable[[bool], bool], most: int) -> int | None:
    """When `take` says so for the first time; None: not within `most`."""
    return next((tick for tick in range(most + 1) if take(rhythm[tick % len(rhythm)])), None)


@dataclass(frozen=True)
class Input:
    """One that is judged, and what its bad sample shows; its good one is what a charging box shows."""

    bad: dict[str, Any]
    rules: BoxRules = QUICK
    charging: dict[str, Any] = field(default_factory=dict)  # what the box has besides

    def charged(self) -> Bench:
        """A box that charges."""
        bench = Bench(self.rules)
        self._show(bench, self.charging)
        return bench.charging()

    def tick(self, bench: Bench, *, bad: bool) -> bool:
        """One sample; True once the contactor is commanded open."""
        before = {name: getattr(bench, name) for name in self.bad}
        follows = bench.mirror_follows
        self._show(bench, self.bad if bad else {})
        bench.tick()
        if bench.closed():
            self._show(bench, before)
        bench.mirror_follows = follows
        return not bench.closed()

    def _show(self, bench: Bench, what: dict[str, Any]) -> None:
        for name, value in what.items():
            setattr(bench, name, value)


INPUTS: dict[str, Input] = {
    "pilot in A": Input({"car": "A"}),
    "pilot in B": Input({"car": "B"}),
    "pilot in D": Input({"car": "D"}),
    "pilot in E": Input({"car": "E"}),
    "pilot, the lowest B": Input({"high_v": 8.3}, charging={"high_v": None}),
    "pilot, the highest D": Input({"high_v": 3.3}, charging={"high_v": None}),
    "diode in B": Input({"low_v": -8.8}),
    "diode in C": Input({"low_v": -5.6}),
    "residual current": Input({"rcm_healthy": False}, charging={"rcm_healthy": True}),
    "emergency stop": Input(
        {"stop_pressed": True}, replace(QUICK, stop_kind="emergency"), {"stop_pressed": False}
    ),
    "lock feedback": Input({"lock_closed": False}),
    "no plug": Input({"pp_ohm": NO_PLUG_OHM}),
    "implausible plug": Input({"pp_ohm": 10.0}),
    "mirror contact": Input({"mirror_closed": False, "mirror_follows": False}),
    "converter": Input({"cp_age_s": 0.01}),
}


@dataclass
class Found:
    """What rhythms did to one input. Times are from the first bad sample to the command, in ticks."""

    tried: int = 0  # of those that must open
    longest: dict[int, int] = field(default_factory=dict)  # by what is allowed
    too_late: list[Rhythm] = field(default_factory=list)


def tried_on(name: str, chosen: Sequence[Rhythm]) -> Found:
    """Each in a copy of one box that charges."""
    found, judged = Found(), INPUTS[name]
    charged = judged.charged()
    for rhythm in chosen:
        if (limit := within(rhythm)) is None:
            continue
        took = _ticks_to_open(judged, deepcopy(charged), rhythm)
        found.tried += 1
        if took is None or took > limit:
            found.too_late.append(rhythm)
        else:
            found.longest[limit] = max(took, found.longest.get(limit, 0))
    return found


def _ticks_to_open(judged: Input, bench: Bench, rhythm: Rhythm) -> int | None:
    return ticks_to(rhythm, lambda bad: judged.tick(bench, bad=bad), THIRD_WITHIN)
