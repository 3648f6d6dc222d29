"""The full run, and its table in docs/wiring.md: `make circuit`. A quarter of an hour; needs ngspice."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

import msgspec

from tests.circuit.budget import budget
from tests.circuit.campaign import DRAWS, OFFERS, SEED, TENTH, simulated
from tests.circuit.draws import STATES
from tests.circuit.margins import summary
from tests.circuit.page import PAGE, STORED, Run, block, written
from tests.circuit.spice import MISSING, installed


def main() -> int:
    """Simulates all boxes, then writes margins.json and the page; another number of draws is printed only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS, help="boxes for each state and offer")
    draws: int = parser.parse_args().draws
    if not installed():
        print(MISSING, file=sys.stderr)
        return 1
    cases = []
    for case in simulated(range(draws)):
        cases.append(case)
        if len(cases) % 100 == 0:
            print(f"{len(cases)} of {draws * len(STATES) * len(OFFERS)}", flush=True)
    run = Run(
        SEED, draws, time.strftime("%Y-%m-%d", time.gmtime()), _simulator(),
        summary(cases), summary(case for case in cases if case.number < TENTH), budget(),
    )  # fmt: skip
    if draws != DRAWS:
        print(block(run))
        return 0
    STORED.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), run), encoding="utf-8")
    return 0


def _simulator() -> str:
    text = subprocess.run(["ngspice", "--version"], capture_output=True, text=True, check=True).stdout
    return next(word for word in text.split() if word.startswith("ngspice-"))


if __name__ == "__main__":
    sys.exit(main())
