"""sd_notify(3) without a library: the messages of a program to systemd. Nothing here blocks."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping


class Notify:
    """Sends datagrams at once or not at all."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Takes NOTIFY_SOCKET and WATCHDOG_USEC; without them it does nothing."""
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        self._feed_every_s = int(environment.get("WATCHDOG_USEC", "0")) / 1e6 / 4  # three may be lost
        self._fed_at_s = float("-inf")

    def send(self, words: str) -> None:
        """Sends `READY=1` and the like. What the system does not take now is lost."""
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.sendto(words.encode(), socket.MSG_DONTWAIT, self._address)

    def feed_watchdog(self, now_s: float) -> None:
        """Feeds, called after each good tick; sends four times in each WATCHDOG_USEC."""
        if self._feed_every_s and now_s - self._fed_at_s >= self._feed_every_s:
            self._fed_at_s = now_s
            self.send("WATCHDOG=1")

    def close(self) -> None:
        """Closes the socket; nothing is sent after this."""
        if self._socket:
            self._socket.close()
