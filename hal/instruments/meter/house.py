"""Polls the house meter: a whole, plausible HouseReading each time, or none and a word why."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from hal.configuration.sections import Wallbox
from hal.contract import HouseReading
from hal.instruments.meter.bus import Bus, NoAnswerError
from hal.instruments.meter.model import MeterSetup, setup_of
from hal.instruments.meter.poll import MeterHealth
from hal.instruments.meter.port import MeterPort
from hal.instruments.meter.registers import ImplausibleError, Wiring, house_reading
from hal.instruments.paths import Paths

log = logging.getLogger("hal.instruments")


@dataclass(frozen=True, slots=True)
class HousePlan:
    """How to reach and understand the house meter."""

    setup: MeterSetup
    wiring: Wiring
    poll_s: float
    shares_bus: bool  # with the meter of the box


def house_plan(wallbox: Wallbox, paths: Paths) -> HousePlan | None:
    """Plans by wallbox.toml. None: there is no house meter."""
    house, meter = wallbox.house, wallbox.meter
    if house is None:
        return None
    shares = house.port == meter.port
    setup = replace(setup_of(house, paths.house_port), of_house=True)
    if shares:  # one line has one setting, whatever the maker of the second meter ships
        setup = replace(setup, link=setup_of(meter, paths.meter_port).link)
    wiring = Wiring(house.phases, wallbox.installation.nominal_voltage_v)
    return HousePlan(setup, wiring, house.poll_s, shares)


class HousePoll:
    """Polls until cancelled: each good reading goes to `on_reading`, each change of health to `on_health`."""

    def __init__(
        self,
        plan: HousePlan,
        bus: Bus | None,
        on_reading: Callable[[HouseReading], None],
        on_health: Callable[[str], None],
    ) -> None:
        """`bus`: that of the box's own meter, if it is shared."""
        self._plan = plan
        self._port = MeterPort(plan.setup, plan.wiring.phases, bus=bus)
        self._on_reading = on_reading
        self._on_health = on_health
        self._health = MeterHealth()

    async def run(self) -> None:
        """Takes a reading each `poll_s`, or as fast as the meter and its bus can."""
        try:
            while True:
                next_s = time.monotonic() + self._plan.poll_s
                before = self._health.text
                await self._poll()
                if self._health.text != before:
                    log.info("house meter: %s", self._health.text)
                    self._on_health(self._health.text)
                await asyncio.sleep(max(0.0, next_s - time.monotonic()))
        finally:
            self._port.close()

    async def _poll(self) -> None:
        plan = self._plan
        try:
            words = await self._port.read()
            measured = house_reading(plan.setup.map, plan.wiring, words, time.monotonic())
        except NoAnswerError as error:
            self._health.no_answer(str(error))
        except ImplausibleError as error:
            self._health.implausible(str(error))
            self._port.close()
        else:
            self._on_reading(measured)
            self._health.read()
