"""All senses of one box together: what they tell, as messages to `hal.safety`."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from pathlib import Path

from hal.contract import SOCKET_NAME, Card, InstrumentBox, Reading
from hal.instruments.card_port import CardPort
from hal.instruments.cards import Presence, framing, reverse_bytes
from hal.instruments.link import SafetyLink
from hal.instruments.meters import MeterPoll, plan_of
from hal.settings import Reader, Wallbox

METER_LINK, READER_LINK = "meter", "reader"  # of the mock, in the runtime folder
_AGAIN_S = 10.0  # an unchanged InstrumentBox is told again after that
_MOST_OFTEN_S = 0.2  # a noisy card wire changes `dropped_frames` with every byte

log = logging.getLogger("hal.instruments")


class Senses:
    """Meter and card reader of the box, and the link they speak through."""

    def __init__(self, wallbox: Wallbox, state_dir: Path, runtime_dir: Path, *, mock: bool) -> None:
        """With `mock` the serial ports are the mock's, whatever wallbox.toml says."""
        self._wallbox = wallbox
        self._state_dir = state_dir
        self._mock_ports = runtime_dir if mock else None
        self._link = SafetyLink(runtime_dir / SOCKET_NAME)
        self._meter_health = "no reading yet"
        self._meter_serial: str | None = None
        self._cards = _Cards(wallbox.reader, self._link) if wallbox.reader else None
        self._reader_health = "" if wallbox.reader else "none"  # empty: not opened yet
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Until it is cancelled."""
        port = self._start_reader()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._link.run())
                tasks.create_task(self._poll_meter())
                tasks.create_task(self._tell_box())
        finally:
            if port is not None:
                port.stop()

    async def _poll_meter(self) -> None:
        mock_port = str(self._mock_ports / METER_LINK) if self._mock_ports else None
        plan = plan_of(self._wallbox, self._state_dir, mock_port)
        await MeterPoll(plan, self._take_reading, self._take_meter_health).run(self._wallbox.meter.poll_s)

    def _take_reading(self, reading: Reading) -> None:
        self._link.send(reading)
        if reading.meter_serial != self._meter_serial:
            self._meter_serial = reading.meter_serial
            self._changed.set()

    def _take_meter_health(self, health: str) -> None:
        self._meter_health = health
        self._changed.set()

    def _start_reader(self) -> CardPort | None:
        reader, cards = self._wallbox.reader, self._cards
        if reader is None or cards is None:
            return None
        loop = asyncio.get_running_loop()
        name = str(self._mock_ports / READER_LINK) if self._mock_ports else reader.port

        def on_bytes(received: bytes) -> None:
            loop.call_soon_threadsafe(self._take_bytes, cards, received)

        def on_health(health: str) -> None:
            loop.call_soon_threadsafe(self._take_reader_health, health)

        port = CardPort(name, reader.baud, on_bytes, on_health)
        port.start()
        return port

    def _take_bytes(self, cards: _Cards, received: bytes) -> None:
        before = cards.dropped
        cards.take(received, time.monotonic())
        if cards.dropped != before:
            self._changed.set()

    def _take_reader_health(self, health: str) -> None:
        self._reader_health = health
        self._changed.set()

    async def _tell_box(self) -> None:
        while not self._reader_health:  # a reader that was not tried yet is not broken
            await self._changed.wait()
            self._changed.clear()
        while True:
            self._link.send(self._box())
            await asyncio.sleep(_MOST_OFTEN_S)
            try:
                async with asyncio.timeout(_AGAIN_S):
                    await self._changed.wait()
            except TimeoutError:
                continue
            self._changed.clear()

    def _box(self) -> InstrumentBox:
        return InstrumentBox(
            meter=self._wallbox.meter.model,
            meter_health=self._meter_health,
            meter_serial=self._meter_serial,
            reader=self._wallbox.reader.model if self._wallbox.reader else None,
            reader_health=self._reader_health,
            dropped_frames=self._cards.dropped if self._cards else 0,
        )


class _Cards:
    """From bytes of the reader to Card messages."""

    def __init__(self, reader: Reader, link: SafetyLink) -> None:
        self._reverse = reader.reverse_bytes
        self._framing = framing(reader)
        self._presence = Presence(reader.hold_s)
        self._link = link
        self._start_id = secrets.token_hex(4)
        self._seq = 0
        self._odd = 0

    @property
    def dropped(self) -> int:
        """Frames that were no card."""
        return self._framing.dropped + self._odd

    def take(self, received: bytes, now_s: float) -> None:
        """Sends a Card for each new presentation."""
        for number in self._framing.feed(received):
            card = reverse_bytes(number) if self._reverse else number
            if card is None:
                self._odd += 1
            elif self._presence.present(card, now_s):
                self._seq += 1
                log.info("card %s", card)
                self._link.send(Card(start_id=self._start_id, seq=self._seq, at_s=now_s, id=card))
