"""A meter on a pty that says every byte as a test wants it: no library at its end mends anything."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable
from pathlib import Path

from hal.mock.serial.meter_face import Image

Spoil = Callable[[bytes, bytes], bytes]  # request, true answer -> what comes over the wire
REQUEST_BYTES = 8


def crc(content: bytes) -> bytes:
    """Modbus over Serial Line V1.02, 6.2.2, bit by bit."""
    value = 0xFFFF
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


def framed(content: bytes) -> bytes:
    """A frame with its CRC."""
    return content + crc(content)


def refusal(request: bytes, code: int) -> bytes:
    """An exception."""
    return framed(bytes((request[0], request[1] | 0x80, code)))


def true_answer(image: Image, request: bytes) -> bytes:
    """What a meter with these registers answers."""
    start, count = int.from_bytes(request[2:4]), int.from_bytes(request[4:6])
    table = image[request[1]]
    if not all(register in table for register in range(start, start + count)):
        return refusal(request, 2)
    words = b"".join(table[register].to_bytes(2) for register in range(start, start + count))
    return framed(bytes((request[0], request[1], len(words))) + words)


class RawMeter:
    """Answers the unit that asks; `spoil` says what becomes of each answer."""

    def __init__(self, link: Path, image: Image, spoil: Spoil = lambda _request, answer: answer) -> None:
        self.spoil = spoil
        self.image = image
        self.asked: list[bytes] = []
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        link.symlink_to(os.ttyname(self._slave))
        self._rest = b""
        asyncio.get_running_loop().add_reader(self._master, self._hear)

    def _hear(self) -> None:
        self._rest += os.read(self._master, 4096)
        while len(self._rest) >= REQUEST_BYTES:
            request, self._rest = self._rest[:REQUEST_BYTES], self._rest[REQUEST_BYTES:]
            self.asked.append(request)
            said = self.spoil(request, true_answer(self.image, request))
            if said:
                os.write(self._master, said)

    def say_slowly(self, said: bytes) -> None:
        """Each byte for itself."""
        self._slowly = asyncio.create_task(self._say_bytes(said))

    async def _say_bytes(self, said: bytes) -> None:
        for byte in said:
            os.write(self._master, bytes((byte,)))
            await asyncio.sleep(0.002)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
