"""The serial port of the card reader: one thread that talks to it, and opens again what was pulled out."""

from __future__ import annotations

import logging
import os
import termios
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from serial import EIGHTBITS, PARITY_NONE, STOPBITS_ONE, Serial, SerialException

from hal.instruments.card_reader.dialogue import OK, Dialogue

_REOPEN_S = 1.0  # between two tries to open the port
_WRITE_S = 1.0  # 40 bytes take 4 ms
_STOPS_S = 2.0  # a write in time-out, and closing; Linux may let a close wait for 30 s (closing_wait)

log = logging.getLogger("hal.instruments")


@dataclass(frozen=True, slots=True)
class Heard:
    """The result of some bytes: card numbers, and how many frames were dropped so far."""

    numbers: tuple[str, ...]
    at_s: float
    dropped: int


@dataclass(frozen=True, slots=True)
class ReaderLine:
    """How the port is to be opened; always 8N1, as all these readers speak."""

    port: str
    baud: int


def opened(line: ReaderLine, pace_s: float) -> Serial:
    """Opens it; a read ends after `pace_s`. Raises SerialException, OSError, termios.error or ValueError."""
    return Serial(
        line.port,
        line.baud,
        bytesize=EIGHTBITS,
        parity=PARITY_NONE,
        stopbits=STOPBITS_ONE,
        timeout=pace_s,
        write_timeout=_WRITE_S,
    )


class CardPort:
    """Carries on the dialogue with a reader; calls `on_heard` and `on_health` in its own thread."""

    def __init__(
        self,
        line: ReaderLine,
        dialogue: Dialogue,
        on_heard: Callable[[Heard], None],
        on_health: Callable[[str], None],
    ) -> None:
        self._line = line
        self._dialogue = dialogue
        self._on_heard = on_heard
        self._on_health = on_health
        self._health = ""
        self._dropped = 0
        self._ending = threading.Event()  # of the thread that was started last
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to talk; after a `stop`, too."""
        self._ending = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._ending,), name="card reader", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Returns once the port is free, within a second or so; a driver that hangs is not waited for."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(_STOPS_S)

    def _run(self, ending: threading.Event) -> None:
        while not ending.is_set():
            try:
                self._talk(ending)
            except (SerialException, OSError, termios.error, ValueError) as error:
                why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
                self._say(f"{self._line.port} cannot be read: {why}; is the reader plugged in?")
            ending.wait(_REOPEN_S)

    def _talk(self, ending: threading.Event) -> None:
        """Raises SerialException and its like when the port is not there or goes away."""
        dialogue = self._dialogue
        with opened(self._line, dialogue.pace_s) as serial:
            dialogue.opened(time.monotonic())
            self._judge()
            while not ending.is_set():
                if said := dialogue.to_send():
                    serial.write(said)
                self._take(serial.read(serial.in_waiting or 1))

    def _take(self, received: bytes) -> None:
        now_s, dialogue = time.monotonic(), self._dialogue
        numbers = dialogue.feed(received, now_s)
        if numbers or dialogue.dropped != self._dropped:
            self._dropped = dialogue.dropped
            self._on_heard(Heard(tuple(numbers), now_s, dialogue.dropped))
        self._judge()

    def _judge(self) -> None:
        health = self._dialogue.health
        if health:
            self._say(health if health == OK else f"{self._line.port}: {health}")

    def _say(self, health: str) -> None:
        if health != self._health:
            self._health = health
            log.info("card reader: %s", health)
            self._on_health(health)
