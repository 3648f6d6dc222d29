"""PURE: the frames of a PN532 on a serial line (NXP UM0701-02, 6.2.1), in any split.

00 00 FF | LEN | LCS | TFI and content, LEN bytes | DCS | 00      LEN + LCS = 0, TFI + content + DCS = 0
00 00 FF | 00 FF | 00   ACK           00 00 FF | FF 00 | 00   NACK          (mod 256)
"""

from __future__ import annotations

from dataclasses import dataclass

ACK = bytes.fromhex("0000FF00FF00")
_START = b"\x00\x00\xff"  # the last byte of the preamble and the start code
_TO_CHIP, _FROM_CHIP, _FAILED = 0xD4, 0xD5, 0x7F  # TFI
_HEAD = 5  # bytes before TFI


@dataclass(frozen=True, slots=True)
class Ack:
    """The command was understood and is being carried out."""


@dataclass(frozen=True, slots=True)
class Nack:
    """The chip asks for the last frame again."""


@dataclass(frozen=True, slots=True)
class ErrorFrame:
    """The chip could not make sense of a command."""


@dataclass(frozen=True, slots=True)
class Response:
    """The result of a command; `code` is the command's, plus 1."""

    code: int
    content: bytes


Frame = Ack | Nack | ErrorFrame | Response


def command(content: bytes) -> bytes:
    """Frames a command to the chip: its code and its parameters, 254 bytes at most."""
    body = bytes([_TO_CHIP]) + content
    return _START + bytes([len(body), -len(body) & 0xFF]) + body + bytes([-sum(body) & 0xFF, 0])


class FrameBuffer:
    """Cuts a byte stream into frames. What is in none is skipped; a bad one is counted in `dropped`."""

    def __init__(self) -> None:
        self.dropped = 0
        self._rest = b""

    def feed(self, received: bytes) -> list[Frame]:
        """Returns the frames now complete: the same ones however the stream is split."""
        self._rest += received
        frames: list[Frame] = []
        while (start := self._rest.find(_START)) >= 0:
            self._rest = self._rest[start:]
            size = _size(self._rest)
            if len(self._rest) < size:
                return frames
            if frame := _frame(self._rest[:size]):
                frames.append(frame)
                self._rest = self._rest[size:]
            else:
                self.dropped += 1
                self._rest = self._rest[1:]  # the true start may be inside
        self._rest = self._rest[-len(_START) + 1 :]  # a start may have begun
        return frames

    def clear(self) -> None:
        """Forgets what has begun: after a silence the rest of it does not come."""
        self._rest = b""


def _size(stream: bytes) -> int:
    """Returns the bytes of the first frame, without its postamble, as far as its head says."""
    if len(stream) < _HEAD:
        return _HEAD
    length, check = stream[3], stream[4]
    return _HEAD + length + 1 if length and (length + check) & 0xFF == 0 else _HEAD


def _frame(cut: bytes) -> Frame | None:
    """Reads a frame; None: no frame that a PN532 sends."""
    match cut[3:_HEAD]:
        case b"\x00\xff":
            return Ack()
        case b"\xff\x00":
            return Nack()
    body = cut[_HEAD:]
    if not body or sum(body) & 0xFF:
        return None
    sender, content = body[0], body[1:-1]
    if sender == _FAILED and not content:
        return ErrorFrame()
    return Response(content[0], content[1:]) if sender == _FROM_CHIP and content else None
