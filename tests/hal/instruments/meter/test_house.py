"""The house meter: the sign of each phase, and a bus that two meters share without harm to the box's own."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import struct
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from hal.configuration.meter_map import SHIPPED_UNIT, MeterName, model_names
from hal.configuration.sections import House
from hal.contract import FRESH_S, HouseReading
from hal.instruments.meter.bus import BITS_A_BYTE, FRAME_BYTES, Bus, wait_s
from hal.instruments.meter.house import HousePlan, HousePoll, house_plan
from hal.instruments.meter.model import SerialLine, models
from hal.instruments.meter.port import longest
from hal.instruments.meter.registers import ImplausibleError, Wiring, blocks, house_reading
from hal.instruments.paths import Paths
from hal.mock.serial.meter import MockMeter, Unit
from hal.mock.serial.meter_face import at_the_main_fuse, sdm630
from tests.hal.instruments.meter.bench import Bench
from tests.hal.instruments.waiting import until

SDM630 = models()["eastron_sdm630"].map
THREE = Wiring(3, 230.0)
WITHOUT_SIGNS = msgspec.structs.replace(SDM630, phase_power=None)


def words_of(shown: Mapping[int, float]) -> dict[tuple[Literal[3, 4], int], int]:
    words: dict[tuple[Literal[3, 4], int], int] = {}
    for register, value in shown.items():
        words[4, register], words[4, register + 1] = struct.unpack(">HH", struct.pack(">f", value))
    return words


def shown(amps: tuple[float, ...], watts: tuple[float, ...], total_w: float = 0.0) -> dict[int, float]:
    each = {0x00 + 2 * phase: 230.0 for phase in range(3)}
    each |= {0x06 + 2 * phase: amps[phase] for phase in range(3)}
    return each | {0x0C + 2 * phase: watts[phase] for phase in range(3)} | {0x34: total_w}


def test_a_phase_that_feeds_the_grid_is_negative_by_its_power() -> None:
    words = words_of(shown((10.0, 5.0, 3.0), (2300.0, -1150.0, 460.0)))
    measured = house_reading(SDM630, THREE, words, 7.0)
    assert measured == HouseReading(
        at_s=7.0, current_a=(10.0, -5.0, 3.0), voltage_v=(230.0,) * 3, power_w=1610.0
    )


def test_what_is_drawn_counts_with_its_blind_current_and_what_is_fed_in_without() -> None:
    """Nothing is ever believed to flow to the grid that does not."""
    words = words_of(shown((10.0, 10.0, 0.0), (1150.0, -1150.0, 0.0)))
    assert house_reading(SDM630, THREE, words, 0.0).current_a == (10.0, -5.0, 0.0)


def test_a_meter_without_the_power_of_each_phase_counts_feeding_as_load() -> None:
    words = words_of(shown((10.0, 5.0, 3.0), (0.0, 0.0, 0.0), total_w=-500.0))
    measured = house_reading(WITHOUT_SIGNS, THREE, words, 0.0)
    assert (measured.current_a, measured.power_w) == ((10.0, 5.0, 3.0), -500.0)


def test_a_meter_of_one_phase_has_the_sign_of_its_power() -> None:
    one = models()["eastron_sdm120"].map
    words = words_of({0x00: 230.0, 0x06: 5.0, 0x0C: -1150.0})
    measured = house_reading(one, Wiring(1, 230.0), words, 0.0)
    assert (measured.current_a, measured.power_w) == ((-5.0, 0.0, 0.0), -1150.0)


def test_a_lost_phase_is_no_reading() -> None:
    words = words_of(shown((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)) | {0x02: 0.0})
    with pytest.raises(ImplausibleError, match="voltage L2 = 0 V"):
        house_reading(SDM630, THREE, words, 0.0)


@pytest.mark.parametrize("name", model_names())
def test_every_meter_of_three_phases_gives_the_power_of_each(name: MeterName) -> None:
    meter_map = models()[name].map
    assert (meter_map.phase_power is not None) == (meter_map.phases == 3)
    assert "energy" not in meter_map.of_house()
    assert models()[name].shipped.unit == SHIPPED_UNIT.get(name, 1)


def reading_s(name: MeterName, baud: int, *, of_house: bool = False, silent: bool = False) -> float:
    """How long the bus is taken by one reading; `silent`: by one that gets no answer."""
    model = models()[name]
    asked = blocks(model.map, model.map.phases, model.max_block, of_house=of_house)
    gap_s, answers_s = model.gap_ms / 1000, 0.1
    if silent:
        most = max(block.count for block in asked)
        return gap_s + wait_s(SerialLine("", baud, "N", 1), most)
    return sum(gap_s + answers_s + (FRAME_BYTES + 2 * block.count) * BITS_A_BYTE / baud for block in asked)


@pytest.mark.parametrize("baud", [2400, 9600])
@pytest.mark.parametrize("own", model_names())
@pytest.mark.parametrize("silent", [False, True])
def test_no_house_meter_on_the_bus_makes_the_readings_of_the_box_old(
    own: MeterName, baud: int, silent: bool
) -> None:
    """Whatever the two are, and although the other one does not answer."""
    for house in model_names():
        taken_s = reading_s(house, baud, of_house=True, silent=silent)
        assert reading_s(own, baud) + taken_s < FRESH_S, house


# On wires


class Shared:
    """Two meters on one pty, and both polls."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.readings: list[HouseReading] = []
        self.health: list[str] = []
        wallbox = bench.wallbox
        house = House(model="eastron_sdm630", port=wallbox.meter.port, fuse_a=35.0, unit=2)
        paths = Paths(meter_port=str(bench.link), house_port="nowhere")
        plan = house_plan(msgspec.structs.replace(wallbox, house=house), paths)
        assert plan is not None
        assert plan.shares_bus
        self.plan = dataclasses.replace(plan, setup=dataclasses.replace(plan.setup, gap_s=0.0), poll_s=0.2)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        bench, plan = self.bench, self.plan
        faces = (Unit(1), Unit(2, lambda plant: sdm630(plant, at_the_main_fuse), of_house=True))
        bench.meter = MockMeter(bench.link, bench.box, faces)
        await bench.meter.start()
        registers = max(longest(bench.plan.setup, 3), longest(plan.setup, 3))
        bus = Bus(plan.setup.link, registers)
        bench.start_polling(bus=bus)
        self._tasks.append(asyncio.create_task(self._poll(plan, bus)))

    async def _poll(self, plan: HousePlan, bus: Bus) -> None:
        await HousePoll(plan, bus, self.readings.append, self.health.append).run()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.bench.stop()


@pytest.fixture
async def shared(folder: Path) -> AsyncIterator[Shared]:
    both = Shared(Bench(folder))
    await both.start()
    yield both
    await both.stop()


async def test_two_meters_on_one_bus_are_told_apart(shared: Shared) -> None:
    house = shared.bench.box.plant.house
    house.load_a, house.solar_w = (10.0, 5.0, 0.0), 2070.0
    await until(lambda: bool(shared.readings) and shared.readings[-1].current_a[1] == pytest.approx(2.0))
    measured, own = shared.readings[-1], await shared.bench.read()
    assert measured.current_a == pytest.approx((7.0, 2.0, -3.0), abs=1e-4)
    assert measured.power_w == pytest.approx(1380.0, abs=0.1)
    assert own.current_a == (0.0, 0.0, 0.0)
    assert own.meter_serial == "MOCK63000001"


async def test_a_silent_house_meter_leaves_the_box_its_readings(shared: Shared) -> None:
    bench = shared.bench
    await until(lambda: bool(shared.readings) and bool(bench.readings))
    bench.box.fault("house_silent")
    await until(lambda: bool(shared.health) and "no answer from unit 2" in shared.health[-1])
    for _ in range(3):
        assert (await bench.read()).meter_serial == "MOCK63000001"
    assert set(bench.health) == {"ok"}
    bench.box.clear("house_silent")
    await until(lambda: shared.health[-1] == "ok")


def test_a_house_meter_alone_has_a_line_of_its_own(folder: Path) -> None:
    bench = Bench(folder)
    house = House(model="abb_b23", port="/dev/ttyUSB1", fuse_a=35.0)
    paths = Paths(meter_port=str(bench.link), house_port=str(folder / "house-meter"))
    plan = house_plan(msgspec.structs.replace(bench.wallbox, house=house), paths)
    assert plan is not None
    assert (plan.shares_bus, plan.wiring.phases) == (False, 3)
    assert str(plan.setup.link) == f"{folder / 'house-meter'} (19200 baud, 8N1)"
