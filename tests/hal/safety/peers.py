"""The other end of the socket, as a test drives it: one thread, so a peer never waits for the server."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TypeVar

from hal.contract import SOCKET_NAME, Cable, Hello, LineBuffer, Message, Role, Wish, decode, encode

T = TypeVar("T")


class Peer:
    """Connected, and silent so far."""

    def __init__(self, runtime_dir: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(str(runtime_dir / SOCKET_NAME))
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._buffer = LineBuffer()
        self.over = False

    def say(self, *messages: Message) -> None:
        self.send(b"".join(encode(message) for message in messages))

    def send(self, raw: bytes) -> int:
        """How much the socket took."""
        try:
            return self._socket.send(raw)
        except BlockingIOError:
            return 0
        except (BrokenPipeError, ConnectionResetError):
            self.over = True
            return 0

    def heard(self) -> list[Message]:
        """What came since the last time; sets `over` at the end of the stream."""
        messages: list[Message] = []
        while True:
            try:
                received = self._socket.recv(65_536)
            except BlockingIOError:
                return messages
            except ConnectionResetError:
                received = b""
            if not received:
                self.over = True
                return messages
            messages += [decode(line) for line in self._buffer.feed(received)]

    def close(self) -> None:
        self._socket.close()


def hello(runtime_dir: Path, role: Role) -> Peer:
    peer = Peer(runtime_dir)
    peer.say(Hello(role=role))
    return peer


def wish(limit_a: float, *, seq: int, valid_until_s: float, cable: Cable = "auto", lamp: str = "") -> Wish:
    return Wish(limit_a=limit_a, cable=cable, lamp=lamp, valid_until_s=valid_until_s, seq=seq)


def of(kind: type[T], messages: list[Message]) -> list[T]:
    return [message for message in messages if isinstance(message, kind)]
