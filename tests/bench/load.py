"""What the machine has to do besides, while the box is measured."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """One endless computation for each core."""
    command = [sys.executable, "-I", "-c", "while True: sum(range(100_000))"]
    children = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()
