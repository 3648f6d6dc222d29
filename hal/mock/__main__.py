"""The mock wallbox: `python -I -m hal.mock --config-dir C --state-dir D --runtime-dir R`.

The simulated world is a process of its own that outlives those it is wired to. It is ready once R/mock.sock
is there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from hal import ending, logs
from hal.configuration import wallbox_file
from hal.configuration.file import ConfigError
from hal.configuration.meter_map import MeterName
from hal.configuration.sections import Wallbox
from hal.contract import MOCK_SOCKET_NAME, MOCK_STATE_FOLDER, WALLBOX_FILE
from hal.instruments.meter.house import house_plan
from hal.instruments.meter.model import MeterSetup, setup_of
from hal.instruments.paths import mock_paths
from hal.mock import world_file
from hal.mock.control.server import Control, WorldParts, WorldTakenError, take_over
from hal.mock.hang import KernelHang
from hal.mock.machine import Machine
from hal.mock.pi.sysfs import Sysfs
from hal.mock.plant.plant import Snapshot
from hal.mock.serial.meter import MockMeter, Unit
from hal.mock.serial.meter_face import Place, at_the_box, at_the_main_fuse, by_map, sdm630
from hal.mock.serial.reader import MockReader
from hal.mock.simulated_box import STEP_S, SimulatedBox

METER_LINK, HOUSE_LINK, READER_LINK = "meter", "house-meter", "reader"  # in the runtime folder
_KEEP_S = 1.0  # at most so often while energy flows
_ENDS_WITHIN_S = 4.0  # `evse-bridge run` waits for 5 s
_PRIORITY = 30  # SCHED_FIFO: below hal.safety, above all ordinary work
_SYSFS_S = 0.25  # a conversion of the real thermometer takes 0.75 s
_BANNER = """\
*** MOCK WALLBOX: nothing here is real. No car, no meter, no mains; energy is simulated, and nobody is billed.
*** Control it through {socket}
"""

log = logging.getLogger("hal.mock")


class World:
    """The box with its serial wires and its memory on disk."""

    def __init__(self, wallbox: Wallbox, state_dir: Path, runtime_dir: Path) -> None:
        """Continues register and ledger kept in `state_dir`."""
        self._folder = state_dir / MOCK_STATE_FOLDER
        self._not_kept = ""  # why register and ledger were not written last
        self._writing = threading.Lock()  # a thread may still write when the world ends and writes the last
        before = world_file.read(self._folder)
        self._box = SimulatedBox(wallbox, runtime_dir)
        if before is not None:
            self._box.plant.restore(before)
        self._runtime_dir = runtime_dir
        faults = self._box.wire_faults
        self._meters = tuple(_meters(wallbox, runtime_dir, self._box))
        self._reader = (
            MockReader(runtime_dir / READER_LINK, wallbox.reader, faults) if wallbox.reader else None
        )
        self._sysfs = Sysfs(runtime_dir, faults)
        self._sysfs.write(self._box.plant.contacts_c)
        self._machine = Machine(self._box, wallbox.contactor.pin, state_dir)
        self._hang = KernelHang(self._box, runtime_dir, state_dir)
        self._plug_event = asyncio.Event()

    async def run(self) -> None:
        """Runs until it is cancelled; then the last Wh is kept."""
        for meter in self._meters:
            await meter.start()
        parts = WorldParts(self._box, self._reader, self._hang)
        server = await Control(parts, self._plug_event.set).serve(self._runtime_dir)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._step())
                tasks.create_task(self._keep())
                tasks.create_task(self._write_sysfs())
                if self._reader is not None:
                    tasks.create_task(self._reader.run())
        finally:
            self._hang.close()
            server.close()
            (self._runtime_dir / MOCK_SOCKET_NAME).unlink(missing_ok=True)
            for meter in self._meters:
                await meter.stop()
            if self._reader is not None:
                self._reader.close()
            self._keep_now(self._box.plant.snapshot())

    async def _step(self) -> None:
        while True:
            now_s = time.monotonic()
            self._machine.step(now_s)
            self._hang.step(now_s)
            self._box.step()
            await asyncio.sleep(STEP_S)

    async def _write_sysfs(self) -> None:
        while True:
            await asyncio.to_thread(self._sysfs.write, self._box.plant.contacts_c)
            await asyncio.sleep(_SYSFS_S)

    async def _keep(self) -> None:
        """Waits in a thread for the disk: an fsync was seen to take 158 ms."""
        kept = None
        while True:
            snapshot = self._box.plant.snapshot()
            now = snapshot.energy_wh, snapshot.ledger
            if now != kept and await asyncio.to_thread(self._keep_now, snapshot):
                kept = now
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_KEEP_S):
                    await self._plug_event.wait()
            self._plug_event.clear()

    def _keep_now(self, snapshot: Snapshot) -> bool:
        """Says whether it is on disk. A full one ends no world; what goes wrong is logged once."""
        with self._writing:
            wrong = ""
            try:
                world_file.write(self._folder, snapshot)
            except OSError as error:
                wrong = error.strerror or str(error)
            if wrong and wrong != self._not_kept:
                log.warning("%s: register and ledger cannot be written: %s", self._folder, wrong)
            self._not_kept = wrong
            return not wrong


def _meters(wallbox: Wallbox, runtime_dir: Path, box: SimulatedBox) -> Iterator[MockMeter]:
    """Hangs the meters of box and house on one bus, or on two, as wallbox.toml says."""
    paths = mock_paths(runtime_dir)
    units = [_unit(setup_of(wallbox.meter, None), wallbox.meter.model, at_the_box)]
    if (plan := house_plan(wallbox, paths)) is not None and wallbox.house is not None:
        of_house = replace(_unit(plan.setup, wallbox.house.model, at_the_main_fuse), of_house=True)
        if plan.shares_bus:
            units.append(of_house)
        else:
            yield MockMeter(runtime_dir / HOUSE_LINK, box, (of_house,))
    yield MockMeter(runtime_dir / METER_LINK, box, units)


def _unit(setup: MeterSetup, model: MeterName, place: Place) -> Unit:
    face = partial(sdm630, place=place) if model == "eastron_sdm630" else by_map(setup.map, place)
    return Unit(setup.unit, face)


def _claim_priority() -> None:
    """Claims priority, as far as that is permitted: the world does not wait for a busy machine.

    Nor may the threads that wait for disks: whichever holds the interpreter's lock holds up the world.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 after SIGTERM or SIGINT, 1 when it cannot start, 2 for a wrong wallbox.toml."""
    parser = argparse.ArgumentParser(prog="hal.mock", description="the mock wallbox")
    for folder in ("--config-dir", "--state-dir", "--runtime-dir"):
        parser.add_argument(folder, type=Path, required=True)
    options = parser.parse_args(arguments)
    logs.begin("evse-mock", "hal.mock: %(message)s")
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # wrong units and exceptions are played here
    try:
        wallbox = wallbox_file.load(options.config_dir / WALLBOX_FILE, mock=True)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    options.runtime_dir.mkdir(parents=True, exist_ok=True)
    sys.stderr.write(_BANNER.format(socket=options.runtime_dir / MOCK_SOCKET_NAME))
    _claim_priority()
    try:
        take_over(options.runtime_dir)
        ending.run(World(wallbox, options.state_dir, options.runtime_dir).run(), _ENDS_WITHIN_S)
    except WorldTakenError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
