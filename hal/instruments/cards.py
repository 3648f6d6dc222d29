"""PURE: from the bytes of a card reader to card numbers, and from repeated numbers to presentations."""

from __future__ import annotations

from typing import Protocol

from hal.settings import Reader

_STX, _ETX = 0x02, 0x03
_RDM6300_FRAME = 14  # STX, ten hex digits, two of the checksum, ETX
_HEX = frozenset(b"0123456789ABCDEF")
_TERMINATORS = {"cr": (b"\r",), "lf": (b"\n",), "crlf": (b"\r\n",), "any": (b"\r", b"\n")}


class Framing(Protocol):
    """Cuts a byte stream into card numbers."""

    dropped: int  # frames with a bad checksum or form so far

    def feed(self, received: bytes) -> list[str]:
        """The card numbers that are now complete. However the stream is split, the numbers are the same."""


class Rdm6300Framing:
    """02, ten hex digits (a version byte and four bytes of the tag), XOR of the five bytes, 03.

    The number is all ten digits: two tags may differ in the version byte alone.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._rest = b""

    def feed(self, received: bytes) -> list[str]:
        """As Framing. What is not in a frame is skipped; a bad frame is counted."""
        self._rest += received
        numbers = []
        while (start := self._rest.find(_STX)) >= 0 and len(self._rest) >= start + _RDM6300_FRAME:
            frame = self._rest[start : start + _RDM6300_FRAME]
            if number := _rdm6300_number(frame):
                numbers.append(number)
                self._rest = self._rest[start + _RDM6300_FRAME :]
            else:
                self.dropped += 1
                self._rest = self._rest[start + 1 :]  # the true start may be inside
        self._rest = self._rest[start:] if start >= 0 else b""
        return numbers


class LineFraming:
    """A line: prefix, number, suffix, terminator, of a set alphabet and length. Empty lines are nothing."""

    def __init__(self, reader: Reader) -> None:
        self.dropped = 0
        self._reader = reader
        self._terminators = _TERMINATORS[reader.terminator]
        self._longest = len(reader.prefix) + reader.max_length + len(reader.suffix)
        self._line = bytearray()
        self._too_long = False

    def feed(self, received: bytes) -> list[str]:
        """As Framing. A bad line is counted, a line without end is not collected."""
        numbers = []
        for byte in received:
            self._line.append(byte)
            if number := self._ended():
                numbers.append(number)
        return numbers

    def _ended(self) -> str | None:
        for terminator in self._terminators:
            if self._line.endswith(terminator):
                text = self._line[: -len(terminator)].decode("ascii", errors="replace")
                was_too_long, self._too_long = self._too_long, False
                self._line.clear()
                return self._number(text, was_too_long)
        if len(self._line) > self._longest + 1:  # 1: the CR of a CR LF
            self._too_long = True
            del self._line[:-1]
        return None

    def _number(self, text: str, too_long: bool) -> str | None:
        if not text and not too_long:
            return None
        prefix, suffix = self._reader.prefix, self._reader.suffix
        number = text[len(prefix) : len(text) - len(suffix)]
        good = (
            not too_long
            and text == prefix + number + suffix
            and self._reader.min_length <= len(number) <= self._reader.max_length
            and set(number) <= set(self._reader.alphabet)
        )
        self.dropped += not good
        return number.upper() if good else None


class Presence:
    """Tells a presentation from a repetition: a card seen again is new only after `hold_s` without it."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._seen_s: dict[str, float] = {}

    def present(self, number: str, now_s: float) -> bool:
        """True: a new presentation. Another card is new at once."""
        present = {card: at_s for card, at_s in self._seen_s.items() if now_s - at_s < self._hold_s}
        is_new = number not in present
        self._seen_s = present | {number: now_s}
        return is_new


def framing(reader: Reader) -> Framing:
    """For the reader's model."""
    return Rdm6300Framing() if reader.model == "rdm6300" else LineFraming(reader)


def reverse_bytes(number: str) -> str | None:
    """Last byte first, as some access systems print the number. None for an odd number of digits."""
    if len(number) % 2:
        return None
    return "".join(reversed([number[at : at + 2] for at in range(0, len(number), 2)]))


def _rdm6300_number(frame: bytes) -> str | None:
    digits = frame[1:13]
    if frame[13] != _ETX or not set(digits) <= _HEX:
        return None
    *tag, checksum = bytes.fromhex(digits.decode())
    for byte in tag:
        checksum ^= byte
    return digits[:10].decode() if checksum == 0 else None
