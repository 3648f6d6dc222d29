"""The asker's end of the bridge's own socket: one line there, one line back, bounded in time and size.

The bridge may be in a stranger's hands, and who asks may be root: neither a line without end nor one that
drips keeps the asker.
"""

from __future__ import annotations

import math
import socket
import time

REPLY_LIMIT = 4 * 2**20  # bytes: a page of 50 sessions has some 100,000
_CHUNK = 65_536


def exchange(link: socket.socket, order: bytes, until_s: float = math.inf) -> bytes:
    """Sends an order and returns the reply's line. `until_s`: of the monotonic clock. Raises TimeoutError at
    that time; OSError; ValueError for a reply that is too long. What the bridge sends after it is lost."""
    _wait_until(link, until_s)
    link.sendall(order)
    received = bytearray()
    while True:
        _wait_until(link, until_s)
        chunk = link.recv(_CHUNK)
        line, newline, _ = chunk.partition(b"\n")
        received += line
        if newline or not chunk:
            return bytes(received)
        if len(received) > REPLY_LIMIT:
            raise ValueError(f"a reply of more than {REPLY_LIMIT} bytes")


def _wait_until(link: socket.socket, until_s: float) -> None:
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("no reply in time")
    link.settimeout(None if math.isinf(left_s) else left_s)
