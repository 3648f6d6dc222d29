"""What outlasts `hal.safety`: its file in the state folder, and how it is written without waiting."""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from pathlib import Path

import msgspec

from hal.core.kept import Kept
from hal.safety import keeper
from hal.safety.allowance import Allowance

FILE_NAME = "wallbox-state.json"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_VERSION = 1
_READY_WITHIN_S = 5.0  # the keeper of a killed process may be waiting for its disk
_LAST_WITHIN_S = 5.0  # TimeoutStopSec of the unit is 10 s, 6 s of it may be the car's
_BURST, _A_SECOND = 5, 1  # what changes more often waits: an SD card wears out
_SLOW_S = 10.0  # a packet that is not on the disk by then counts as not kept; so long until the next try


class _File(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    boot_id: str
    at_s: float  # CLOCK_MONOTONIC of that boot
    wall_s: float  # the same moment on the wall clock
    kept: Kept


class Clocks(msgspec.Struct, frozen=True):
    """One moment, and in which boot it was."""

    boot_id: str
    now_s: float
    wall_s: float


def clocks() -> Clocks:
    """Now."""
    return Clocks(BOOT_ID.read_text().strip(), time.monotonic(), time.time())


def read(path: Path, now: Clocks) -> Kept:
    """What was kept last, its times on the clock of `now`. An unreadable file is put aside: `lost`."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return Kept()
    except (OSError, ValueError, RecursionError):
        return _lost(path)
    if file.version != _VERSION:
        return _lost(path)
    if file.boot_id == now.boot_id:
        return file.kept
    away_s = max(0.0, now.wall_s - file.wall_s)  # a Pi's clock stands while it is off: at least so long
    moved_s = now.now_s - file.at_s
    return file.kept.on_another_clock(moved_s, moved_s - away_s)


def _lost(path: Path) -> Kept:
    if path.exists():
        path.replace(path.with_suffix(".unreadable"))
    return Kept(lost=True)


class Keeping:
    """Hands every change of `Kept` to the keeper. No call but `ready` and `close` waits."""

    def __init__(self, path: Path) -> None:
        """Starts the keeper: before any line is claimed, so that it holds none of them."""
        self._path = path
        self._boot_id = clocks().boot_id
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-I", "-m", keeper.__name__, os.fspath(path)]
            actions = [(os.POSIX_SPAWN_DUP2, theirs.fileno(), 0)]
            self.pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)
        self._socket = ours
        self._given: Kept | None = None  # the last that was handed over
        self._given_at_s = float("-inf")
        self._writes = Allowance(_BURST, _A_SECOND)
        self._answered = True
        self._refused = ""

    def ready(self) -> None:
        """Waits until no older keeper writes; then the file may be read. 5 s at most."""
        self._socket.settimeout(_READY_WITHIN_S)
        try:
            answer = self._socket.recv(keeper.MOST_BYTES)
            self._refused = "" if answer == keeper.READY else answer.decode(errors="replace")
        except OSError as error:  # too late, or gone
            self._refused = f"the keeper is not ready: {error}"
        self._socket.setblocking(False)

    def trouble(self, now_s: float) -> str:
        """Why the newest is not on the disk; empty while it is or is about to be."""
        self._listen()
        if self._refused:
            return self._refused
        slow = not self._answered and now_s - self._given_at_s > _SLOW_S
        return f"not written for {_SLOW_S:g} s" if slow else ""

    @property
    def idle(self) -> bool:
        """All that was handed over is on the disk, or refused."""
        self._listen()
        return self._answered

    def keep(self, kept: Kept, now_s: float) -> None:
        """At each tick; what is unchanged costs nothing."""
        due_again = bool(self._refused) and now_s - self._given_at_s > _SLOW_S
        if (kept == self._given and not due_again) or not self._writes.take(now_s):
            return
        file = _File(version=_VERSION, boot_id=self._boot_id, at_s=now_s, wall_s=time.time(), kept=kept)
        try:
            self._socket.send(msgspec.json.encode(file))
        except BlockingIOError:  # several wait already: at the next tick
            return
        except OSError as error:
            self._refused = f"the keeper has gone: {error}"
        self._given, self._given_at_s, self._answered = kept, now_s, False

    def close(self) -> None:
        """Waits until the last packet is on the disk, 5 s at most."""
        self._socket.shutdown(socket.SHUT_WR)
        ended = os.pidfd_open(self.pid)
        select.select([ended], (), (), _LAST_WITHIN_S)
        os.close(ended)
        self._socket.close()
        os.waitpid(self.pid, os.WNOHANG)

    def _listen(self) -> None:
        try:
            answer = self._socket.recv(keeper.MOST_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            answer = str(error).encode()
        self._answered = True
        if answer in (keeper.READY, keeper.WRITTEN):
            self._refused = ""
        else:
            self._refused = answer.decode(errors="replace") or self._refused or "the keeper has gone"
