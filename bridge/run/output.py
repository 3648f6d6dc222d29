"""Writes lines to a descriptor in a thread of its own: the caller never waits for a reader."""

from __future__ import annotations

import os
import threading
from collections import deque
from types import TracebackType
from typing import Self

LIMIT_BYTES = 1_000_000  # that wait; what comes on top is counted, not kept
LAST_LINES_S = 1.0  # for what still waits at the end


class Output:
    """The lines that wait. Use as a context: at its end they are written, if the reader reads them within 1
    s."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._dropped = 0
        self._ending = False
        self._changed = threading.Condition()
        # A daemon: one that waits for a reader does not hold up the end of the process.
        self._thread = threading.Thread(target=self._write_all, name="output", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(LAST_LINES_S)

    def say(self, text: str) -> None:
        """Queues one line, or counts it when too much waits. Never blocks."""
        line = text.encode(errors="replace") + b"\n"
        with self._changed:
            if self._waiting_bytes + len(line) > LIMIT_BYTES:
                self._dropped += 1
                return
            self._waiting.append(line)
            self._waiting_bytes += len(line)
            self._changed.notify()

    def _write_all(self) -> None:
        while line := self._next():
            _write(self._descriptor, line)

    def _next(self) -> bytes:
        """Waits for a line; empty at the end. Where lines were dropped it says how many."""
        with self._changed:
            while not (self._waiting or self._dropped or self._ending):
                self._changed.wait()
            if self._waiting:
                self._waiting_bytes -= len(self._waiting[0])
                return self._waiting.popleft()
            dropped, self._dropped = self._dropped, 0
            return (
                f"({dropped} lines were not shown, because nothing read them)\n".encode() if dropped else b""
            )


def _write(descriptor: int, line: bytes) -> None:
    """Writes the whole, unless nobody can ever read it."""
    try:
        while line:
            line = line[os.write(descriptor, line) :]
    except OSError:  # the reader has gone, the disk is full
        return
