"""`python -m tests.deaths [--count 200] [--seed 1] [--write docs/process-death.md]`

Exit code 1 when a death did not come back to safe within the limit, or when a negative control did.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.deaths.campaign import Measured, cases, run
from tests.deaths.cases import LIMIT_S
from tests.deaths.report import page, slowest_s


def main() -> int:
    """Prints a line for each death."""
    parser = argparse.ArgumentParser(prog="tests.deaths")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="the page of the results")
    asked = parser.parse_args()
    results: list[Measured] = []
    for number, case in enumerate(cases(asked.count, asked.seed)):
        results.append(run(case, asked.seed + number))
        print(f"{number + 1:>3} {_line(results[-1])}", flush=True)
    wrong = [measured for measured in results if not _good(measured)]
    print(f"{len(results)} deaths, {len(wrong)} wrong")
    if asked.write is not None:
        asked.write.write_text(page(results, asked.seed), encoding="utf-8")
    return 1 if wrong else 0


def _good(measured: Measured) -> bool:
    return measured.right and (measured.case.stays is not None or slowest_s(measured) <= LIMIT_S)


def _line(measured: Measured) -> str:
    times = ", ".join(
        f"{name} {'-' if after_s is None else f'{1000 * after_s:.0f} ms'}"
        for name, after_s in measured.after_s.items()
    )
    control = f" (control: {measured.case.stays} must stay)" if measured.case.stays else ""
    return f"{'ok   ' if _good(measured) else 'WRONG'} {measured.case.name}{control}: {times}"


if __name__ == "__main__":
    sys.exit(main())
