"""Limits what a server may send in one try by HTTP: counted at the socket, in whatever form it comes.

aiohttp bounds a header, not the number of interim answers, the extensions of a chunk or its trailers.
"""

from __future__ import annotations

import socket
from typing import Any

from aiohappyeyeballs import AddrInfoType

# An answer and what may lead to it: ten redirects with their TLS handshakes (some 8 KiB each), and headers.
ANSWER_LIMIT = 256 * 2**10


class TooMuchError(OSError):
    """The server sent more than one try allows."""


class Allowance:
    """The bytes that a server may still send in one try, over all its connections."""

    def __init__(self) -> None:
        self._most = self._left = ANSWER_LIMIT

    def grant(self, size: int) -> None:
        """Allows a body of so many bytes, and an eighth of it for what TLS and chunks add."""
        granted = size + size // 8
        self._most += granted
        self._left += granted

    def spend(self, size: int) -> None:
        """Spends so many bytes. Raises TooMuchError when fewer are left."""
        self._left -= size
        if self._left < 0:
            raise TooMuchError(f"the server sent more than the {self._most} bytes that are allowed")

    def socket(self, address: AddrInfoType) -> socket.socket:
        """Makes sockets for `aiohttp.TCPConnector`."""
        family, kind, protocol, _, _ = address
        return _CountedSocket(self, family, kind, protocol)


class _CountedSocket(socket.socket):
    """asyncio reads with `recv`, and with `recv_into` below TLS."""

    def __init__(self, allowance: Allowance, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self._allowance = allowance

    def recv(self, *arguments: Any) -> bytes:
        received = super().recv(*arguments)
        self._allowance.spend(len(received))
        return received

    def recv_into(self, *arguments: Any) -> int:
        count = super().recv_into(*arguments)
        self._allowance.spend(count)
        return count
