"""`python -m tests.bridge.store.opening_cuts FOLDER`: opens copies of its store, each killed one step later.

A step is a rename, a removal, a connection, a copy, or a statement of SQL; SIGKILL comes before it. Copy N is
killed at step N; the last one gets through. Prints how many there are; they stay: FOLDER-1, FOLDER-2...
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from bridge.store.opening import opened

NAME = "bridge.sqlite"
NOW = datetime(2026, 11, 25, 12, 30, 5, tzinfo=UTC)
STEPS = ("rename", "unlink", "link", "connect", "execute", "backup", "close")  # functions written in C
MOST = 1000


class Death:
    """Comes before that step. A profile function."""

    def __init__(self, step: int) -> None:
        self._left = step

    def __call__(self, _: FrameType, event: str, called: object) -> None:
        if event == "c_call" and getattr(called, "__name__", "") in STEPS:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def died(path: Path, step: int) -> bool:
    """False: it was opened and closed before that step."""
    child = os.fork()
    if child == 0:
        try:
            sys.setprofile(Death(step))
            opened(path, NOW).close()
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "it could not be opened"
    return False


def main() -> None:
    """See above."""
    template = Path(sys.argv[1])
    for step in range(1, MOST):
        copy = Path(f"{template}-{step}")
        shutil.copytree(template, copy)
        if not died(copy / NAME, step):
            print(step)
            return
    raise AssertionError(f"more than {MOST} steps")


if __name__ == "__main__":
    main()
