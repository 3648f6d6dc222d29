"""`python -I -m hal.safety.state.writer FILE`: writes what must outlast `hal.safety`; may wait for a disk.

A disk may take a second for what must be on it; a tick has milliseconds. So this is a process of its own. It
ends when the other end of its standard input, a socket of packets, is closed: after the last packet is on the
disk, whatever `hal.safety` died of. Its descriptor 3 is the lock of all writers of that life
(`hal.safety.state.lock`).
"""

import contextlib
import os
import socket
import sys
from pathlib import Path

from hal import durable
from hal.safety.companion import stand_aside
from hal.safety.state.lock import all_written

READY, WRITTEN = b"ready", b"written"  # any other answer is why a packet could not be written
MOST_BYTES = 65_536
_LOCK = 3


def _serve(peer: socket.socket, path: Path) -> bool:
    """Says whether the last packet is on the disk."""
    written = True
    _say(peer, READY)
    while content := _received(peer):
        try:
            durable.write(path, content)
            written, answer = True, WRITTEN
        except OSError as error:
            written, answer = False, str(error).encode()
        _say(peer, answer)
    return written


def _say(peer: socket.socket, answer: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has died; packets may still wait
        peer.send(answer)


def _received(peer: socket.socket) -> bytes:
    """Returns a packet, empty at the end. A peer died with answers unread: a reset, once, then what waits."""
    try:
        return peer.recv(MOST_BYTES)
    except ConnectionResetError:
        return peer.recv(MOST_BYTES)


def main(arguments: list[str]) -> int:
    """Returns 0 after an orderly end, 1 when the last packet could not be written."""
    stand_aside(_LOCK + 1)
    with socket.socket(fileno=sys.stdin.fileno()) as peer:
        if not _serve(peer, Path(arguments[0])):
            return 1
    all_written(_LOCK)
    os.close(_LOCK)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
