"""What each process of a charging mock box takes of the memory: `python -m tests.bench.memory`.

PSS (proportional set size): pages that several processes share are split among them, so that the sum is true.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.system.world import world

_WARM_WH = 500.0  # of charging: everything that is loaded late is loaded then


async def measured_kib() -> dict[str, int]:
    """By process, at the end of some charging."""
    async with world() as box:
        await box.charge()
        await box.until_charged_wh(_WARM_WH)
        return {name: pss_kib(pid) for name, pid in sorted(box.run.pids().items())}


def pss_kib(pid: int) -> int:
    """Raises OSError for a process that is gone."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise OSError(f"/proc/{pid}/smaps_rollup has no Pss")


def main() -> int:
    """Prints a line for each process."""
    taken = asyncio.run(measured_kib())
    for name, kib in taken.items():
        print(f"{name:<11} PSS {kib / 1024:6.1f} MiB")
    real = sum(kib for name, kib in taken.items() if name != "mock")
    print(f"{'together':<11} PSS {real / 1024:6.1f} MiB without the simulated world")
    return 0


if __name__ == "__main__":
    sys.exit(main())
