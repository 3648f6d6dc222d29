"""Who answers at the card reader's port: a look with the configured setting, then with the model's own."""

from __future__ import annotations

import asyncio
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from serial import Serial, SerialException

from hal.configuration.sections import Reader
from hal.instruments.card_reader.dialogue import BAUDS, OK, Dialogue, dialogue
from hal.instruments.card_reader.port import ReaderLine, opened
from hal.instruments.requests import Result

_SHOWN_BYTES = 16
_ENOUGH_BYTES = 65_536  # without a card in it, no card is coming
_LISTEN_S, _LONGEST_S = 5.0, 10.0  # time to present a card; hal.safety waits 30 s for the answer


@dataclass(frozen=True, slots=True)
class _Look:
    """What the reader sent with one setting."""

    ok: bool
    text: str
    received: int = 0  # bytes
    card: str = ""


async def probe_reader(
    reader: Reader, line: ReaderLine, argument: str, seen: Callable[[str], None]
) -> Result:
    """Listens for a card at each setting, for `argument` seconds. The port must be free.

    `seen` is told its number: it is still at the reader when that is read again.
    """
    try:
        for_s = float(argument or _LISTEN_S)
    except ValueError:
        for_s = -1.0
    if not 0 < for_s <= _LONGEST_S:
        return Result(False, f"{argument!r}: seconds to listen, more than 0 and at most {_LONGEST_S:g}")
    texts: list[str] = []
    measured: dict[str, float] = {}
    for baud in dict.fromkeys((line.baud, BAUDS[reader.model])):
        looked = await asyncio.to_thread(_look, replace(line, baud=baud), dialogue(reader), for_s)
        texts.append(f"{line.port} at {baud} baud: {looked.text}")
        measured |= {f"bytes_at_{baud}": looked.received}
        if looked.card:
            seen(looked.card)
        if looked.ok:
            return Result(baud == line.baud, "; ".join(texts), measured)
    return Result(False, "; ".join(texts), measured)


def _look(line: ReaderLine, talk: Dialogue, for_s: float) -> _Look:
    try:
        with opened(line, talk.pace_s) as serial:
            return _listen(serial, talk, time.monotonic() + for_s)
    except (SerialException, OSError, termios.error, ValueError) as error:
        return _Look(False, f"cannot be opened: {error}")


def _listen(serial: Serial, talk: Dialogue, until_s: float) -> _Look:
    """Listens until a card comes, until `until_s`, or until enough was heard that is none."""
    heard = b""
    talk.opened(time.monotonic())
    while time.monotonic() < until_s and len(heard) < _ENOUGH_BYTES:
        if said := talk.to_send():
            serial.write(said)
        received = serial.read(serial.in_waiting or 1)
        heard += received
        if numbers := talk.feed(received, time.monotonic()):
            return _Look(True, f"card {numbers[0]}", len(heard), numbers[0])
    return _silence(talk, heard)


def _silence(talk: Dialogue, heard: bytes) -> _Look:
    """Judges that no card came: an answering PN532 is well all the same, an unasked reader may be."""
    if talk.asks and talk.health == OK:
        return _Look(True, "the reader answers; no card was presented", len(heard))
    if talk.asks:
        return _Look(False, f"{talk.health or 'no answer'}{_shown(heard)}", len(heard))
    if not heard:
        return _Look(False, "nothing heard; was a card presented?")
    return _Look(False, f"no card{_shown(heard)}; is it the right model and baud rate?", len(heard))


def _shown(heard: bytes) -> str:
    if not heard:
        return ""
    more = " ..." if len(heard) > _SHOWN_BYTES else ""
    return f", heard {heard[:_SHOWN_BYTES].hex(' ')}{more}"
