"""All instruments of one box: sends what they measure to `hal.safety`."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from hal.configuration.sections import Wallbox
from hal.contract import SOCKET_NAME, InstrumentBox, Message, Reading, Request, Status
from hal.instruments.box_teller import BoxTeller
from hal.instruments.card_reader.probe import probe_reader
from hal.instruments.card_reader.sense import CardSense, line_of
from hal.instruments.lamp.lines import LampLoop, NoLampError, lamp_lines
from hal.instruments.link import SafetyLink
from hal.instruments.meter.bus import Bus
from hal.instruments.meter.direction import Direction
from hal.instruments.meter.house import HousePoll, house_plan
from hal.instruments.meter.poll import MeterPoll, plan_of
from hal.instruments.meter.port import longest
from hal.instruments.meter.probe import probe_meter
from hal.instruments.paths import Paths, mock_paths
from hal.instruments.pausing import PausableTask
from hal.instruments.requests import Requests, Result
from hal.instruments.temperature.poll import TemperaturePoll
from hal.instruments.temperature.supply import pi_health
from hal.instruments.temperature.thermometer import Thermometer
from hal.notify import Notify

_SUPPLY_EVERY_S = 2.0  # as often as the kernel asks the firmware
_FEED_EVERY_S = 0.25

log = logging.getLogger("hal.instruments")


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of the state and of the sockets."""

    state: Path
    runtime: Path


class Senses:
    """Meter, card reader, thermometers and lamp of the box, and the link they speak through."""

    def __init__(self, wallbox: Wallbox, folders: Folders, notify: Notify, *, mock: bool) -> None:
        """Wires all to the mock with `mock`, whatever wallbox.toml says."""
        self._wallbox = wallbox
        self._paths = mock_paths(folders.runtime) if mock else Paths()
        self._notify = notify
        self._link = SafetyLink(folders.runtime / SOCKET_NAME, self._hear)
        self._teller = BoxTeller(_first_box(wallbox), self._send_box)
        self._requests = Requests(
            {"probe-meter": self._probe_meter, "probe-reader": self._probe_reader}, self._link.answer
        )
        self._plan = plan_of(wallbox, folders.state, self._paths.meter_port)
        self._house_plan = house_plan(wallbox, self._paths)
        self._direction = Direction(self._plan.installed.step_wh)  # its verdict outlasts a probe
        self._cards: CardSense | None = None
        self._lamp: LampLoop | None = None

    async def run(self) -> None:
        """Runs until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._start_reader()
                self._start_lamp()
                self._meter = PausableTask(tasks, self._poll_meters)
                for work in (self._link, self._teller, self._temperatures()):
                    tasks.create_task(work.run())
                tasks.create_task(self._watch_supply())
                tasks.create_task(self._feed_watchdog())
                self._notify.send("READY=1")
        finally:
            self._notify.send("STOPPING=1")
            if self._cards is not None:
                self._cards.stop()

    def _hear(self, message: Message) -> None:
        match message:
            case Status():
                self._direction.contactor_closed = message.contactor_closed
                self._requests.feed_status(message)
                if self._lamp is not None:
                    self._lamp.feed(message)
            case Request(owner="instruments"):
                self._requests.feed(message, self._tasks)
            case _:
                pass  # for others

    def _send_box(self, box: InstrumentBox) -> None:
        self._link.send(box)
        self._notify.send(f"STATUS=meter: {box.meter_health}; card reader: {box.reader_health}")

    async def _feed_watchdog(self) -> None:
        while True:
            self._notify.feed_watchdog(time.monotonic())
            await asyncio.sleep(_FEED_EVERY_S)

    # meter

    async def _poll_meters(self) -> None:
        """Polls the meter of the box, and that of the house; on one bus they take turns."""
        plan, house = self._plan, self._house_plan
        bus = None
        if house is not None and house.shares_bus:
            registers = (
                longest(plan.setup, plan.wiring.phases),
                longest(house.setup, house.wiring.phases),
            )
            bus = Bus(plan.setup.link, max(registers))
        poll = MeterPoll(plan, self._take_reading, self._take_meter_health, self._direction, bus)
        async with asyncio.TaskGroup() as polls:
            polls.create_task(poll.run(self._wallbox.meter.poll_s))
            if house is not None:
                of_house = HousePoll(house, bus, self._link.send, self._take_house_health)
                polls.create_task(of_house.run())

    def _take_reading(self, reading: Reading) -> None:
        self._link.send(reading)
        self._teller.note(meter_serial=reading.meter_serial)

    def _take_meter_health(self, health: str) -> None:
        self._teller.note(meter_health=health)

    def _take_house_health(self, health: str) -> None:
        self._teller.note(house_meter_health=health)

    async def _probe_meter(self, _argument: str) -> Result:
        async with self._meter.paused():
            return await probe_meter(self._wallbox, self._paths.meter_port)

    # card reader

    def _start_reader(self) -> None:
        reader = self._wallbox.reader
        if reader is not None:
            line = line_of(reader, self._paths.reader_port)
            self._cards = CardSense(reader, line, self._link.send, self._teller)
            self._cards.start()

    async def _probe_reader(self, argument: str) -> Result:
        reader, cards = self._wallbox.reader, self._cards
        if reader is None or cards is None:
            return Result(False, "this box has no card reader")
        await asyncio.to_thread(cards.stop)
        try:
            line = line_of(reader, self._paths.reader_port)
            return await probe_reader(reader, line, argument, cards.seen)
        finally:
            cards.start()

    # temperatures and supply

    def _temperatures(self) -> TemperaturePoll:
        wanted = self._wallbox.temperature
        contacts = Thermometer(self._paths.w1_devices, wanted.sensor) if wanted is not None else None
        soc = self._paths.thermal / "thermal_zone0" / "temp"
        return TemperaturePoll(contacts, soc, self._link.send, self._take_thermometer_health)

    def _take_thermometer_health(self, health: str) -> None:
        self._teller.note(thermometer_health=health)

    async def _watch_supply(self) -> None:
        logged = ""
        while True:
            health = pi_health(self._paths.hwmon)
            if health != logged:
                logged = health
                log.info("supply of the Raspberry Pi: %s", health)
                self._teller.note(pi_health=health)
            await asyncio.sleep(_SUPPLY_EVERY_S)

    # lamp

    def _start_lamp(self) -> None:
        """Starts the lamp, or reports that its lines cannot be claimed; everything else continues."""
        if self._wallbox.lamp is None:
            return
        try:
            self._lamp = LampLoop(lamp_lines(self._wallbox.lamp, self._paths.line_map))
        except NoLampError as error:
            log.warning("lamp: %s", error)
            self._teller.note(lamp_health=str(error))
            return
        self._teller.note(lamp_health="ok")
        self._tasks.create_task(self._lamp.run())


def _first_box(wallbox: Wallbox) -> InstrumentBox:
    """Describes it before anything was heard. A reader's health is empty until its port was tried."""
    return InstrumentBox(
        meter=wallbox.meter.model,
        meter_health="no reading yet",
        meter_serial=None,
        reader=wallbox.reader.model if wallbox.reader else None,
        reader_health="" if wallbox.reader else "none",
        thermometer_health="no reading yet" if wallbox.temperature else "none",
        house_meter_health="no reading yet" if wallbox.house else "none",
    )
