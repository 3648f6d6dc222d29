"""A card reader on a serial wire: real frames, real noise, and a plug that can be pulled."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Set as AbstractSet
from pathlib import Path

from hal.configuration.sections import Reader
from hal.mock.serial.pn532 import MockPn532
from hal.mock.serial.wire import SerialWire

RDM6300_DIGITS = 10  # version byte and four bytes of the tag
_REPEAT_S = 0.05  # an RDM6300 says a tag again about every 50 ms while it is there
_SHOWN_S = 0.3  # how long a hand holds the card
_WAITS_S = 3.0  # how long it waits for a PN532, which looks for cards only now and then
_LOOK_S = 0.005
_UID_BYTES = (4, 7, 10)
_ENDS = {"cr": "\r", "lf": "\n", "crlf": "\r\n", "any": "\r\n"}
_HEX = "0123456789ABCDEF"


class CardRefusalError(Exception):
    """This reader cannot see such a card; the text says what it can."""


class MockReader:
    """A reader. `show` presents a card; `faults` act at once."""

    def __init__(self, link: Path, settings: Reader, faults: AbstractSet[str]) -> None:
        """Names the far end of the wire `link`."""
        self._link = link
        self._settings = settings
        self._faults = faults
        self._wire: SerialWire | None = SerialWire(link)
        self._chip = MockPn532()
        self._held_until_s = 0.0
        self._noise = random.Random(6300)  # the same noise in each run
        self._showing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Obeys a driver that asks, and whoever pulls the plug, until it is cancelled."""
        while True:
            self._plug()
            if self._wire is not None and self._settings.model == "pn532":
                self._say(self._chip.receive(self._wire.read()))
                self._hold(time.monotonic())
            await asyncio.sleep(_LOOK_S)

    def close(self) -> None:
        """Hangs up on the driver."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def show(self, tag: str) -> str:
        """Starts a presentation and returns the number as the wire carries it. Raises CardRefusalError.

        A tag of 8 digits gets the version byte 00 in front where the reader always sends 10.
        """
        number = _number(tag, self._settings)
        if self._settings.model == "pn532":
            self._held_until_s = time.monotonic() + _WAITS_S
            self._say(self._chip.present(bytes.fromhex(number)))
            return number
        if self._showing is not None:
            self._showing.cancel()
        self._showing = asyncio.create_task(self._send(self._frames(number)))
        return number

    def _plug(self) -> None:
        lost = "reader_gone" in self._faults
        if lost and self._wire is not None:
            self.close()
        elif not lost and self._wire is None:
            self._wire, self._chip = SerialWire(self._link), MockPn532()

    def _frames(self, number: str) -> list[bytes]:
        match self._settings.model:
            case "rdm6300":
                return [tag_frame(number, "\x03")] * round(_SHOWN_S / _REPEAT_S)
            case "id12la":
                return [tag_frame(number, "\r\n\x03")]
            case _:
                end = _ENDS[self._settings.terminator]
                return [f"{self._settings.prefix}{number}{self._settings.suffix}{end}".encode()]

    async def _send(self, frames: list[bytes]) -> None:
        for frame in frames:
            self._say(frame)
            await asyncio.sleep(_REPEAT_S)

    def _hold(self, now_s: float) -> None:
        """Keeps a card until a PN532 has seen it, and a little longer."""
        if self._chip.seen:
            self._held_until_s = min(self._held_until_s, now_s + _SHOWN_S)
        if self._chip.uid is not None and now_s >= self._held_until_s:
            self._chip.present(None)

    def _say(self, said: bytes) -> None:
        if said and self._wire is not None:
            self._wire.write(self._through_faults(said))

    def _through_faults(self, said: bytes) -> bytes:
        if "card_checksum" in self._faults:
            said = _spoilt(said, self._settings)
        if "card_noise" in self._faults:
            said = self._noise.randbytes(5) + said + self._noise.randbytes(5)
        return said


def tag_frame(number: str, end: str) -> bytes:
    """Makes 02, ten hex digits, two of their checksum (XOR of the five bytes), and the model's end."""
    checksum = 0
    for byte in bytes.fromhex(number):
        checksum ^= byte
    return f"\x02{number}{checksum:02X}{end}".encode()


def _spoilt(said: bytes, settings: Reader) -> bytes:
    """Spoils a checksum by one bit; a line, which has none, is cut short."""
    match settings.model:
        case "line":
            return said[3:]
        case "pn532":
            return said[:-2] + bytes((said[-2] ^ 1,)) + said[-1:]
        case _:
            return said[:11] + b"%02X" % (int(said[11:13], 16) ^ 1) + said[13:]


def _number(tag: str, settings: Reader) -> str:
    """Returns the number as the reader sends it. Raises CardRefusalError."""
    match settings.model:
        case "line":
            return _line_number(tag, settings)
        case "pn532":
            return _uid(tag)
        case _:
            return _tag_number(tag, settings)


def _tag_number(tag: str, settings: Reader) -> str:
    number = tag.upper()
    if len(number) == RDM6300_DIGITS - 2:
        number = "00" + number
    if len(number) != RDM6300_DIGITS or not set(number) <= set(_HEX):
        name = "RDM6300" if settings.model == "rdm6300" else "ID-12LA"
        raise CardRefusalError(f"tag {tag!r}: an {name} sees 10 hex digits, or 8 if the version byte is 00")
    return number


def _uid(tag: str) -> str:
    number = tag.upper()
    if len(number) // 2 not in _UID_BYTES or len(number) % 2 or not set(number) <= set(_HEX):
        raise CardRefusalError(f"tag {tag!r}: a PN532 sees 8, 14 or 20 hex digits")
    return number


def _line_number(tag: str, settings: Reader) -> str:
    if not settings.min_length <= len(tag) <= settings.max_length or not set(tag) <= set(settings.alphabet):
        raise CardRefusalError(
            f"tag {tag!r}: this reader sends {settings.min_length} to {settings.max_length} "
            f"characters of {settings.alphabet!r}"
        )
    return tag
