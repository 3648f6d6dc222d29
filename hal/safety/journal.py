"""Words to the outside that never hold the tick up: log lines and systemd's datagrams."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections import deque
from collections.abc import Mapping

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

    def say(self, text: str) -> None:
        """Queues one line; nothing is written yet."""
        if len(self._waiting) == WAITING:
            self.dropped += 1
            return
        line = text.replace("\n", " ").encode(errors="replace")[: _LINE_BYTES - 1]
        self._waiting.append(line + b"\n")

    def emit(self, most: int = _LINES_A_TICK) -> None:
        """Writes some lines if that cannot block. A reader that has gone costs the lines, nothing more."""
        for _ in range(min(most, len(self._waiting))):
            if not self._poll.poll(0):
                return
            try:
                os.write(self._descriptor, self._waiting.popleft())
            except OSError:  # a closed pipe
                self.dropped += 1


class Notify:
    """sd_notify(3) without a library: datagrams that are sent at once or not at all."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Takes NOTIFY_SOCKET and WATCHDOG_USEC; without them it does nothing."""
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        self._feed_every_s = int(environment.get("WATCHDOG_USEC", "0")) / 1e6 / 4  # three may be lost
        self._fed_at_s = float("-inf")

    def send(self, words: str) -> None:
        """`READY=1` and the like. What the system does not take now is lost."""
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.sendto(words.encode(), socket.MSG_DONTWAIT, self._address)

    def feed_watchdog(self, now_s: float) -> None:
        """Call after each good tick; sends four times in each WATCHDOG_USEC."""
        if self._feed_every_s and now_s - self._fed_at_s >= self._feed_every_s:
            self._fed_at_s = now_s
            self.send("WATCHDOG=1")

    def close(self) -> None:
        """Nothing is said after this."""
        if self._socket:
            self._socket.close()
