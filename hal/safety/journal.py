"""Log lines that never delay the tick."""

from __future__ import annotations

import os
import select
import time
from collections import deque

from hal.repeats import Repeats
from hal.visible import visible

WAITING = 256  # lines; what comes on top is counted, not kept
_LINES_A_TICK = 8
_LINE_BYTES = 500  # a pipe said to be writable takes PIPE_BUF (4096 bytes) whole: 8 such lines


class Journal:
    """Log lines for stderr, written after the step. `dropped` counts what did not fit."""

    def __init__(self, descriptor: int = 2) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self.dropped = 0
        self._repeats = Repeats()

    def say(self, text: str) -> None:
        """Queues one line; nothing is written yet."""
        for line in self._repeats.feed(visible(text, _LINE_BYTES), time.monotonic()):
            self._wait(line)

    def _wait(self, line: str) -> None:
        if len(self._waiting) == WAITING:
            self.dropped += 1
            return
        self._waiting.append(line.encode()[: _LINE_BYTES - 1] + b"\n")

    def emit(self, most: int = _LINES_A_TICK) -> None:
        """Writes some lines if that cannot block. Without a reader the lines are lost, nothing more."""
        for line in self._repeats.due(time.monotonic()):
            self._wait(line)
        for _ in range(min(most, len(self._waiting))):
            if not self._poll.poll(0):
                return
            try:
                os.write(self._descriptor, self._waiting.popleft())
            except OSError:  # a closed pipe
                self.dropped += 1
