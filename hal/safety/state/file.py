"""What outlasts `hal.safety`: its file in the state folder, and how it is written without waiting."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections import deque
from dataclasses import replace
from pathlib import Path

import msgspec

from hal import durable
from hal.contract import KERNEL_BOOT_ID_FILE
from hal.core.persistent_state import PersistentState
from hal.safety import companion
from hal.safety.allowance import Allowance
from hal.safety.state import writer
from hal.safety.state.lock import StateLock

_KERNEL_BOOT_ID = Path(KERNEL_BOOT_ID_FILE)
_VERSION = 1
_READY_WITHIN_S = 5.0  # the writer of a killed process may be waiting for its disk
LAST_WITHIN_S = 1.5  # TimeoutStopSec of the unit is 10 s, 8 s of it the loop's; the writer outlives us anyway
_BURST, _A_SECOND = 5, 1  # what changes more often waits: an SD card wears out
_SLOW_S = 10.0  # a packet that is not on the disk by then counts as not kept; so long until the next try
_LOOK_S = 0.02
_AGAIN_S = 1.0  # between two starts of a writer


class _File(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    boot_id: str
    at_s: float  # CLOCK_MONOTONIC of that boot
    wall_s: float  # the same moment on the wall clock
    kept: PersistentState


class Clocks(msgspec.Struct, frozen=True):
    """The clocks at one moment, with the id of the boot."""

    boot_id: str
    now_s: float
    wall_s: float


def clocks(boot_id_file: Path = _KERNEL_BOOT_ID) -> Clocks:
    """Returns now, in the boot that the file names."""
    return Clocks(boot_id_file.read_text().strip(), time.monotonic(), time.time())


def read(path: Path, now: Clocks) -> PersistentState:
    """Reads what was stored last, on the clock of `now`. An unreadable file is renamed: `lost`."""
    try:
        file = msgspec.json.decode(durable.read(path, writer.MOST_BYTES), type=_File)
    except FileNotFoundError:
        return PersistentState()
    except (OSError, ValueError, RecursionError):
        return _lost(path)
    if file.version != _VERSION:
        return _lost(path)
    if file.boot_id == now.boot_id:
        return _of_the_past(file.kept, now.now_s)
    away_s = max(0.0, now.wall_s - file.wall_s)  # a Pi's clock stands while it is off: at least so long
    moved_s = now.now_s - file.at_s
    return _of_the_past(file.kept.after_boot(moved_s, moved_s - away_s), now.now_s)


def readable(path: Path) -> bool:
    """Says whether `read` would find a state in it that was never lost; nothing is renamed."""
    try:
        file = msgspec.json.decode(durable.read(path, writer.MOST_BYTES), type=_File)
    except (OSError, ValueError, RecursionError):
        return False
    return file.version == _VERSION and not file.kept.lost


def _of_the_past(kept: PersistentState, now_s: float) -> PersistentState:
    """Leaves out moments to come: the card has altered them, and what they withhold would never end."""
    return replace(
        kept,
        lock_moves_s=tuple(at_s for at_s in kept.lock_moves_s if at_s <= now_s),
        starts_s=tuple(at_s for at_s in kept.starts_s if at_s <= now_s),
    )


def _lost(path: Path) -> PersistentState:
    durable.set_aside(path)
    return PersistentState(lost=True)


class StateFile:
    """Hands every change of `PersistentState` to the writer. No call but `ready` and `close` waits.

    A writer that dies is started again and given the newest. As long as another life's writer may still
    write, ours is given nothing: an old packet never comes after a new one.
    """

    def __init__(self, path: Path, runtime_dir: Path, boot_id_file: Path = _KERNEL_BOOT_ID) -> None:
        """Starts the writer if it may. Raises OSError when the runtime folder cannot be used."""
        self._path = path
        self._boot_id = clocks(boot_id_file).boot_id
        self._lock = StateLock(runtime_dir, self._boot_id)
        self._socket: socket.socket | None = None  # of the writer that lives
        self.pid = 0  # of the last writer
        self._started_at_s: float | None = None
        self._given: PersistentState | None = None  # the last that was handed to it
        self._given_at_s = float("-inf")
        self._unanswered: deque[float] = deque()  # when each was handed over, the oldest first
        self._owed_s: float | None = None  # the oldest that a writer took with it
        self._writes = Allowance(_BURST, _A_SECOND)
        self._refused = ""
        if self._lock.take():
            self._start(None)

    def ready(self, within_s: float = _READY_WITHIN_S) -> bool:
        """Waits until no older writer writes; then the file may be read. False: one still may, or one was
        killed with something unwritten: what the file says may not be the last."""
        ends_s = time.monotonic() + within_s
        while not self._lock.take() and time.monotonic() < ends_s:
            time.sleep(_LOOK_S)
        if not self._lock.held:
            self._lock.doubt()
            self._refused = f"the state writer of an earlier start has not ended within {within_s:g} s"
            return False
        if self._socket is None:
            self._start(None)
        select.select([self._socket] if self._socket else [], (), (), max(0.0, ends_s - time.monotonic()))
        return not self._lock.unsure

    def trouble(self, now_s: float) -> str:
        """Says why the newest is not on the disk; empty while it is or is about to be."""
        self._listen()
        if self._refused:
            return self._refused
        return f"not written for {_SLOW_S:g} s" if self._silent(now_s) else ""

    @property
    def idle(self) -> bool:
        """Says whether all that was handed over is on the disk, or refused."""
        self._listen()
        return not self._unanswered

    def store(self, kept: PersistentState, now_s: float) -> None:
        """Stores at each tick; what is unchanged costs nothing."""
        self._listen()
        if self._socket is None and (self._started_at_s is None or now_s - self._started_at_s >= _AGAIN_S):
            self._start(now_s)
        if self._socket is None or not self._due(kept, now_s):
            return
        file = _File(version=_VERSION, boot_id=self._boot_id, at_s=now_s, wall_s=time.time(), kept=kept)
        try:
            self._socket.send(msgspec.json.encode(file))
        except BlockingIOError:  # many wait already: at the next tick
            return
        except OSError:
            self._lose()
            return
        self._unanswered.append(now_s if self._owed_s is None else self._owed_s)
        self._owed_s = None
        self._given, self._given_at_s = kept, now_s

    def close(self) -> None:
        """Waits until the last packet is on the disk, 1.5 s at most; then the writer continues alone."""
        if self._socket is not None:
            self._socket.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ProcessLookupError):  # it has died since the last tick
                ended = os.pidfd_open(self.pid)
                select.select([ended], (), (), LAST_WITHIN_S)
                os.close(ended)
            self._socket.close()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
        self._lock.close()

    def _due(self, kept: PersistentState, now_s: float) -> bool:
        """Says whether to store now: a new fault at once, else what the buffer of a silent writer holds."""
        given = self._given
        if given is None or not set(kept.faults) <= set(given.faults):
            return True
        again = bool(self._refused) and now_s - self._given_at_s > _SLOW_S
        return (kept != given or again) and not self._silent(now_s) and self._writes.admit(now_s)

    def _silent(self, now_s: float) -> bool:
        return bool(self._unanswered) and now_s - self._unanswered[0] > _SLOW_S

    def _start(self, now_s: float | None) -> None:
        """Starts a writer. `now_s` None: before the first tick. The lock may have become free only now."""
        self._started_at_s = now_s
        try:
            if not self._lock.take():
                return
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                descriptors = [theirs.fileno(), self._lock.descriptor]
                self.pid = companion.spawn(writer.__name__, [os.fspath(self._path)], descriptors)
        except OSError as error:
            self._refused = f"no state writer: {error}"
            return
        ours.setblocking(False)
        self._socket = ours

    def _lose(self) -> None:
        """Hands what a dead writer had not written to the next one, as old as it is."""
        assert self._socket is not None
        self._socket.close()
        self._socket = self._given = None
        if self._unanswered:
            self._owed_s = self._unanswered[0]
            self._unanswered.clear()
        self._refused = "the state writer has ended; it is started again"
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)

    def _listen(self) -> None:
        """Reads the answers, which come in the order of the packets."""
        while self._socket is not None:
            try:
                answer = self._socket.recv(writer.MOST_BYTES)
            except BlockingIOError:
                return
            except OSError:
                answer = b""
            if not answer:
                self._lose()
            elif answer != writer.READY:
                self._unanswered.popleft()
                self._refused = "" if answer == writer.WRITTEN else answer.decode(errors="replace")
                if not self._refused:
                    self._lock.all_stored()
