"""What systemd does for the unit of `hal.safety`: the watchdog, and ExecStopPost."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path

from tests.hal.safety.process import module

WATCHDOG_S = 1.0  # WatchdogSec of the unit
_NAME = "notify"


class Systemd:
    """Call `step` often. It kills what no longer feeds it, and makes the outputs safe after every end."""

    def __init__(self, folder: Path, *, watchdog: bool, exec_stop_post: bool) -> None:
        self.environment = {
            "NOTIFY_SOCKET": os.fspath(folder / _NAME),
            "WATCHDOG_USEC": str(round(WATCHDOG_S * 1e6)),
        }
        self._folder = folder
        self._watchdog, self._exec_stop_post = watchdog, exec_stop_post
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(os.fspath(folder / _NAME))
        self._socket.setblocking(False)
        self._fed_at_s: float | None = None
        self._after: subprocess.Popen[bytes] | None = None

    def step(self, child: subprocess.Popen[bytes]) -> None:
        """One look at the unit's main process."""
        self._hear()
        if child.poll() is not None:
            if self._exec_stop_post and self._after is None:
                command = module("hal.safety.safe_outputs", "--runtime-dir", os.fspath(self._folder))
                self._after = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        elif self._watchdog and self._fed_at_s and time.monotonic() - self._fed_at_s > WATCHDOG_S:
            child.kill()

    def close(self) -> None:
        if self._after is not None:
            self._after.wait()
        self._socket.close()

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while said := self._socket.recv(4096):
                if b"WATCHDOG=1" in said:
                    self._fed_at_s = time.monotonic()
