"""The client of `hal.safety.bolt`, which holds a solenoid: finds, starts, orders and watches it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import time
from pathlib import Path

from hal.contract import BOLT_SOCKET_NAME
from hal.safety import bolt, companion
from hal.safety.bolt import LOCK, LOCKED, MOST_BYTES, UNLOCK, UNLOCKED, Claim

_START_WITHIN_S = 5.0  # a Pi Zero 2 W takes a second
_LET_GO_WITHIN_S = 0.5
_LOOK_S = 0.01
# In ticks of 10 to 20 ms, so that a tick that is late itself counts against nobody.
_ASKS, _LOOKS = 25, 5  # it is asked again; while it is not there it is looked for
_SILENT = 100  # a stopped process drops no line: there is no hurry
_SPAWNS, _SPAWN_S = 100, 1.0  # between two starts that bring no answer


class BoltError(OSError):
    """The solenoid's line cannot be used; the text says why."""


class _GoneError(BoltError):
    """The process is just ending, because the last order released the bolt."""


class BoltHolder:
    """Gives orders to the process; waits only at its own start and end."""

    def __init__(self, claim: Claim) -> None:
        """Finds the holder that an earlier life left, or starts one. Raises BoltError."""
        self._claim = claim
        self._path = os.fspath(Path(claim["runtime_dir"]) / BOLT_SOCKET_NAME)
        self._socket: socket.socket | None = None
        self._ticks = self._heard_at = 0
        self._spawned_at: int | None = None  # of one that has not answered yet
        self.locked = self._met() == LOCKED  # as it was commanded last
        self._obeys = True

    @property
    def holds(self) -> bool:
        """Says whether it lives, answers, and has done what it was asked last."""
        return self._obeys and self._ticks - self._heard_at <= _SILENT

    def begin(self, *, locked: bool) -> None:
        """Brings the bolt to its place before the first tick; returns once it is there. Raises BoltError."""
        self._asked(LOCK if locked else UNLOCK, _START_WITHIN_S)
        self.locked = locked

    def order(self, *, locked: bool) -> None:
        """Holds the bolt locked or unlocked from now on."""
        if locked != self.locked:
            self.locked, self._obeys = locked, False
            self._send()

    def tick(self) -> None:
        """Starts a holder that died again; it claims the line as it was asked last. Call it at each tick."""
        self._ticks += 1
        self._listen()
        if self._socket is None and self._ticks % _LOOKS == 0:
            self._find()
        elif self._ticks % _ASKS == 0:
            self._send()

    def end(self, *, live: bool) -> None:
        """Leaves the bolt of a plug that may be live to its holder, which waits for the next start."""
        if self._socket is None:
            return
        if not live:
            self.order(locked=False)
        if self._socket is not None:
            select.select([self._socket], (), (), 0.0 if live else _LET_GO_WITHIN_S)
            self._socket.close()
            self._socket = None

    def _met(self) -> bytes:
        """Returns its first answer. Raises BoltError."""
        began_s = time.monotonic()
        spawned_s = float("-inf")
        while (now_s := time.monotonic()) < began_s + _START_WITHIN_S:
            self._connect()
            if self._socket is not None:
                with contextlib.suppress(_GoneError):
                    return self._asked(json.dumps(self._claim).encode(), _START_WITHIN_S)
            elif now_s - spawned_s >= _SPAWN_S:
                spawned_s = now_s
                self._spawn()
            time.sleep(_LOOK_S)
        raise BoltError(f"GPIO{self._claim['line']}: the process that holds the solenoid does not start")

    def _find(self) -> None:
        self._connect()
        if self._socket is not None:
            return
        if self._spawned_at is None or self._ticks - self._spawned_at >= _SPAWNS:
            self._spawned_at = self._ticks
            with contextlib.suppress(OSError):  # no process to be had: at the next try
                self._spawn()

    def _spawn(self) -> None:
        companion.spawn(bolt.__name__, [self._claim["runtime_dir"], json.dumps(self._claim)], [])

    def _connect(self) -> None:
        ours = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            ours.connect(self._path)
        except OSError:
            ours.close()
            return
        self._socket, self._heard_at = ours, self._ticks
        if self._ticks:
            self._send()

    def _send(self) -> None:
        """Sends the word; what is not read in time is sent again with the next question."""
        if self._socket is None:
            return
        try:
            self._socket.send(LOCK if self.locked else UNLOCK)
        except BlockingIOError:
            return
        except OSError:
            self._lose()

    def _listen(self) -> None:
        while self._socket is not None:
            try:
                said = self._socket.recv(MOST_BYTES)
            except BlockingIOError:
                return
            except OSError:
                said = b""
            if not said:
                self._lose()
                return
            self._heard_at, self._spawned_at = self._ticks, None
            self._obeys = said == (LOCKED if self.locked else UNLOCKED)

    def _lose(self) -> None:
        assert self._socket is not None
        self._socket.close()
        self._socket, self._obeys = None, False

    def _asked(self, word: bytes, within_s: float) -> bytes:
        """Returns the answer. Raises BoltError."""
        ours, self._socket = self._socket, None
        assert ours is not None
        try:
            ours.send(word)
            heard, _, _ = select.select([ours], (), (), within_s)
            answer = ours.recv(MOST_BYTES) if heard else None
        except OSError:
            answer = b""
        if answer in (LOCKED, UNLOCKED):
            self._socket = ours
            return answer
        ours.close()
        said = f"GPIO{self._claim['line']}: "
        if answer is None:
            raise BoltError(said + "the process that holds the solenoid does not answer")
        if not answer:
            raise _GoneError(said + "the process that holds the solenoid has ended")
        raise BoltError(said + answer.decode(errors="replace"))
