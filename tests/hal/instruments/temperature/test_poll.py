"""Which readings are told: one miss is nothing, three are a lost thermometer."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from hal.contract import Temperatures
from hal.instruments.temperature.poll import TemperaturePoll
from hal.instruments.temperature.thermometer import Thermometer
from hal.mock.pi.sysfs import SENSOR, Sysfs
from tests.hal.instruments.waiting import until


class Bench:
    """A poll on the simulated files."""

    def __init__(self, folder: Path, *, contacts: bool = True) -> None:
        self.faults: set[str] = set()
        self.sysfs = Sysfs(folder, self.faults)
        self.told: list[Temperatures] = []
        self.health: list[str] = []
        thermometer = Thermometer(folder / "w1", "auto") if contacts else None
        soc = folder / "thermal" / "thermal_zone0" / "temp"
        self.poll = TemperaturePoll(thermometer, soc, self.told.append, self.health.append)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.sysfs.write(30.0)
    return bench


async def test_readings_follow_each_other_within_two_seconds(bench: Bench) -> None:
    running = asyncio.create_task(bench.poll.run())
    await until(lambda: len(bench.told) >= 3)
    running.cancel()
    assert [(one.contacts_c, one.soc_c) for one in bench.told] == [(30.0, 48.0)] * len(bench.told)
    assert bench.told[-1].at_s <= time.monotonic()
    assert bench.health == ["ok"]


async def test_two_missed_readings_are_nothing_and_the_third_is_a_lost_thermometer(bench: Bench) -> None:
    await bench.poll.look()
    bench.faults.add("thermometer_crc")
    bench.sysfs.write(30.0)
    for _ in range(2):
        await bench.poll.look()
    assert (len(bench.told), bench.health) == (1, ["ok"])
    await bench.poll.look()
    assert (bench.told[-1].contacts_c, bench.told[-1].soc_c) == (None, 48.0)
    assert "CRC" in bench.health[1]
    await bench.poll.look()
    assert len(bench.health) == 2
    bench.faults.clear()
    bench.sysfs.write(35.0)
    await bench.poll.look()
    assert bench.told[-1].contacts_c == 35.0
    assert bench.health[2:] == ["ok"]


async def test_misses_that_do_not_follow_each_other_are_nothing(bench: Bench) -> None:
    for _ in range(4):
        bench.faults ^= {"thermometer_power_on"}
        bench.sysfs.write(30.0)
        await bench.poll.look()
    assert [one.contacts_c for one in bench.told] == [30.0, 30.0]
    assert bench.health == ["ok"]


async def test_a_conversion_that_takes_its_time_holds_nothing_up(bench: Bench, tmp_path: Path) -> None:
    """A pipe in the file's place: the read waits, as the kernel makes it, until somebody writes."""
    sensor = tmp_path / "w1" / SENSOR / "w1_slave"
    good = sensor.read_text()
    sensor.unlink()
    os.mkfifo(sensor)
    looking = asyncio.create_task(bench.poll.look())
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert not looking.done()
    await asyncio.to_thread(sensor.write_text, good)
    await looking
    assert bench.told[-1].contacts_c == 30.0


async def test_a_box_without_a_thermometer_tells_of_its_chip(tmp_path: Path) -> None:
    bench = Bench(tmp_path, contacts=False)
    bench.sysfs.write(30.0)
    running = asyncio.create_task(bench.poll.run())
    await until(lambda: len(bench.told) >= 2)
    running.cancel()
    assert (bench.told[0].contacts_c, bench.told[0].soc_c) == (None, 48.0)
    assert bench.health == []
