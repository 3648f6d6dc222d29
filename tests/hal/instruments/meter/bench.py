"""A simulated meter on a pty or behind TCP, and what our poll says about it."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Literal

import msgspec
from pymodbus.server import ModbusTcpServer

from hal.configuration import wallbox_file
from hal.configuration.meter_map import SINGLE_PHASE, MeterName
from hal.configuration.sections import Wallbox
from hal.contract import WALLBOX_FILE, Reading
from hal.ending import cancelled
from hal.instruments.meter.bus import Bus
from hal.instruments.meter.direction import Direction
from hal.instruments.meter.model import Link, TcpLink
from hal.instruments.meter.poll import MeterPlan, MeterPoll, plan_of
from hal.mock.serial.meter import MockMeter, Unit, simulated_device
from hal.mock.serial.meter_face import Face, Image, sdm630
from hal.mock.simulated_box import SimulatedBox
from tests.hal.instruments.waiting import until

POLL_S = 0.2


def wallbox(folder: Path, model: MeterName) -> Wallbox:
    """A mock box with that meter, of one phase where the meter has one."""
    path = folder / WALLBOX_FILE
    path.write_text(wallbox_file.new_file(mock=True))
    box = wallbox_file.load(path, mock=True)
    phases: Literal[1, 3] = 1 if model in SINGLE_PHASE else 3
    return msgspec.structs.replace(
        box,
        installation=msgspec.structs.replace(box.installation, phases=phases),
        meter=msgspec.structs.replace(box.meter, model=model),
    )


class Bench:
    """Meter and poll of one box; `folder` is its runtime and its state folder."""

    def __init__(self, folder: Path, model: MeterName = "eastron_sdm630") -> None:
        self.wallbox = wallbox(folder, model)
        self.box = SimulatedBox(self.wallbox, folder)
        self.link = folder / "meter"
        plan = plan_of(self.wallbox, folder, str(self.link))
        self.plan = dataclasses.replace(plan, setup=dataclasses.replace(plan.setup, gap_s=0.0))
        self.readings: list[Reading] = []
        self.health: list[str] = []
        self.direction = Direction(plan.installed.step_wh)
        self.meter: MockMeter | None = None
        self._tcp: ModbusTcpServer | None = None
        self._polling: asyncio.Task[None] | None = None

    async def start_meter(self, unit: int = 1, face: Face = sdm630) -> None:
        self.meter = MockMeter(self.link, self.box, (Unit(unit, face),))
        await self.meter.start()

    async def start_tcp(self, image: Image, port: int = 0) -> TcpLink:
        """A meter on the network of this machine."""
        server = ModbusTcpServer(simulated_device(lambda: image), address=("127.0.0.1", port))
        await server.serve_forever(background=True)
        assert isinstance(server.transport, asyncio.Server)
        self._tcp = server
        return TcpLink("127.0.0.1", server.transport.sockets[0].getsockname()[1])

    async def stop_tcp(self) -> None:
        assert self._tcp is not None
        await self._tcp.shutdown()  # type: ignore[no-untyped-call]
        self._tcp = None

    async def pull_out(self) -> None:
        assert self.meter is not None
        await self.meter.stop()
        self.meter = None

    def start_polling(self, plan: MeterPlan | None = None, bus: Bus | None = None) -> None:
        poll = MeterPoll(plan or self.plan, self.readings.append, self.health.append, self.direction, bus)
        self._polling = asyncio.create_task(poll.run(POLL_S))

    def start_polling_at(self, link: Link) -> None:
        """The meter at that link, not at the pty."""
        self.start_polling(
            dataclasses.replace(self.plan, setup=dataclasses.replace(self.plan.setup, link=link))
        )

    async def stop_polling(self) -> None:
        assert self._polling is not None
        await cancelled(self._polling)  # one cancellation may be lost in pymodbus
        self._polling = None

    async def read(self) -> Reading:
        """The next reading."""
        before = len(self.readings)
        await until(lambda: len(self.readings) > before)
        return self.readings[-1]

    async def says(self, word: str) -> None:
        await until(lambda: bool(self.health) and word in self.health[-1])

    async def stop(self) -> None:
        if self._polling is not None:
            await self.stop_polling()
        if self.meter is not None:
            await self.meter.stop()
        if self._tcp is not None:
            await self.stop_tcp()
