"""The poll against real Modbus servers, on a pty and behind TCP."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import struct
import termios
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest

from hal.configuration.meter_map import MeterName, model_names
from hal.instruments.meter import energy_file
from hal.instruments.meter.bus import NoAnswerError
from hal.instruments.meter.energy import StoredCount
from hal.instruments.meter.model import Parity, SerialLine, TcpLink, models
from hal.instruments.meter.poll import OK, MeterHealth
from hal.instruments.meter.port import MeterPort
from hal.mock.plant.plant import Plant
from hal.mock.serial.meter_face import Image, sdm630
from tests.hal.instruments.meter.bench import POLL_S, Bench
from tests.hal.instruments.meter.fixtures import FIXTURES


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


@pytest.mark.parametrize("name", model_names())
@pytest.mark.parametrize("wire", ["rtu", "tcp"])
async def test_every_model_over_both_wires(folder: Path, name: MeterName, wire: str) -> None:
    """The meter is played from the fixture, not from our table."""
    fixture, bench = FIXTURES[name], Bench(folder, model=name)
    if wire == "rtu":
        await bench.start_meter(models()[name].shipped.unit, lambda _plant: fixture.image)
        bench.start_polling()
    else:
        link = await bench.start_tcp(fixture.image)
        bench.start_polling_at(link)
    read = await bench.read()
    assert bench.health == [OK]
    await bench.stop()
    expected = fixture.reading
    assert read.energy_wh == expected.energy_wh
    assert (read.power_w, *read.voltage_v, *read.current_a) == pytest.approx(
        (expected.power_w, *expected.voltage_v, *expected.current_a), rel=1e-6
    )
    assert read.meter_serial == (expected.meter_serial and f"MOCK{expected.meter_serial}")


@pytest.mark.parametrize("fault", ["meter_silent", "meter_crc", "meter_exception", "meter_cut"])
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


@pytest.mark.parametrize(("fault", "says"), [
    ("meter_silent", "no answer from unit 1"),
    ("meter_crc", "no whole answer from unit 1"),
    ("meter_cut", "heard 01 0"),
    ("meter_exception", "with exception 4: the meter failed"),
])  # fmt: skip
async def test_health_tells_silence_from_noise(bench: Bench, fault: str, says: str) -> None:
    await bench.start_meter()
    bench.box.fault(fault)
    bench.start_polling()
    await bench.says(says)
    assert bench.readings == []


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
    await bench.says("implausible: energy = 12340000 Wh: ran back, 12345000 before")
    count = len(bench.readings)
    bench.box.plant.energy_wh += 5000
    await bench.says(OK)
    assert {reading.energy_wh for reading in bench.readings[count:]} == {12_345_000}


async def test_energy_that_jumps_is_no_reading(bench: Bench) -> None:
    await bench.start_meter()
    bench.start_polling()
    await bench.read()
    bench.box.plant.energy_wh += 500_000
    await bench.says("implausible: energy = 12845000 Wh: jumped")
    assert {reading.energy_wh for reading in bench.readings} == {12_345_000}


def dead(image: Image) -> Image:
    """All lines without voltage."""
    return {3: image[3], 4: image[4] | dict.fromkeys(range(6), 0)}


async def test_no_voltage_is_no_reading(bench: Bench) -> None:
    await bench.start_meter(face=lambda plant: dead(sdm630(plant)))
    bench.start_polling()
    await bench.says("implausible: voltage L1 = 0 V: 115 to 300")
    assert bench.readings == []


async def test_another_meter_continues_the_count(bench: Bench, folder: Path) -> None:
    """Pulled out, another put in: its own register is another, the count goes on."""
    await bench.start_meter()
    bench.start_polling()
    assert (await bench.read()).energy_wh == 12_345_000
    await bench.pull_out()
    await bench.says("silent")
    await bench.start_meter(face=lambda _plant: FIXTURES["eastron_sdm630"].image)
    read = await bench.read()
    assert (read.energy_wh, read.meter_serial) == (12_345_000, "MOCK21046789")
    await bench.stop_polling()
    assert energy_file.read(folder / "meter.json").count == StoredCount(
        "eastron_sdm630", "MOCK21046789", 0, 1_234_560, 12_345_000 - 1_234_560
    )


async def test_the_count_outlives_the_process(bench: Bench) -> None:
    await bench.start_meter()
    bench.start_polling()
    await bench.read()
    bench.box.plant.energy_wh += 1230.0
    await until_energy(bench, 12_346_230)
    await bench.stop_polling()
    bench.box.plant.energy_wh -= 5000.0
    bench.start_polling()
    await bench.says("ran back, 12346230 before")


async def until_energy(bench: Bench, energy_wh: int) -> None:
    while (await bench.read()).energy_wh != energy_wh:
        pass


async def test_a_damaged_count_heals_by_itself(bench: Bench, folder: Path) -> None:
    """With its offset: of a session that runs, no Wh is lost and none comes twice."""
    count = StoredCount("eastron_sdm630", "MOCK63000001", 0, 12_345_000, 5_000)
    energy_file.write(folder / "meter.json", count)
    (folder / "meter.json").write_text("{")
    await bench.start_meter()
    bench.start_polling()
    assert (await bench.read()).energy_wh == 12_350_000
    assert energy_file.read(folder / "meter.json") == energy_file.Kept(count)


async def test_nothing_is_kept_before_the_first_readings_agree(bench: Bench, folder: Path) -> None:
    bench.box.plant.energy_wh = 0.0  # just waking
    await bench.start_meter()
    installed = dataclasses.replace(bench.plan.installed, settle_s=1.5)
    bench.start_polling(dataclasses.replace(bench.plan, installed=installed))
    await bench.says("the meter is new here: its count begins when its readings have agreed for 1.5 s")
    bench.box.plant.energy_wh = 12_345_000.0
    assert not (folder / "meter.json").exists()
    assert (await bench.read()).energy_wh == 12_345_000
    assert {reading.energy_wh for reading in bench.readings} == {12_345_000}
    await bench.says(OK)


async def test_a_meter_that_gives_no_blocks_is_asked_for_each_number(bench: Bench) -> None:
    bench.box.fault("meter_small")
    await bench.start_meter()
    bench.start_polling()
    assert (await bench.read()).voltage_v == (230.0,) * 3
    await bench.read()
    assert bench.health == [OK]


async def test_late_answers_are_taken_for_nothing_else(bench: Bench) -> None:
    await bench.start_meter()
    bench.start_polling()
    await bench.read()
    bench.box.fault("meter_late")
    await bench.says("silent for 3 polls")
    await asyncio.sleep(2.0)
    bench.box.clear("meter_late")
    await bench.says(OK)
    await bench.read()
    told = {(reading.energy_wh, reading.power_w, reading.voltage_v) for reading in bench.readings}
    assert told == {(12_345_000, 0.0, (230.0,) * 3)}


async def test_a_meter_without_the_register_of_its_number_is_read_all_the_same(bench: Bench) -> None:
    await bench.start_meter(face=lambda plant: {3: {}, 4: sdm630(plant)[4]})
    bench.start_polling()
    assert (await bench.read()).meter_serial is None
    assert bench.health == [OK]


async def test_a_register_that_is_not_there_is_named(bench: Bench) -> None:
    await bench.start_meter(face=lambda _plant: FIXTURES["siemens_pac2200"].image)
    bench.start_polling()
    await bench.says("answers 0x0000 with exception 2: no such register")


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


async def test_a_meter_on_the_network_that_goes_and_comes_back(bench: Bench) -> None:
    image = FIXTURES["eastron_sdm630"].image
    link = await bench.start_tcp(image)
    bench.start_polling_at(link)
    await bench.read()
    await bench.stop_tcp()
    await bench.says(f"tcp://127.0.0.1:{link.port} cannot be opened; is it on the network?")
    await bench.start_tcp(image, link.port)
    await bench.read()
    await bench.says(OK)


async def test_a_host_without_a_name_is_named(bench: Bench) -> None:
    bench.start_polling_at(TcpLink("meter.invalid", 502))
    await bench.says("tcp://meter.invalid:502 cannot be opened")


async def settings_of_the_tty(bench: Bench, line: SerialLine) -> tuple[int, int]:
    """Control bits and speed of the port after it was opened with that line, or not."""
    tty = os.open(bench.link, os.O_RDWR | os.O_NOCTTY)
    try:
        port = MeterPort(dataclasses.replace(bench.plan.setup, link=line), 3)
        with pytest.raises(NoAnswerError) if line.parity != "N" else contextlib.nullcontext():
            await port.read()
        attributes = termios.tcgetattr(tty)
        port.close()
    finally:
        os.close(tty)
    return attributes[2], attributes[5]


@pytest.mark.parametrize(("stop_bits", "bits"), [(1, 0), (2, termios.CSTOPB)])
@pytest.mark.parametrize(("baud", "speed"), [(2400, termios.B2400), (19200, termios.B19200)])
async def test_baud_rate_and_stop_bits_reach_the_port(
    bench: Bench, baud: int, speed: int, stop_bits: Literal[1, 2], bits: int
) -> None:
    await bench.start_meter()
    line = SerialLine(str(bench.link), baud, "N", stop_bits)
    control, has_speed = await settings_of_the_tty(bench, line)
    assert (control & termios.CSTOPB, has_speed) == (bits, speed)


@pytest.mark.parametrize(("parity", "odd"), [("E", 0), ("O", termios.PARODD)])
async def test_parity_reaches_the_port(bench: Bench, parity: Parity, odd: int) -> None:
    """A pty has none: asking for one fails, and its kind is left in the port."""
    await bench.start_meter()
    line = SerialLine(str(bench.link), 9600, parity, 1)
    control, _ = await settings_of_the_tty(bench, line)
    assert control & termios.PARODD == odd


async def test_a_parity_the_tty_cannot_do_is_named(bench: Bench) -> None:
    await bench.start_meter()
    bench.start_polling_at(SerialLine(str(bench.link), 9600, "E", 1))
    await bench.says("(9600 baud, 8E1) cannot be opened so")


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


async def test_a_meter_wired_the_other_way_round_is_told_and_read_on(bench: Bench) -> None:
    """Magnitudes cross the socket; the verdict comes beside the readings, not in their place."""
    await bench.start_meter(face=turned_round)
    bench.direction.contactor_closed = True
    bench.start_polling()
    assert (await bench.read()).power_w == 11_040.0
    await bench.says("implausible: power = -11040 W at 11040 VA while a current flows; the meter is wired")
    count = len(bench.readings)
    await bench.read()
    assert len(bench.readings) > count
    assert {reading.power_w for reading in bench.readings} == {11_040.0}
    bench.direction.contactor_closed = False
    await bench.stop_polling()  # as for a probe of the doctor: what it has found is not forgotten
    bench.health.clear()
    bench.start_polling()
    await bench.says("implausible: power = -11040 W")


def turned_round(plant: Plant) -> Image:
    """16 A on three phases, counted as export."""
    image = sdm630(plant)
    for register, number in {**dict.fromkeys((6, 8, 10), 16.0), 0x34: -11_040.0}.items():
        high, low = struct.unpack(">HH", struct.pack(">f", number))
        image[4] |= {register: high, register + 1: low}
    return image


@pytest.mark.parametrize("fault", ["meter_echo", "meter_noise", "meter_busy"])
async def test_readings_go_on_with_a_bad_wire_or_a_busy_meter(bench: Bench, fault: str) -> None:
    bench.box.fault(fault)
    await bench.start_meter()
    bench.start_polling()
    for _ in range(5):
        assert (await bench.read()).energy_wh == 12_345_000
    assert OK in bench.health
