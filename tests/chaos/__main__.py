"""`python -m tests.chaos [--seed 1] [--short] [--boxes 4] [--partner] [--plan]`

Exit code 1 when a session was lost or duplicated, a rule was broken, or a planned fault did not happen.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from itertools import chain

from tests.chaos import clock
from tests.chaos.box_life import Lived, life
from tests.chaos.plan import Amounts, counted, line, plan
from tests.partner import ocpp_rpc

# For 30 minutes, over all boxes together: at least 60 of each kind of link fault, 60 kills, 10 power cuts, 5
# jumps of the clock, 200 sessions.
FOR_30_MINUTES = Amounts(
    1800.0, links=60, kills=60, power_cuts=12, clock_jumps=8, box_faults=20, sessions=200
)
FOR_TWO_MINUTES = Amounts(90.0, links=1, kills=3, power_cuts=2, clock_jumps=2, box_faults=1, sessions=10)


def main() -> int:
    """Prints the plan of each box, then the comparison of ledgers."""
    parser = argparse.ArgumentParser(prog="tests.chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="one box, two minutes")
    parser.add_argument("--boxes", type=int, default=4)
    parser.add_argument("--partner", action="store_true", help="ocpp-rpc instead of our own Central System")
    parser.add_argument("--plan", action="store_true", help="print the plan and end")
    asked = parser.parse_args()
    if asked.short:
        asked.boxes = 1
    amounts = [FOR_TWO_MINUTES] if asked.short else _shares(FOR_30_MINUTES, asked.boxes)
    if (why := clock.missing() or (ocpp_rpc.missing() if asked.partner else None)) is not None:
        print(why, file=sys.stderr)
        return 1
    names = [f"seed {asked.seed} box {number + 1}" for number in range(asked.boxes)]
    for name, its in zip(names, amounts, strict=True):
        print(f"*** {name}", *(line(one) for one in plan(name, its)), sep="\n", flush=True)
    if asked.plan:
        return 0
    lives = asyncio.run(_together(names, amounts, partner=asked.partner))
    print(*_report(names, lives), sep="\n")
    return 0 if all(lived.good for lived in lives) else 1


def _shares(whole: Amounts, boxes: int) -> list[Amounts]:
    """For each box, rounded up. The clock jumps at every second one; else reasons are judged too."""

    def part(count: int) -> int:
        return -(-count // boxes)

    jumping = -(-boxes // 2)
    return [
        Amounts(
            whole.duration_s,
            links=part(whole.links),
            kills=part(whole.kills),
            power_cuts=part(whole.power_cuts),
            clock_jumps=-(-whole.clock_jumps // jumping) if number % 2 == 0 else 0,
            box_faults=part(whole.box_faults),
            sessions=part(whole.sessions),
        )
        for number in range(boxes)
    ]


async def _together(names: list[str], amounts: list[Amounts], *, partner: bool) -> list[Lived]:
    lives = (life(name, its, partner=partner) for name, its in zip(names, amounts, strict=True))
    return list(await asyncio.gather(*lives))


def _report(names: list[str], lives: list[Lived]) -> Iterator[str]:
    happened = counted(chain.from_iterable(lived.done for lived in lives))
    yield "*** what happened"
    yield from (f"{count:5} {kind}" for kind, count in sorted(happened.items()))
    yield "*** ledgers"
    for name, lived in zip(names, lives, strict=True):
        yield f"{name}: {lived.verdict}; answers destroyed {lived.destroyed} + up to {lived.interruptions}"
        yield from lived.faults
    lost, duplicated = (sum(getattr(each.verdict, what) for each in lives) for what in ("lost", "duplicated"))
    yield f"lost {lost}, duplicated {duplicated}"


if __name__ == "__main__":
    sys.exit(main())
