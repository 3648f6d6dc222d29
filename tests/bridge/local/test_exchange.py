"""One line there, one line back: a bridge in a stranger's hands keeps nobody who asks."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from bridge.local.exchange import REPLY_LIMIT, exchange


@contextlib.contextmanager
def sending(piece: bytes, pieces: float = math.inf) -> Iterator[socket.socket]:
    """A bridge that sends so many pieces, until it is hung up on, and then hangs up itself."""
    ours, theirs = socket.socketpair()

    def send() -> None:
        with theirs, contextlib.suppress(OSError):
            theirs.recv(100)
            sent = 0
            while sent < pieces:
                theirs.sendall(piece)
                sent += 1

    sender = threading.Thread(target=send)
    sender.start()
    with ours:
        yield ours
    sender.join()


def test_the_line_comes_back_and_what_follows_is_lost() -> None:
    with sending(b"yes\nmore", 1) as link:
        assert exchange(link, b"?\n") == b"yes"


def test_a_reply_in_pieces() -> None:
    with sending(b"part ", 3) as link:
        assert exchange(link, b"?\n") == b"part part part "


def test_a_line_without_end() -> None:
    with sending(b"x" * 65_536) as link, pytest.raises(ValueError, match=f"more than {REPLY_LIMIT} bytes"):
        exchange(link, b"?\n")


def test_a_line_that_drips() -> None:
    """Each byte comes in time, and the reply never does."""
    with sending(b"x") as link, pytest.raises(TimeoutError):
        exchange(link, b"?\n", time.monotonic() + 0.01)


def test_a_time_that_is_over() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeoutError):
        exchange(ours, b"?\n", time.monotonic())
