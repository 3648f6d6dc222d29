"""The poll against a real Modbus RTU server on a pty."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hal import settings
from hal.contract import Reading
from hal.instruments.meter_model import models
from hal.instruments.meters import OK, MeterHealth, MeterPoll, MeterPort, SerialLine, serial_line
from hal.mock.box import SimulatedBox
from hal.mock.meter import MockMeter
from hal.settings import Meter
from tests.hal.instruments.waiting import until

MODEL = models()["eastron_sdm630"]
POLL_S = 0.2


class Bench:
    """A simulated meter, and what our poll says about it."""

    def __init__(self, folder: Path) -> None:
        (folder / settings.FILE_NAME).write_text(settings.new_file(mock=True))
        self.box = SimulatedBox(settings.load(folder / settings.FILE_NAME, mock=True), folder)
        self.link = folder / "meter"
        self.readings: list[Reading] = []
        self.health: list[str] = []
        self.meter: MockMeter | None = None
        self._polling: asyncio.Task[None] | None = None

    async def start_meter(self, unit: int = 1) -> None:
        self.meter = MockMeter(self.link, unit, self.box)
        await self.meter.start()

    async def pull_out(self) -> None:
        assert self.meter is not None
        await self.meter.stop()
        self.meter = None

    def start_polling(self) -> None:
        port = MeterPort(SerialLine(str(self.link), 9600, "N", 1), 1, MODEL)
        poll = MeterPoll(port, self.readings.append, self.health.append)
        self._polling = asyncio.create_task(poll.run(POLL_S, serial_prefix="MOCK"))

    async def read(self) -> Reading:
        """The next reading."""
        before = len(self.readings)
        await until(lambda: len(self.readings) > before)
        return self.readings[-1]

    async def says(self, word: str) -> None:
        await until(lambda: bool(self.health) and word in self.health[-1])

    async def stop(self) -> None:
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.wait([self._polling])
        if self.meter is not None:
            await self.meter.stop()


@pytest.fixture
async def bench(folder: Path) -> AsyncIterator[Bench]:
    bench = Bench(folder)
    yield bench
    await bench.stop()


async def test_readings_are_what_the_plant_measures(bench: Bench) -> None:
    await bench.start_meter()
    bench.start_polling()
    first = await bench.read()
    assert (first.energy_wh, first.power_w) == (12_345_000, 0.0)
    assert (first.voltage_v, first.current_a) == ((230.0,) * 3, (0.0,) * 3)
    assert first.meter_serial == "MOCK63000001"
    bench.box.plant.energy_wh += 1234.0
    await bench.read()
    assert (await bench.read()).energy_wh == 12_346_230
    assert bench.health == [OK]


@pytest.mark.parametrize("fault", ["meter_silent", "meter_crc", "meter_exception"])
async def test_faults_end_readings_are_named_and_pass(bench: Bench, fault: str) -> None:
    await bench.start_meter()
    bench.start_polling()
    await bench.read()
    bench.box.fault(fault)
    await bench.says("silent for 3 polls")
    count = len(bench.readings)
    bench.box.clear(fault)
    await bench.read()
    assert len(bench.readings) > count
    await bench.says(OK)
    assert len(bench.health) == 3


async def test_no_reading_comes_while_the_meter_is_silent(bench: Bench) -> None:
    await bench.start_meter()
    bench.start_polling()
    await bench.read()
    bench.box.fault("meter_silent")
    await bench.says("no answer from unit 1")
    count = len(bench.readings)
    await asyncio.sleep(3 * POLL_S)
    assert len(bench.readings) == count


async def test_a_frozen_meter_repeats_itself(bench: Bench) -> None:
    await bench.start_meter()
    bench.start_polling()
    await bench.read()
    bench.box.fault("meter_frozen")
    bench.box.plant.energy_wh += 500
    await bench.read()
    assert (await bench.read()).energy_wh == 12_345_000


async def test_a_meter_of_another_unit_is_not_ours(bench: Bench) -> None:
    await bench.start_meter(unit=2)
    bench.start_polling()
    await bench.says("no answer from unit 1")
    assert bench.readings == []


async def test_a_box_without_power_has_no_meter(bench: Bench) -> None:
    await bench.start_meter()
    bench.start_polling()
    await bench.read()
    bench.box.cut_power()
    await bench.says("no answer from unit 1")


async def test_energy_that_runs_back_is_no_reading(bench: Bench) -> None:
    await bench.start_meter()
    bench.start_polling()
    await bench.read()
    bench.box.plant.energy_wh -= 5000
    await bench.says("implausible: energy = 12340000 Wh: 12345000 before")
    count = len(bench.readings)
    bench.box.plant.energy_wh += 5000
    await bench.says(OK)
    assert {reading.energy_wh for reading in bench.readings[count:]} == {12_345_000}


async def test_a_port_that_comes_later_is_opened(bench: Bench) -> None:
    bench.start_polling()
    await bench.says("cannot be opened; is the adapter plugged in?")
    await bench.start_meter()
    await bench.read()
    await bench.says(OK)


async def test_an_adapter_pulled_out_and_put_back(bench: Bench) -> None:
    await bench.start_meter()
    bench.start_polling()
    await bench.read()
    await bench.pull_out()
    await bench.says("silent for 3 polls")
    await bench.start_meter()
    await bench.read()
    await bench.says(OK)


async def test_a_parity_the_tty_cannot_do_is_named(bench: Bench) -> None:
    await bench.start_meter()
    port = MeterPort(SerialLine(str(bench.link), 9600, "E", 1), 1, MODEL)
    poll = MeterPoll(port, bench.readings.append, bench.health.append)
    polling = asyncio.create_task(poll.run(POLL_S))
    await bench.says("parity='E'")
    polling.cancel()
    await asyncio.wait([polling])


def test_the_line_is_opened_as_configured_and_8n1_at_the_mock() -> None:
    meter = Meter(model="eastron_sdm630", port="/dev/ttyUSB0", baud=19200, parity="E", stop_bits=2)
    assert serial_line(meter, None) == SerialLine("/dev/ttyUSB0", 19200, "E", 2)
    assert serial_line(meter, "/run/meter") == SerialLine("/run/meter", 19200, "N", 1)


def test_health_names_silence_after_three_polls_and_the_impossible_at_once() -> None:
    health = MeterHealth()
    health.read()
    said = []
    for _ in range(3):
        health.no_answer("no answer")
        said.append(health.text)
    assert said == [OK, OK, "silent for 3 polls and more: no answer"]
    health.implausible("voltage")
    assert health.text == "implausible: voltage"
    health.no_answer("no answer")
    assert health.text == "implausible: voltage"
    health.read()
    assert health.text == OK
