"""PURE: from the bytes of a card reader to card numbers, and from repeated numbers to presentations."""

from __future__ import annotations

from typing import Protocol

from hal.configuration.sections import Baud, Reader
from hal.instruments.card_reader.belief import Alone, Repeated, Whole
from hal.instruments.card_reader.pn532 import Pn532

OK = "ok"
# As delivered; a PN532 speaks HSU at 115200 after each reset (NXP UM0701-02, 6.2.2).
BAUDS: dict[str, Baud] = {"rdm6300": 9600, "id12la": 9600, "pn532": 115_200, "line": 9600}

_STX = 0x02
_DIGITS = 12  # ten of the tag, two of the checksum
_ENDS = {"rdm6300": b"\x03", "id12la": b"\r\n\x03"}
_HEX = frozenset(b"0123456789ABCDEF")
_TERMINATORS = {"cr": (b"\r",), "lf": (b"\n",), "crlf": (b"\r\n",), "any": (b"\r", b"\n")}


class Framing(Whole, Protocol):
    """Cuts a byte stream into card numbers."""

    dropped: int  # frames with a bad checksum or form so far

    def feed(self, received: bytes) -> list[str]:
        """Returns the card numbers now complete: the same ones however the stream is split."""


class Dialogue(Protocol):
    """Talks to a reader while its port is open: bytes in, bytes and card numbers out. No clock, no I/O."""

    pace_s: float  # `feed` is to be called at least so often, with nothing if nothing came
    asks: bool  # the reader answers, so that its health is known without a card
    health: str  # "ok", what is wrong in words, or "" while that is not known

    @property
    def dropped(self) -> int:
        """Counts the frames that were no card or no answer."""

    def opened(self, now_s: float) -> None:
        """Notes that the port has just been opened: for the first time, or again."""

    def feed(self, received: bytes, now_s: float) -> list[str]:
        """Returns the card numbers heard. To be called as time passes, too, with nothing."""

    def to_send(self) -> bytes:
        """Returns what is to be written now; it is given once."""


class Listening:
    """The Dialogue of a reader that sends unasked and is sent nothing."""

    asks = False

    def __init__(self, framing: Framing, *, repeats: bool) -> None:
        """`repeats`: the reader says a number again and again while its tag is there."""
        self.health = ""
        self.pace_s = 0.5 if repeats else 0.05  # a quiet line is to be seen
        self._framing = framing
        self._repeated = Repeated()
        self._alone = None if repeats else Alone(framing)

    @property
    def dropped(self) -> int:
        """Counts the frames that were no card."""
        return self._framing.dropped

    def opened(self, now_s: float) -> None:  # noqa: ARG002  # time changes nothing here
        """Takes an open port for health: that is all that can be known of it."""
        self.health = OK

    def feed(self, received: bytes, now_s: float) -> list[str]:
        """Returns the numbers that are believed now."""
        believed = [number for number in self._framing.feed(received) if self._repeated.feed(number, now_s)]
        if self._alone is not None and (number := self._alone.feed(received, now_s)):
            believed.append(number)
        return believed

    def to_send(self) -> bytes:
        """Returns nothing: such a reader is never asked."""
        return b""


class TagFraming:
    """02, ten hex digits (a version byte and four bytes of the tag), XOR of the five bytes, the end.

    The end is 03 for an RDM6300 and 0D 0A 03 for an ID-12LA or ID-20LA. The number is all ten digits: two
    tags may differ in the version byte alone.
    """

    def __init__(self, end: bytes) -> None:
        self.dropped = 0
        self._end = end
        self._size = 1 + _DIGITS + len(end)
        self._rest = b""

    def feed(self, received: bytes) -> list[str]:
        """Returns complete numbers. What is not in a frame is skipped; a bad frame is counted."""
        self._rest += received
        numbers = []
        while (start := self._rest.find(_STX)) >= 0 and len(self._rest) >= start + self._size:
            frame = self._rest[start : start + self._size]
            if number := _tag_number(frame, self._end):
                numbers.append(number)
                self._rest = self._rest[start + self._size :]
            else:
                self.dropped += 1
                self._rest = self._rest[start + 1 :]  # the true start may be inside
        self._rest = self._rest[start:] if start >= 0 else b""
        return numbers

    def whole(self, burst: bytes) -> str | None:
        """Returns the number of a burst that is one frame."""
        is_one = len(burst) == self._size and burst[0] == _STX
        return _tag_number(burst, self._end) if is_one else None

    def unfinished(self, burst: bytes) -> bool:
        """Says whether the rest of a frame may come."""
        return len(burst) < self._size


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
        """Returns complete numbers. A bad line is counted, one without end is not collected."""
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

    def whole(self, burst: bytes) -> str | None:
        """Returns the number of a burst that is one line."""
        either = self._reader.terminator == "any"  # a CR and an LF, too
        text = burst.rstrip(b"\r\n") if either else burst.removesuffix(self._terminators[0])
        return self._good(text.decode("ascii", errors="replace")) if text != burst else None

    def unfinished(self, burst: bytes) -> bool:
        """Says whether the end of a line may come."""
        return len(burst) <= self._longest and not burst.endswith(self._terminators)

    def _number(self, text: str, too_long: bool) -> str | None:
        if not text and not too_long:
            return None
        number = None if too_long else self._good(text)
        self.dropped += number is None
        return number

    def _good(self, text: str) -> str | None:
        prefix, suffix = self._reader.prefix, self._reader.suffix
        number = text[len(prefix) : len(text) - len(suffix)]
        good = (
            text == prefix + number + suffix
            and self._reader.min_length <= len(number) <= self._reader.max_length
            and set(number) <= set(self._reader.alphabet)
        )
        return number.upper() if good else None


class Presence:
    """Separates presentations from repetitions: the same card is new only after `hold_s` without it."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._seen_s: dict[str, float] = {}

    def present(self, number: str, now_s: float) -> bool:
        """Is True for a new presentation. Another card is new at once."""
        present = {card: at_s for card, at_s in self._seen_s.items() if now_s - at_s < self._hold_s}
        is_new = number not in present
        self._seen_s = present | {number: now_s}
        return is_new


def framing(reader: Reader) -> Framing:
    """Makes the framing of a model that speaks unasked."""
    end = _ENDS.get(reader.model)
    return TagFraming(end) if end is not None else LineFraming(reader)


def dialogue(reader: Reader) -> Dialogue:
    """Makes the dialogue for the reader's model."""
    if reader.model == "pn532":
        return Pn532()
    return Listening(framing(reader), repeats=reader.model == "rdm6300")


def is_random(number: str) -> bool:
    """Says whether a UID is made up anew each time, as phones do: 4 bytes from 08 (ISO/IEC 14443-3 6.5.4).

    `number` is as the reader sent it.
    """
    return len(number) == 8 and number.startswith("08")


def reverse_bytes(number: str) -> str | None:
    """Puts the last byte first, as some access systems do. None for an odd number of digits."""
    if len(number) % 2:
        return None
    return "".join(reversed([number[at : at + 2] for at in range(0, len(number), 2)]))


def _tag_number(frame: bytes, end: bytes) -> str | None:
    digits = frame[1 : 1 + _DIGITS]
    if not frame.endswith(end) or not set(digits) <= _HEX:
        return None
    *tag, checksum = bytes.fromhex(digits.decode())
    for byte in tag:
        checksum ^= byte
    return digits[:10].decode() if checksum == 0 else None
