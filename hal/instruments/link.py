"""The connection to the socket of `hal.safety`: the newest of everything, again after each connect."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from hal.contract import (
    Answer,
    Card,
    Hello,
    HouseReading,
    InstrumentBox,
    LineBuffer,
    Message,
    Reading,
    Temperatures,
    decode,
    encode,
)

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 1.0  # readings are stale after 3 s
_UNSENT_LIMIT = 65_536  # bytes; hal.safety takes 400 KiB/s from each client: more unsent means it is stuck

Sent = Reading | HouseReading | Temperatures | Card | InstrumentBox

log = logging.getLogger("hal.instruments")


class SafetyLink:
    """Keeps itself connected. A message is a level: what was lost is sent again by the next or on connect."""

    def __init__(self, path: Path, heard: Callable[[Message], None]) -> None:
        """Hands to `heard` what hal.safety says, but for its refusals."""
        self._path = path
        self._heard = heard
        self._newest: dict[type[Sent], Sent] = {}
        self._writer: asyncio.StreamWriter | None = None

    def send(self, message: Sent) -> None:
        """Sends now, if connected, and on each connect from now on, until a newer one of its kind comes."""
        self._newest[type(message)] = message
        self._write(encode(message))

    def answer(self, answer: Answer) -> None:
        """Answers now; without a connection it is lost, as he who asked is."""
        self._write(encode(answer))

    def _write(self, line: bytes) -> None:
        if self._writer is None:
            return
        self._writer.write(line)
        if self._writer.transport.get_write_buffer_size() > _UNSENT_LIMIT:
            log.warning("hal.safety does not read; connecting again")
            self._writer.transport.abort()
            self._writer = None

    async def run(self) -> None:
        """Connects, and again whenever the connection ends."""
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                lines, writer = await asyncio.open_unix_connection(self._path)
            except OSError:  # hal.safety is not there yet, or no more
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            else:
                log.info("connected to hal.safety")
                wait_s = _FIRST_WAIT_S if await self._converse(lines, writer) else _LONGEST_WAIT_S
                log.info("connection to hal.safety ended")
            await asyncio.sleep(wait_s)

    async def _converse(self, lines: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Converses until the connection ends; False when hal.safety refused us."""
        welcome = True
        buffer = LineBuffer()
        writer.write(encode(Hello(role="instruments")))
        for message in self._newest.values():
            writer.write(encode(message))
        self._writer = writer
        try:
            while received := await lines.read(4096):
                for line in buffer.feed(received):
                    welcome = self._hear(line) and welcome
        except (ConnectionError, ValueError) as error:  # ValueError: no line ends where one should
            log.warning("hal.safety: %s", error)
        finally:
            self._writer = None
            writer.close()
        return welcome

    def _hear(self, line: bytes) -> bool:
        """Hears a message; False: hal.safety refuses us."""
        try:
            message = decode(line)
        except ValueError:  # not UTF-8, not JSON, or of a newer version
            return True
        if isinstance(message, Answer):
            if not message.ok:
                log.warning("hal.safety: %s", message.text)
            return message.ok
        self._heard(message)
        return True
