"""`python -I -m hal.safety.keeper FILE`: writes what `hal.safety` must not forget, and may wait for a disk.

A disk may take a second for what must be on it; a tick has milliseconds. So this is a process of its own,
begun before any line is claimed (it holds none), and it ends when the other end of its standard input, a
socket of packets, is closed: after the last packet is on the disk, whatever `hal.safety` died of.
"""

import contextlib
import fcntl
import os
import signal
import socket
import sys
from pathlib import Path

from hal import durable

READY, WRITTEN = b"ready", b"written"  # any other answer is why a packet could not be written
MOST_BYTES = 65_536


def _serve(peer: socket.socket, path: Path) -> None:
    _say(peer, READY)
    while content := _received(peer):
        try:
            durable.write(path, content)
            answer = WRITTEN
        except OSError as error:
            answer = str(error).encode()
        _say(peer, answer)


def _say(peer: socket.socket, answer: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has died; packets may still wait
        peer.send(answer)


def _received(peer: socket.socket) -> bytes:
    """Empty at the end. One that died with answers unread: a reset, once, then what still waits."""
    try:
        return peer.recv(MOST_BYTES)
    except ConnectionResetError:
        return peer.recv(MOST_BYTES)


def _wait_for_a_predecessor(path: Path) -> None:
    """The keeper of a killed `hal.safety` may still be writing; the lock ends with its process."""
    lock = os.open(path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)


def main(arguments: list[str]) -> int:
    """Exit code 0 after an orderly end, 1 when the folder cannot be used."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # sent to all of a unit; the end of the input is what counts
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))  # not the priority of the tick
    path = Path(arguments[0])
    with socket.socket(fileno=sys.stdin.fileno()) as peer:
        try:
            _wait_for_a_predecessor(path)
        except OSError as error:
            peer.send(str(error).encode())
            return 1
        _serve(peer, path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
