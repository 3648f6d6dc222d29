"""Makes Card messages from the numbers of the card reader."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from typing import TypeVar

from hal.configuration.sections import Reader
from hal.contract import Card
from hal.instruments.box_teller import BoxTeller
from hal.instruments.card_reader.dialogue import BAUDS, Presence, dialogue, is_random, reverse_bytes
from hal.instruments.card_reader.port import CardPort, Heard, ReaderLine

T = TypeVar("T")

log = logging.getLogger("hal.instruments")


class Presentations:
    """Makes one Card for each presentation, although its number comes again while the card is there."""

    def __init__(self, reader: Reader) -> None:
        self.odd = 0  # numbers whose bytes cannot be turned around
        self._reverse = reader.reverse_bytes
        self._presence = Presence(reader.hold_s)
        self._start_id = secrets.token_hex(4)
        self._seq = 0
        self._warned = False

    def feed(self, number: str, at_s: float) -> Card | None:
        """Returns a Card; None: the same presentation as before, or no card."""
        card = reverse_bytes(number) if self._reverse else number
        if card is None:
            self.odd += 1
            return None
        if not self._presence.present(card, at_s):
            return None
        self._seq += 1
        log.info("card %s", card)
        self._warn(number)
        return Card(start_id=self._start_id, seq=self._seq, at_s=at_s, id=card)

    def seen(self, number: str, at_s: float) -> None:
        """Notes a card that somebody else has read: while it stays at the reader, it makes no Card."""
        card = reverse_bytes(number) if self._reverse else number
        if card is not None:
            self._presence.present(card, at_s)

    def _warn(self, number: str) -> None:
        if is_random(number) and not self._warned:
            self._warned = True
            log.warning("%s is made up anew each time, as phones do: it cannot be known again", number)


class CardSense:
    """The reader of the box. Its port has a thread, which speaks to the running event loop."""

    def __init__(
        self, reader: Reader, line: ReaderLine, send: Callable[[Card], None], teller: BoxTeller
    ) -> None:
        self._presentations = Presentations(reader)
        loop = asyncio.get_running_loop()
        self._port = CardPort(line, dialogue(reader), _into(loop, self._take), _into(loop, self._note))
        self._send = send
        self._teller = teller

    def start(self) -> None:
        """Begins to read; after a `stop`, too."""
        self._port.start()

    def stop(self) -> None:
        """Returns once the port is free, within a second or so."""
        self._port.stop()

    def seen(self, number: str) -> None:
        """Notes the card that a probe has read just now."""
        self._presentations.seen(number, time.monotonic())

    def _take(self, heard: Heard) -> None:
        for number in heard.numbers:
            if card := self._presentations.feed(number, heard.at_s):
                self._send(card)
        self._teller.note(dropped_frames=heard.dropped + self._presentations.odd)

    def _note(self, health: str) -> None:
        self._teller.note(reader_health=health)


def _into(loop: asyncio.AbstractEventLoop, take: Callable[[T], None]) -> Callable[[T], None]:
    """Makes a `take` for another thread: the loop carries it out."""

    def post(said: T) -> None:
        loop.call_soon_threadsafe(take, said)

    return post


def line_of(reader: Reader, mock_port: str | None) -> ReaderLine:
    """Returns the line of wallbox.toml, or the mock's pty."""
    return ReaderLine(mock_port or reader.port, BAUDS[reader.model] if reader.baud == "auto" else reader.baud)
