"""The bridge's end of the socket: wishes 16 A for ever. Started as the bridge's user, for no other may."""

from __future__ import annotations

import contextlib
import select
import socket
import time

from hal.contract import SOCKET_NAME, Hello, LineBuffer, Role, Status, Wish, decode, encode

SOCKET = f"/run/evse-bridge/{SOCKET_NAME}"
LIFE_S = 15.0  # of a wish


def connected(role: Role) -> socket.socket:
    """Raises OSError while nobody listens."""
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        peer.connect(SOCKET)
        peer.sendall(encode(Hello(role=role)))
    except OSError:
        peer.close()
        raise
    return peer


def status_now() -> Status:
    """What an observer is told first. Raises OSError while nobody listens."""
    buffer = LineBuffer()
    with contextlib.closing(connected("observer")) as peer:
        while received := peer.recv(65_536):
            for message in map(decode, buffer.feed(received)):
                if isinstance(message, Status):
                    return message
    raise ConnectionResetError("hal.safety ended")


def wish(seq: int) -> Wish:
    return Wish(limit_a=16.0, cable="auto", lamp="", valid_until_s=time.monotonic() + LIFE_S, seq=seq)


def read_for(peer: socket.socket, spell_s: float) -> None:
    """Who does not read is dropped. Raises ConnectionResetError at the end of the stream."""
    end_s = time.monotonic() + spell_s
    while (left_s := end_s - time.monotonic()) > 0:
        if select.select([peer], [], [], left_s)[0] and not peer.recv(65_536):
            raise ConnectionResetError


def main() -> None:
    """Connects again for ever."""
    seq = 0
    while True:
        with contextlib.suppress(OSError), contextlib.closing(connected("bridge")) as peer:
            while True:
                seq += 1
                peer.sendall(encode(wish(seq)))
                read_for(peer, 0.5)
        time.sleep(0.2)


if __name__ == "__main__":
    main()
