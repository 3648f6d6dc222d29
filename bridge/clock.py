"""The clocks of this machine, read in one place."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from bridge.core.now import Now

_KERNEL_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
BOOT_ID_FILE = "boot_id"  # in the runtime folder, of a mock box only: the simulated Pi's


def now() -> Now:
    """This moment on both clocks."""
    return Now(time.monotonic(), datetime.now(UTC))


def boot_id(runtime_dir: Path, *, mock: bool) -> str:
    """Which boot this is. Raises OSError when a mock box was not booted by `run`."""
    return (runtime_dir / BOOT_ID_FILE if mock else _KERNEL_BOOT_ID).read_text().strip()
