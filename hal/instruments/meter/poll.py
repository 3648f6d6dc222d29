"""Polls one Modbus meter: a whole, plausible reading with the count of this place, or none and a word why."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hal.configuration.sections import Wallbox
from hal.contract import Reading
from hal.instruments.meter import energy_file
from hal.instruments.meter.bus import Bus, NoAnswerError
from hal.instruments.meter.direction import Direction
from hal.instruments.meter.energy import EnergyAccount, Installed, WakingError, WriteTime, rolls_over_wh
from hal.instruments.meter.model import MeterSetup, setup_of
from hal.instruments.meter.port import MeterPort
from hal.instruments.meter.registers import ImplausibleError, Wiring, reading

OK = "ok"
MOCK_PREFIX = "MOCK"  # before the serial number of a simulated meter
# Meters show 0, or anything, for some seconds after their supply came (some start a display test first).
_SETTLE_S = 30.0
_SILENT_AFTER = 3  # polls in a row without an answer, until the meter counts as silent

log = logging.getLogger("hal.instruments")


class MeterHealth:
    """PURE: makes the health text from the result of each poll. A single lost answer does not change it."""

    def __init__(self) -> None:
        self.text = "no reading yet"
        self._missed = 0

    def read(self) -> None:
        """Notes that a good reading came."""
        self.text, self._missed = OK, 0

    def no_answer(self, why: str) -> None:
        """Names it from the third poll in a row on."""
        self._missed += 1
        if self._missed >= _SILENT_AFTER:
            self.text = f"silent for {_SILENT_AFTER} polls and more: {why}"

    def waking(self, why: str) -> None:
        """Names it: the meter answers, and is not believed yet."""
        self.text, self._missed = why, 0

    def implausible(self, why: str) -> None:
        """Names it at once: the meter answers, but what cannot be."""
        self.text, self._missed = f"implausible: {why}", 0


@dataclass(frozen=True, slots=True)
class MeterPlan:
    """How to reach, understand and count the meter of this box."""

    setup: MeterSetup
    wiring: Wiring
    installed: Installed
    count_file: Path
    serial_prefix: str = ""


def plan_of(wallbox: Wallbox, state_dir: Path, mock_port: str | None) -> MeterPlan:
    """Plans by wallbox.toml. With `mock_port` the meter is the mock's, whose energy may flow faster."""
    installation, meter = wallbox.installation, wallbox.meter
    setup = setup_of(meter, mock_port)
    hurry = 1.0 if mock_port is None else wallbox.mock.energy_factor
    watts = installation.max_current_a * installation.phases * installation.nominal_voltage_v
    return MeterPlan(
        setup=setup,
        wiring=Wiring(installation.phases, installation.nominal_voltage_v),
        installed=Installed(
            meter.model,
            meter.replaced,
            watts * hurry,
            setup.map.step_wh,
            rolls_over_wh(setup.map),
            settle_s=_SETTLE_S if mock_port is None else 0.0,  # the mock's is awake when it answers
        ),
        count_file=state_dir / energy_file.FILE_NAME,
        serial_prefix="" if mock_port is None else MOCK_PREFIX,
    )


class _Count:
    """The count of energy and its file."""

    def __init__(self, plan: MeterPlan) -> None:
        """Reads the stored energy."""
        kept = energy_file.read(plan.count_file)
        if kept.note:
            log.warning("meter: %s", kept.note)
        self._file = plan.count_file
        self._account = EnergyAccount(plan.installed, kept.count)
        self._time = WriteTime(None if kept.note else kept.count)  # a damaged file is written anew

    async def counted(self, measured: Reading) -> Reading:
        """Puts the count in place of the register. A thread waits for the disk.

        Raises ImplausibleError and WakingError.
        """
        counted = self._account.count(measured.energy_wh, measured.meter_serial, measured.at_s)
        if counted.note:
            log.warning("meter: %s", counted.note)
        stored = self._account.stored
        if stored is not None and self._time.due(stored, measured.power_w, measured.at_s):
            await asyncio.to_thread(self._write)
            self._time.wrote(stored, measured.at_s)
        return msgspec.structs.replace(measured, energy_wh=counted.total_wh)

    def close(self) -> None:
        """Writes the last Wh."""
        self._write()

    def _write(self) -> None:
        if self._account.stored is None:
            return
        try:
            energy_file.write(self._file, self._account.stored)
        except OSError as error:
            log.error("meter: the count cannot be kept in %s: %s", self._file, error)


class MeterPoll:
    """Polls until cancelled: each good reading goes to `on_reading`, each change of health to `on_health`."""

    def __init__(
        self,
        plan: MeterPlan,
        on_reading: Callable[[Reading], None],
        on_health: Callable[[str], None],
        direction: Direction,
        bus: Bus | None = None,
    ) -> None:
        """`bus`: one that the house meter shares; None: the meter has one of its own."""
        self._plan = plan
        self._direction = direction
        self._port = MeterPort(plan.setup, plan.wiring.phases, bus=bus)
        self._on_reading = on_reading
        self._on_health = on_health
        self._health = MeterHealth()
        self._count: _Count | None = None

    async def run(self, poll_s: float) -> None:
        """Takes a reading each `poll_s`, or as fast as the meter can."""
        try:
            while True:
                next_s = time.monotonic() + poll_s
                before = self._health.text
                await self._poll()
                if self._health.text != before:
                    log.info("meter: %s", self._health.text)
                    self._on_health(self._health.text)
                await asyncio.sleep(max(0.0, next_s - time.monotonic()))
        finally:
            self._port.close()
            if self._count is not None:
                self._count.close()

    async def _poll(self) -> None:
        try:
            measured = await self._read()
        except NoAnswerError as error:
            self._health.no_answer(str(error))
        except WakingError as error:
            self._health.waking(str(error))
        except ImplausibleError as error:
            self._health.implausible(str(error))
            self._port.close()  # asks again who is there, and leaves late answers behind
        else:
            self._on_reading(measured)
            if wrong := self._direction.verdict:
                self._health.implausible(wrong)
            else:
                self._health.read()

    async def _read(self) -> Reading:
        words = await self._port.read()
        measured = reading(self._plan.setup.map, self._plan.wiring, words, time.monotonic())
        if self._port.serial is not None:
            serial = self._plan.serial_prefix + self._port.serial
            measured = msgspec.structs.replace(measured, meter_serial=serial)
        self._direction.feed(measured)
        if self._count is None:
            self._count = _Count(self._plan)
        return _magnitude(await self._count.counted(measured))


def _magnitude(measured: Reading) -> Reading:
    """Leaves out the sign of the power, as of the currents: a box imports, however its meter is wired."""
    return msgspec.structs.replace(measured, power_w=abs(measured.power_w))
