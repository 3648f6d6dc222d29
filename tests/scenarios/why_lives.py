"""`python -m tests.scenarios.why_lives [--seed S] [--count N]`: drawn lives, each until current flows again.

The property of `test_why.py`, longer. Prints what each life had to be told, then how often each sentence was
the first. Exit 1: a life in which nothing helped.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings

from bridge.local.why.table import BEGINS, HINDRANCES
from tests.scenarios.chaos import Event
from tests.scenarios.script import Mode
from tests.scenarios.test_invariants import CHARGING
from tests.scenarios.test_why import KEYS, STORY, live

NOT_HERE = ("stop_button", "box_lacks", "self_test", "other_limit")  # what the pure box does not have


def main(arguments: list[str]) -> int:
    """Prints a line a life."""
    parser = argparse.ArgumentParser(prog="tests.scenarios.why_lives", description=__doc__)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--count", type=int, default=200)
    asked = parser.parse_args(arguments)
    firsts: Counter[str] = Counter()

    @seed(asked.seed)
    @settings(
        max_examples=asked.count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(story=STORY, keys=KEYS)
    def lives(story: tuple[bool, list[Event]], keys: dict[str, str]) -> None:
        begins_charging, events = story
        mode: Mode = "cloud" if len(events) % 2 else "native"
        told = live(mode, keys, [*(CHARGING if begins_charging else []), *events])
        firsts.update(told)
        print(" ".join(told) or "(current flows)", flush=True)

    try:
        lives()
    except AssertionError as error:
        print(f"a life in which nothing helped: {error}", file=sys.stderr)
        return 1
    finally:
        for row in (*HINDRANCES, BEGINS):
            print(f"{firsts[row.id]:6}  {row.id}{'  (not in this world)' if row.id in NOT_HERE else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
