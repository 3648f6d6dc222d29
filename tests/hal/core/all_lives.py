"""`python -m tests.hal.core.all_lives [--enough N] [--seed S]`: lives until each goal was seen N times.

Prints what was seen. Exit code 1 when a life broke a promise or a goal was not reached.
"""

from __future__ import annotations

import argparse
import sys

from tests.hal.core.campaign import Campaign

MOST_LIVES = 10_000


def main(arguments: list[str]) -> int:
    """One campaign for all goals."""
    parser = argparse.ArgumentParser(prog="tests.hal.core.all_lives")
    parser.add_argument("--enough", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20)
    asked = parser.parse_args(arguments)
    campaign = Campaign(asked.seed, asked.enough)
    try:
        campaign.run(MOST_LIVES)
    except AssertionError as breach:
        print(breach)
        return 1
    for goal, times in sorted(campaign.seen.items()):
        print(f"{times:6} {goal}")
    print(f"{campaign.lives} lives; seen too seldom: {campaign.missing() or 'nothing'}")
    return 1 if campaign.missing() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
