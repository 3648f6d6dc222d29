"""TCP's own time-outs for a silent link."""

from __future__ import annotations

import socket

TCP_OPTIONS = (  # a silent connection is probed after 60 s, every 15 s, 4 times
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPINTVL", 15),
    ("TCP_KEEPCNT", 4),
    ("TCP_USER_TIMEOUT", 60_000),  # ms without an acknowledgement of what was sent
)


def watch_tcp(sock: socket.socket) -> None:
    """Lets half-open connections end by themselves, where the system can do it."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, amount in TCP_OPTIONS:
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, amount)
