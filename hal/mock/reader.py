"""A card reader on a serial wire: real frames, real noise."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Set as AbstractSet

from hal.mock.wire import SerialWire
from hal.settings import Reader

RDM6300_DIGITS = 10  # version byte and four bytes of the tag
_REPEAT_S = 0.05  # an RDM6300 says a tag again about every 50 ms while it is there
_SHOWN_S = 0.3  # how long a hand holds the card
_ENDS = {"cr": "\r", "lf": "\n", "crlf": "\r\n", "any": "\r\n"}
_HEX = "0123456789ABCDEF"


class CardRefusalError(Exception):
    """This reader cannot see such a card; the text says what it can."""


class MockReader:
    """Cards are shown by `show`; `faults` is looked at for each frame."""

    def __init__(self, wire: SerialWire, settings: Reader, faults: AbstractSet[str]) -> None:
        self._wire = wire
        self._settings = settings
        self._faults = faults
        self._noise = random.Random(6300)  # the same noise in each run
        self._showing: asyncio.Task[None] | None = None

    def show(self, tag: str) -> str:
        """Starts a presentation and returns the number as the wire carries it. Raises CardRefusalError.

        An RDM6300 tag of 8 digits gets the version byte 00 in front: it always sends 10.
        """
        if self._settings.model == "rdm6300":
            number = _rdm6300_number(tag)
            frames = [rdm6300_frame(number)] * round(_SHOWN_S / _REPEAT_S)
        else:
            number = _line_number(tag, self._settings)
            frames = [self._line(number)]
        if self._showing is not None:
            self._showing.cancel()
        self._showing = asyncio.create_task(self._send(frames))
        return number

    def _line(self, number: str) -> bytes:
        end = _ENDS[self._settings.terminator]
        return f"{self._settings.prefix}{number}{self._settings.suffix}{end}".encode()

    async def _send(self, frames: list[bytes]) -> None:
        for frame in frames:
            self._wire.write(self._through_faults(frame))
            await asyncio.sleep(_REPEAT_S)

    def _through_faults(self, frame: bytes) -> bytes:
        if "card_checksum" in self._faults:
            frame = _spoilt(frame) if self._settings.model == "rdm6300" else frame[3:]
        if "card_noise" in self._faults:
            frame = self._noise.randbytes(5) + frame + self._noise.randbytes(5)
        return frame


def rdm6300_frame(number: str) -> bytes:
    """02, ten hex digits, two of their checksum (XOR of the five bytes), 03."""
    checksum = 0
    for byte in bytes.fromhex(number):
        checksum ^= byte
    return b"\x02" + number.encode() + b"%02X" % checksum + b"\x03"


def _spoilt(frame: bytes) -> bytes:
    """An RDM6300 frame whose checksum is off by one bit."""
    return frame[:11] + b"%02X" % (int(frame[11:13], 16) ^ 1) + frame[13:]


def _rdm6300_number(tag: str) -> str:
    number = tag.upper()
    if len(number) == RDM6300_DIGITS - 2:
        number = "00" + number
    if len(number) != RDM6300_DIGITS or not set(number) <= set(_HEX):
        raise CardRefusalError(f"tag {tag!r}: an RDM6300 sees 10 hex digits, or 8 if the version byte is 00")
    return number


def _line_number(tag: str, settings: Reader) -> str:
    if not settings.min_length <= len(tag) <= settings.max_length or not set(tag) <= set(settings.alphabet):
        raise CardRefusalError(
            f"tag {tag!r}: this reader sends {settings.min_length} to {settings.max_length} "
            f"characters of {settings.alphabet!r}"
        )
    return tag
