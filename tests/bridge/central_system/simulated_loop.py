"""Real sockets in simulated time: an event loop whose clock jumps to the next timer when nothing is to do.

For both sides of a connection in one loop: what one has sent the other can read at once, so that a loop in
which no socket is ready waits for its clock alone.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
GRACE_S = 0.001  # real: for the kernel, which passes on from one socket to the other


class _JumpingSelector(selectors.DefaultSelector):
    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """What is ready; if nothing is, the time has passed."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return list(ready)
        ready = super().select(GRACE_S)
        if not ready and timeout is not None:
            self.now_s += timeout
        return list(ready)


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Its `time()` begins at 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds that have been waited for."""
        return float(self._jumping.now_s)


def simulated(work: Coroutine[Any, Any, T]) -> T:
    """What it returns."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(work)


def now_s() -> float:
    """Of the running loop."""
    return asyncio.get_running_loop().time()
