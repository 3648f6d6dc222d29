"""Asks the thermometers again and again, and the supply of the Pi."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from hal.contract import Temperatures
from hal.instruments.temperature.thermometer import NoTemperatureError, Thermometer, soc_c

OK = "ok"
_EVERY_S = 1.0  # with a conversion of 750 ms well within 2 s
_MISSED = 3  # readings in a row; a single damaged transfer is not worth a word

log = logging.getLogger("hal.instruments")


class TemperaturePoll:
    """Each reading goes to `on_temperatures`, each change of the contacts' thermometer to `on_health`."""

    def __init__(
        self,
        contacts: Thermometer | None,
        soc: Path,
        on_temperatures: Callable[[Temperatures], None],
        on_health: Callable[[str], None],
    ) -> None:
        """Prepares to poll; `contacts` is None for a box without that thermometer."""
        self._contacts = contacts
        self._soc = soc
        self._on_temperatures = on_temperatures
        self._on_health = on_health
        self._health = ""
        self._missed = 0

    async def run(self) -> None:
        """Polls until it is cancelled."""
        while True:
            began_s = time.monotonic()
            await self.look()
            await asyncio.sleep(max(0.0, began_s + _EVERY_S - time.monotonic()))

    async def look(self) -> None:
        """Reads each once. A missed one is not reported at once: the one before is good for 3 s."""
        contacts_c = await self._read(self._contacts) if self._contacts is not None else None
        if contacts_c is not None:
            self._missed = 0
            self._say(OK)
        if not 0 < self._missed < _MISSED:
            taken = Temperatures(at_s=time.monotonic(), contacts_c=contacts_c, soc_c=soc_c(self._soc))
            self._on_temperatures(taken)

    async def _read(self, thermometer: Thermometer) -> float | None:
        """Waits in a thread: a conversion blocks for up to 750 ms."""
        try:
            return await asyncio.to_thread(thermometer.read)
        except NoTemperatureError as error:
            self._missed += 1
            if self._missed >= _MISSED:
                self._say(str(error))
            return None

    def _say(self, health: str) -> None:
        if health != self._health:
            self._health = health
            log.info("thermometer: %s", health)
            self._on_health(health)
