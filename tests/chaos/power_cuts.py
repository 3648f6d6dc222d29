"""`python -m tests.chaos.power_cuts [--count 1000] [--seed 1] [--real 0]`: lives full of power cuts.

`--count` cuts of the pure box in simulated time, then `--real` of real programs killed with SIGKILL. Before
that, one life each with the power cut before and after each of the first `--writes` writes of a session, and
two lives of `--sessions` without a cut.
Exit code 1 when a ledger does not agree.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterable, Iterator

from tests.chaos.box_life import life
from tests.chaos.plan import Amounts
from tests.chaos.pure_life import PureLife, Told
from tests.chaos.store import WHENS, Armed
from tests.scenarios.script import Mode

CUTS_IN_A_LIFE = 8
CUTS_OF_A_REAL_BOX = 20
REAL_CUT_S = 8.0  # one in so many seconds
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


def calm(seed: int, sessions: int) -> Iterator[tuple[str, Told]]:
    """Without a cut: every repeated message has its destroyed answer."""
    for mode in MODES:
        yield f"without cuts ({mode})", PureLife(seed, mode).live(cuts=0, sessions=sessions)


def main() -> int:
    """Prints a line for each life."""
    parser = argparse.ArgumentParser(prog="tests.chaos.power_cuts")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writes", type=int, default=WRITES)
    parser.add_argument("--sessions", type=int, default=40, help="without a cut, in each mode")
    parser.add_argument("--real", type=int, default=0)
    asked = parser.parse_args()
    began_s, cuts, sessions, wrong = time.monotonic(), 0, 0, 0
    pure = (
        calm(asked.seed, asked.sessions),
        each_write(asked.seed, asked.writes),
        lives(asked.count, asked.seed),
    )
    for told_by in pure:
        for name, told in told_by:
            cuts, sessions = cuts + told.cuts, sessions + told.verdict.sessions
            wrong += bool(told.faults)
            print(
                f"{'WRONG' if told.faults else 'ok   '} {name}: {told.cuts} cuts, {told.verdict}", flush=True
            )
            _print_faults(told.faults)
    took_s = time.monotonic() - began_s
    print(f"simulated: {cuts} cuts, {sessions} sessions, {wrong} lives wrong, {took_s:.0f} s")
    return 1 if wrong + sum(_real(asked.real, asked.seed)) else 0


def _real(count: int, seed: int) -> Iterator[bool]:
    """Whether each real life was wrong."""
    for number, begun in enumerate(range(0, count, CUTS_OF_A_REAL_BOX)):
        cuts = min(CUTS_OF_A_REAL_BOX, count - begun)
        amounts = Amounts(cuts * REAL_CUT_S, 0, 0, cuts, 0, 0, sessions=1)
        lived = asyncio.run(life(f"power cuts {seed}.{number}", amounts))
        print(
            f"{'ok   ' if lived.good else 'WRONG'} real life {number}: {cuts} cuts, {lived.verdict}",
            flush=True,
        )
        _print_faults(lived.faults)
        yield not lived.good


def _print_faults(faults: Iterable[str]) -> None:
    for fault in faults:
        print(f"      {fault}")


if __name__ == "__main__":
    sys.exit(main())
