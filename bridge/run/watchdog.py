"""The watchdog of one program, like WatchdogSec= of its unit: the program feeds it over a socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

START_S = 60.0  # until READY=1, the longest TimeoutStartSec of the units; nothing is closed before it


@dataclass(frozen=True, slots=True)
class Watch:
    """Where a program feeds its watchdog, and how long it may be silent."""

    path: Path
    silence_s: float

    @property
    def environment(self) -> dict[str, str]:
        """Returns the variables of sd_notify(3) and sd_watchdog_enabled(3)."""
        return {"NOTIFY_SOCKET": os.fspath(self.path), "WATCHDOG_USEC": f"{self.silence_s * 1e6:.0f}"}


class Patience:
    """Measures how long a program may still be silent. Time is an argument."""

    def __init__(self, silence_s: float, now_s: float) -> None:
        self._silence_s = silence_s
        self._ends_at_s = now_s + START_S

    def hear(self, datagram: bytes, now_s: float) -> None:
        """Renews it for READY=1 and WATCHDOG=1; after STOPPING=1 it never ends."""
        words = datagram.split(b"\n")
        if b"STOPPING=1" in words:
            self._ends_at_s = float("inf")
        elif b"READY=1" in words or b"WATCHDOG=1" in words:
            self._ends_at_s = now_s + self._silence_s

    def left_s(self, now_s: float) -> float:
        """Returns the seconds left; 0 or less: it was silent for too long."""
        return self._ends_at_s - now_s


class Watchdog:
    """The watchdog of one start of a program; made before it starts."""

    def __init__(self, watch: Watch) -> None:
        """Opens a socket that only this user may feed."""
        watch.path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(os.fspath(watch.path))
        watch.path.chmod(0o600)
        self._loop = asyncio.get_running_loop()
        self._patience = Patience(watch.silence_s, self._loop.time())
        self._look_s = watch.silence_s / 4  # as often as it is fed
        self._loop.add_reader(self._socket, self._hear)

    def close(self) -> None:
        """Stops listening and closes the socket."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    async def silence(self) -> None:
        """Returns when nothing fed it for too long."""
        while (left_s := self._left_s()) > 0:
            await self._pass(min(left_s, self._look_s))

    async def _pass(self, pause_s: float) -> None:
        await asyncio.sleep(pause_s)

    def _left_s(self) -> float:
        """Counts what waits unread as fed too: it may be we who came late."""
        self._hear()
        return self._patience.left_s(self._loop.time())

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._patience.hear(self._socket.recv(4096), self._loop.time())
