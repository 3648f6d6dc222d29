"""The serial port of the card reader: one thread that reads, and opens again what was pulled out."""

from __future__ import annotations

import logging
import termios
import threading
from collections.abc import Callable

from serial import Serial, SerialException

OK = "ok"
_REOPEN_S = 1.0  # between two tries to open the port
_LOOK_UP_S = 0.5  # how often the waiting thread looks whether it shall end

log = logging.getLogger("hal.instruments")


class CardPort:
    """Calls `on_bytes` with what the reader sends, `on_health` when that changes; both in its own thread."""

    def __init__(
        self, port: str, baud: int, on_bytes: Callable[[bytes], None], on_health: Callable[[str], None]
    ) -> None:
        self._port = port
        self._baud = baud
        self._on_bytes = on_bytes
        self._on_health = on_health
        self._health = ""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="card reader", daemon=True)

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    def stop(self) -> None:
        """Returns once the thread has ended, within a second."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._read()
            except (SerialException, OSError, termios.error, ValueError) as error:
                self._say(f"{self._port} cannot be read: {error}; is the reader plugged in?")
            self._ending.wait(_REOPEN_S)

    def _read(self) -> None:
        """Raises SerialException and its like when the port is not there or goes away."""
        with Serial(self._port, self._baud, timeout=_LOOK_UP_S) as serial:
            self._say(OK)
            while not self._ending.is_set():
                if received := serial.read(serial.in_waiting or 1):
                    self._on_bytes(received)

    def _say(self, health: str) -> None:
        if health != self._health:
            self._health = health
            log.info("card reader: %s", health)
            self._on_health(health)
