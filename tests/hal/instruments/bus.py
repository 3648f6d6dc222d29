"""An RS-485 bus on a pty: several units on one wire, each with registers of its own.

A pty has no parity, but keeps baud rate and stop bits: a unit hears only what is sent at its own.
"""

from __future__ import annotations

import contextlib
import os
import termios
import threading
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hal.configuration.meter_map import MeterName
from hal.instruments.meter.model import models
from hal.mock.plant.plant import Plant
from hal.mock.serial.meter_face import Image, by_map
from tests.hal.instruments.meter.raw_meter import REQUEST_BYTES, framed, refusal, true_answer

_BITS_A_BYTE = 11
_BAUDS = {getattr(termios, f"B{baud}"): baud for baud in (2400, 4800, 9600, 19200, 38400, 115200)}


@dataclass(frozen=True)
class Unit:
    """A device on the bus. No image: it refuses every register."""

    number: int
    image: Image | None
    baud: int = 9600


def meter(model: MeterName, plant: Plant) -> Image:
    """The registers of that make."""
    return by_map(models()[model].map)(plant)


class BusTime:
    """Time that only the bus, and who waits, let pass: it is the same on a slow machine.

    A request that nobody answers takes as long as its asker waits, an answer as long as its bytes.
    """

    def __init__(self, patience_s: Callable[[int], float]) -> None:
        """`patience_s`: how long the asker waits, by baud rate."""
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._now_s = 0.0

    def now_s(self) -> float:
        return self._now_s

    def pass_s(self, seconds_s: float) -> None:
        with self._lock:
            self._now_s += seconds_s

    def silence(self, baud: int) -> None:
        self.pass_s(self._patience_s(baud) + 0.001)


class Bus:
    """Answers in a thread of its own, so that whoever asks may block."""

    def __init__(self, link: Path, *units: Unit, unasked: bytes = b"", time: BusTime | None = None) -> None:
        """`unasked`: what a card reader on the same wire would say again and again. `time`: that of the line,
        which this bus then makes."""
        self._time = time
        self.units = {unit.number: unit for unit in units}
        self.asked: list[bytes] = []
        self._unasked = unasked
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        link.symlink_to(os.ttyname(self._slave))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        os.set_blocking(self._master, False)
        rest = b""
        while not self._ending.wait(0.005):
            if self._unasked:
                self._say(self._unasked)
            try:
                rest += os.read(self._master, 4096)
            except BlockingIOError:
                continue
            while len(rest) >= REQUEST_BYTES:
                self._answer(rest[:REQUEST_BYTES])
                rest = rest[REQUEST_BYTES:]

    def _answer(self, request: bytes) -> None:
        self.asked.append(request)
        unit = self.units.get(request[0])
        baud = _BAUDS[termios.tcgetattr(self._slave)[5]]
        if unit is None or baud != unit.baud or framed(request[:-2]) != request:
            if self._time is not None:
                self._time.silence(baud)
            return
        said = refusal(request, 2) if unit.image is None else true_answer(unit.image, request)
        if self._time is not None:
            self._time.pass_s((len(request) + len(said)) * _BITS_A_BYTE / baud)
        self._say(said)

    def _say(self, said: bytes) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, said)

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)
