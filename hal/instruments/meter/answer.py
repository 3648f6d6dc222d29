"""PURE: finds a meter's answer among all that came over an RS-485 wire since the request.

Adapters echo, long wires make up bytes, other units talk. The frame is known by unit, function,
length and CRC (Modbus over Serial Line V1.02, 2.5.1.1; Application Protocol V1.1b3, 6.3, 6.4 and 7).

pymodbus 3.16 does not look for it: its RTU framer takes the first two bytes with a known function code for
the head, and throws away all that came when that "frame" has a wrong CRC; its `handle_local_echo` swallows
the head of a true answer that comes in pieces, as that begins like the request. So its `trace_packet` hands
over all bytes, and takes the frame found here in their place.
"""

from __future__ import annotations

from collections.abc import Iterator

_REFUSED = 0x80  # added to the function code of an exception
_EXCEPTION_BYTES = 5  # unit, function, code, CRC
_SHOWN_BYTES = 12
_POLYNOMIAL = 0xA001


def found(request: bytes, heard: bytes) -> bytes:
    """Returns the answer to `request`, a whole RTU frame that reads registers; empty: it has not come yet."""
    unit, function = request[0], request[1]
    size = 2 * int.from_bytes(request[4:6])
    rest = _without_echo(request, heard)
    for frame in _frames(rest):
        refused = frame[1] == function | _REFUSED
        if frame[0] == unit and (refused or (frame[1], frame[2]) == (function, size)):
            return frame
    return b""


def framed(content: bytes) -> bytes:
    """Returns it with its CRC, the low byte first."""
    return content + _crc(content).to_bytes(2, "little")


def missed(request: bytes, heard: bytes, link: str) -> str:
    """Says what came over `link` in place of the answer, and what to look at."""
    asked = f"unit {request[0]} on {link}"
    rest = _without_echo(request, heard)
    if not heard:
        return f"no answer from {asked}"
    if not rest:
        return f"no answer from {asked}; our own request came back: the adapter echoes, which does no harm"
    frame = next(_frames(rest), None)
    if frame is None:
        shown = rest[:_SHOWN_BYTES].hex(" ")
        return f"no whole answer from {asked}, heard {shown}; check baud rate, parity, wires"
    if frame[0] != request[0]:
        return f"no answer from {asked}, but one of unit {frame[0]}; check the unit of the meter"
    return f"{asked} answered another question; is it late, or does another master ask it?"


def _without_echo(request: bytes, heard: bytes) -> bytes:
    """Returns what came after our own request: no answer begins before it has been sent."""
    before, echo, after = heard.partition(request)
    return after if echo else before


def _frames(heard: bytes) -> Iterator[bytes]:
    """Finds answers that read registers, or refuse to, of any unit, from each byte on."""
    for at in range(len(heard) - _EXCEPTION_BYTES + 1):
        size = _size(heard, at)
        frame = heard[at : at + size]
        if size and len(frame) == size and _is_whole(frame):
            yield frame


def _size(heard: bytes, at: int) -> int:
    """Returns the length of the frame that may begin there; 0: none does."""
    match heard[at + 1]:
        case 3 | 4:
            return _EXCEPTION_BYTES + heard[at + 2]
        case 0x83 | 0x84:
            return _EXCEPTION_BYTES
    return 0


def _is_whole(frame: bytes) -> bool:
    """Says whether the CRC is right: over a frame with its own it leaves 0."""
    return _crc(frame) == 0


def _crc(frame: bytes) -> int:
    left = 0xFFFF
    for byte in frame:
        left = left >> 8 ^ _CRC_OF_BYTE[(left ^ byte) & 0xFF]
    return left


def _crc_of_byte(byte: int) -> int:
    """Modbus over Serial Line V1.02, 6.2.2: the polynomial is A001, its bits from right to left."""
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_CRC_OF_BYTE = [_crc_of_byte(byte) for byte in range(256)]
