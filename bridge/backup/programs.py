"""The programs of a box that is moved or restored: they are stopped in order, and started again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bridge.backup.errors import BackupError
from bridge.folders import Folders, unusable
from bridge.run.command import LOCK_NAME
from hal.contract import STATE_LOCK_NAME

# As they stop at a shutdown: who asks before who carries out.
UNITS = ("evse-bridge.service", "evse-instruments.service", "evse-safety.service")
_ENDED = ("inactive", "failed", "unknown")
_SYSTEMD = Path("/run/systemd/system")
_WITHIN_S = 60.0  # the bridge's TimeoutStopSec is 15 s, that of hal.safety 10 s
_WRITER_ENDS_WITHIN_S = 10.0  # it outlives hal.safety until its last file is on the disk
_LOOK_S = 0.1


class Programs:
    """The programs of one box; those of `evse-bridge run` are ended by whoever started them."""

    def __init__(self, folders: Folders, systemd: Path = _SYSTEMD) -> None:
        """`systemd`: a folder that is there where systemd is the first process, sd_booted(3)."""
        self._runtime = folders.runtime
        self._by_units = folders.by_units and systemd.is_dir()
        self.were_active: tuple[str, ...] = ()  # the units that `stop` has stopped

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stops them, and keeps `evse-bridge run` from starting meanwhile. Raises BackupError."""
        if self._by_units:
            self.were_active = tuple(unit for unit in UNITS if _state(unit) not in _ENDED)
            for unit in self.were_active:
                if _systemctl("stop", unit).returncode != 0:
                    raise BackupError(
                        f"{unit} cannot be stopped: use sudo, or read `systemctl status {unit}`"
                    )
        with contextlib.ExitStack() as locks:
            for name, within_s in ((LOCK_NAME, 0.0), (STATE_LOCK_NAME, _WRITER_ENDS_WITHIN_S)):
                self._lock(locks, name, within_s)
            yield

    def start(self) -> None:
        """Starts again those that were stopped. Raises BackupError."""
        for unit in reversed(self.were_active):
            if _systemctl("start", "--no-block", unit).returncode != 0:
                raise BackupError(f"{unit} does not start: read `systemctl status {unit}`")

    def _lock(self, locks: contextlib.ExitStack, name: str, within_s: float) -> None:
        """Takes the lock that a program has while it lives; one that nobody has made is not made: it would
        be ours, and shut to them."""
        path, ends_s = self._runtime / name, time.monotonic() + within_s
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        except OSError as error:
            raise unusable(error, "--runtime-dir") from None
        locks.callback(os.close, descriptor)
        while not _taken(descriptor):
            if time.monotonic() >= ends_s:
                raise BackupError(
                    f"the box runs ({path} is taken): end `evse-bridge run` first, or wait until hal.safety "
                    "has ended"
                )
            time.sleep(_LOOK_S)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _state(unit: str) -> str:
    """Returns what systemd says: active, activating (also between two starts), inactive, failed ..."""
    return _systemctl("is-active", unit).stdout.strip() or "unknown"


def _systemctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemctl", *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_WITHIN_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, -1, "", str(error))
