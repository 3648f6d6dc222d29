"""An SD card lasts: at most 3 MB written in a day with 8 h of charging at the default interval."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
MOST_BYTES = 3_000_000


def test_a_day_writes_three_megabytes_at_most(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.bridge.store.a_day", str(folder)]
    samples, written = map(int, subprocess.check_output(command, cwd=ROOT, text=True).split())
    assert samples == 240
    assert 240 * 1024 < written <= MOST_BYTES
