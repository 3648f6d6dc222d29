"""`python -m tests.chaos.power_cuts [--count 1000] [--seed 1] [--real 0]`: lives full of power cuts.

`--count` cuts of the pure box in simulated time, then `--real` of real programs killed with SIGKILL. Before
that, one life each with the power cut before and after each of the first `--writes` writes of a session and a
write of each kind of change, and two lives of `--sessions` without a cut.
Exit code 1 when a ledger does not agree, or when in 1,000 cuts something never happened that must.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from bridge.core.rows import Change, Dated
from tests.chaos.box_life import life
from tests.chaos.plan import Amounts
from tests.chaos.pure_life import PureLife, Told
from tests.chaos.store import WHENS, Armed
from tests.chaos.tally import KINDS, Tally, lines, missing
from tests.scenarios.script import Mode

CUTS_IN_A_LIFE = 8
CUTS_OF_A_REAL_BOX = 20
REAL_CUT_S = 8.0  # one in so many seconds
ENOUGH = 1000  # cuts in which all must happen that lives do
WRITES = 40  # more than a session of a minute makes
MODES: tuple[Mode, ...] = ("cloud", "native")


def lives(count: int, seed: int) -> Iterator[tuple[str, Told]]:
    """Pure ones, with so many cuts together; in each mode in turn."""
    cuts = number = 0
    while cuts < count:
        mode = MODES[number % len(MODES)]
        told = PureLife(1000 * seed + number, mode).live(min(CUTS_IN_A_LIFE, count - cuts))
        yield f"life {1000 * seed + number} ({mode})", told
        cuts += told.cuts
        number += 1


def each_write(seed: int, writes: int = WRITES) -> Iterator[tuple[str, Told]]:
    """The power goes before, and after, the first write, the second..."""
    for number in range(1, writes + 1):
        for when in WHENS:
            told = PureLife(seed, first_cut=Armed(number, when)).live(cuts=1)
            yield f"{when} write {number}", told


def each_kind(seed: int, kinds: Iterable[type[Change]] = KINDS) -> Iterator[tuple[str, Told]]:
    """The power goes before, and after, a write with each kind of change."""
    for number, kind in enumerate(kinds):
        for when in WHENS:
            rare = kind is Dated  # once in a boot that does not know the time
            armed = Armed(1 if rare else 1 + number % 2, when, kind)
            life = PureLife(seed + number, MODES[number % 2], armed, no_time=rare)
            told = life.live(cuts=1, sessions=4 if rare else 1)
            yield f"{when} the write of {kind.__name__}", told


def calm(seed: int, sessions: int) -> Iterator[tuple[str, Told]]:
    """Without a cut."""
    for mode in MODES:
        yield f"without cuts ({mode})", PureLife(seed, mode).live(cuts=0, sessions=sessions)


def main() -> int:
    """Prints a line for each life."""
    parser = argparse.ArgumentParser(prog="tests.chaos.power_cuts")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writes", type=int, default=WRITES)
    parser.add_argument("--kinds", type=int, default=len(KINDS), help="so many kinds of change")
    parser.add_argument("--sessions", type=int, default=40, help="without a cut, in each mode")
    parser.add_argument("--real", type=int, default=0)
    asked = parser.parse_args()
    wrong = _pure(asked)
    return 1 if wrong + sum(_real(asked.real, asked.seed)) else 0


def _pure(asked: argparse.Namespace) -> int:
    """How many lives were wrong; one more if what must happen in so many did not."""
    began_s, cuts, sessions, wrong = time.monotonic(), 0, 0, 0
    lost = duplicated = 0
    tally: Tally = Counter()
    told_by = chain(
        calm(asked.seed, asked.sessions),
        each_write(asked.seed, asked.writes),
        each_kind(asked.seed, KINDS[: asked.kinds]),
        lives(asked.count, asked.seed),
    )
    for name, told in told_by:
        verdict = told.verdict
        cuts, sessions = cuts + told.cuts, sessions + verdict.sessions
        lost, duplicated = lost + verdict.lost, duplicated + verdict.duplicated
        wrong += bool(told.faults)
        tally.update(told.tally)
        print(f"{_word(not told.faults)} {name}: {told.cuts} cuts, {verdict}", flush=True)
        _print_faults(told.faults)
    print("*** what happened", *lines(tally), sep="\n")
    never = missing(tally) if asked.count >= ENOUGH else []
    _print_faults(f"never happened: {what}" for what in never)
    took_s = time.monotonic() - began_s
    print(
        f"simulated: {cuts} cuts, {sessions} sessions, lost {lost}, duplicated {duplicated}, "
        f"{wrong} lives wrong, {len(never)} things never happened, {took_s:.0f} s"
    )
    return wrong + bool(never)


def _real(count: int, seed: int) -> Iterator[bool]:
    """Whether each real life was wrong."""
    for number, begun in enumerate(range(0, count, CUTS_OF_A_REAL_BOX)):
        cuts = min(CUTS_OF_A_REAL_BOX, count - begun)
        lived = asyncio.run(life(f"power cuts {seed}.{number}", real(cuts)))
        print(f"{_word(lived.good)} real life {number}: {cuts} cuts, {lived.verdict}", flush=True)
        _print_faults(lived.faults)
        yield not lived.good


def real(cuts: int) -> Amounts:
    """Of one life of the real programs."""
    return Amounts(cuts * REAL_CUT_S, 0, 0, cuts, 0, 0, sessions=1)


def _word(good: bool) -> str:
    return "ok   " if good else "WRONG"


def _print_faults(faults: Iterable[str]) -> None:
    for fault in faults:
        print(f"      {fault}")


if __name__ == "__main__":
    sys.exit(main())
