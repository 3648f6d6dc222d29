"""The real process of the instruments beside the real mock; only hal.safety is played."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hal.configuration import wallbox_file
from hal.contract import (
    WALLBOX_FILE,
    Answer,
    Card,
    InstrumentBox,
    Message,
    Reading,
    Request,
    Temperatures,
    encode,
)
from hal.mock.pi.line_map import LineMap
from tests.hal.instruments.safety import Safety
from tests.hal.instruments.statuses import status
from tests.hal.instruments.waiting import PATIENCE_S, until
from tests.hal.mock.world import RunningMock
from tests.system.programs import Programs

# Exit codes: in order, or by the kernel on a machine so busy that this takes 4 s. tests/hal/test_ending.py
# holds the orderly end, with more time.
ENDED = (0, -signal.SIGALRM)

LINE_READER = """model = "line"
port = "/dev/ttyAMA0"
prefix = "UID="
terminator = "crlf"
"""
PN532 = 'model = "pn532"\nport = "/dev/ttyAMA0"\n'
ID12LA = 'model = "id12la"\nport = "/dev/ttyAMA0"\n'
HELD = 'model = "rdm6300"\nport = "/dev/ttyAMA0"\nhold_s = 10.0\n'
REVERSED = 'model = "rdm6300"\nport = "/dev/ttyAMA0"\nreverse_bytes = true\n'


class Bench:
    """The processes and all that the instruments have told."""

    def __init__(self, folder: Path, reader: str | None) -> None:
        self.world = RunningMock(folder)
        if reader is not None:
            head, _, tail = wallbox_file.new_file(mock=True).partition("[reader]\n")
            self.world.configure(f"{head}[reader]\n{reader}\n{tail[tail.index('[') :]}")
        self.safety = Safety(self.world.runtime_dir / "hal.sock")
        self.instruments: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        await asyncio.to_thread(self.world.start)
        await self.safety.start()
        self.launch()

    def launch(self) -> None:
        self.instruments = subprocess.Popen(self.world.programs.program("hal.instruments", "--mock"))

    async def stop(self) -> int:
        assert self.instruments is not None
        self.instruments.terminate()
        code = await asyncio.to_thread(self.instruments.wait, PATIENCE_S)
        await self.safety.stop()
        await asyncio.to_thread(self.world.stop)
        return code

    def told(self) -> list[Message]:
        return [message for connection in self.safety.heard for message in connection]

    def cards(self) -> list[str]:
        return [message.id for message in self.told() if isinstance(message, Card)]

    def boxes(self) -> list[InstrumentBox]:
        return [message for message in self.told() if isinstance(message, InstrumentBox)]

    def answers(self) -> list[Answer]:
        return [message for message in self.told() if isinstance(message, Answer)]

    def temperatures(self) -> list[Temperatures]:
        return [message for message in self.told() if isinstance(message, Temperatures)]

    async def ask(self, do: str, argument: str = "", *, contactor_closed: bool = False) -> Answer:
        """The answer to a tool's request, as hal.safety would relay it."""
        self.safety.say(encode(status(time.monotonic(), contactor_closed=contactor_closed)))
        before = len(self.answers())
        self.safety.say(encode(Request(id=do, owner="instruments", do=do, argument=argument)))
        await until(lambda: len(self.answers()) > before)
        return self.answers()[-1]

    def readings(self) -> list[Reading]:
        return [message for message in self.told() if isinstance(message, Reading)]


@pytest.fixture
async def bench(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    bench = Bench(folder, getattr(request, "param", None))
    await bench.start()
    await until(lambda: any(box.reader_health == "ok" and box.meter_health == "ok" for box in bench.boxes()))
    yield bench
    assert await bench.stop() in ENDED


async def test_readings_come_and_say_that_they_are_a_mocks(bench: Bench) -> None:
    await until(lambda: len(bench.readings()) >= 3)
    at_s = [reading.at_s for reading in bench.readings()]
    assert at_s == sorted(set(at_s))
    assert bench.readings()[-1].energy_wh == 12_345_000
    await until(lambda: bench.boxes()[-1].meter_serial == "MOCK63000001")
    assert {box.reader_health for box in bench.boxes()} == {"ok"}  # one not tried yet is not called broken


async def test_the_mock_plays_the_meter_of_wallbox_toml(folder: Path) -> None:
    bench = Bench(folder, None)
    bench.world.configure(
        wallbox_file.new_file(mock=True).replace("eastron_sdm630", "carlo_gavazzi_em24_rs485")
    )
    await bench.start()
    await until(lambda: len(bench.readings()) > 0)
    assert (bench.readings()[-1].energy_wh, bench.readings()[-1].voltage_v) == (12_345_000, (230.0,) * 3)
    assert bench.boxes()[-1].meter == "carlo_gavazzi_em24_rs485"
    assert await bench.stop() == 0
    assert (folder / "d" / "meter.json").exists()


async def test_a_card_held_for_a_while_is_one_card_and_another_is_another(bench: Bench) -> None:
    bench.world.ask("swipe", tag="04AABBCC")
    await until(lambda: bench.cards() == ["0004AABBCC"])
    bench.world.ask("swipe", tag="04AABBCC")
    bench.world.ask("swipe", tag="100086F444")
    await until(lambda: len(bench.cards()) > 1)
    assert bench.cards() == ["0004AABBCC", "100086F444"]


async def test_bad_checksums_are_counted_and_no_card(bench: Bench) -> None:
    bench.world.ask("fault", name="card_checksum")
    bench.world.ask("swipe", tag="04AABBCC")
    await until(lambda: bench.boxes()[-1].dropped_frames >= 6)
    assert bench.cards() == []


async def test_a_card_is_seen_through_noise(bench: Bench) -> None:
    bench.world.ask("fault", name="card_noise")
    bench.world.ask("swipe", tag="04AABBCC")
    await until(lambda: bench.cards() == ["0004AABBCC"])


@pytest.mark.parametrize("bench", [LINE_READER], indirect=True)
async def test_a_line_reader(bench: Bench) -> None:
    assert bench.world.ask("swipe", tag="04AABBCC") == {"ok": True, "sent": "04AABBCC"}
    await until(lambda: bench.cards() == ["04AABBCC"])
    assert bench.boxes()[-1].reader == "line"


@pytest.mark.parametrize("bench", [ID12LA], indirect=True)
async def test_an_id12la(bench: Bench) -> None:
    bench.world.ask("swipe", tag="100086F444")
    await until(lambda: bench.cards() == ["100086F444"])


@pytest.mark.parametrize("bench", [REVERSED], indirect=True)
async def test_bytes_last_to_first(bench: Bench) -> None:
    bench.world.ask("swipe", tag="100086F444")
    await until(lambda: bench.cards() == ["44F4860010"])


@pytest.mark.parametrize("bench", [PN532], indirect=True)
async def test_a_pn532_through_noise_and_a_pulled_plug(bench: Bench) -> None:
    bench.world.ask("swipe", tag="04C31102F84D80")
    await until(lambda: bench.cards() == ["04C31102F84D80"])
    bench.world.ask("fault", name="card_noise")
    bench.world.ask("swipe", tag="04AABBCC")
    await until(lambda: bench.cards()[1:] == ["04AABBCC"])
    bench.world.ask("fault", name="reader_gone")
    await until(lambda: "is the reader plugged in?" in bench.boxes()[-1].reader_health)
    bench.world.ask("clear", name="reader_gone")
    await until(lambda: bench.boxes()[-1].reader_health == "ok")
    bench.world.ask("clear", name="card_noise")
    bench.world.ask("swipe", tag="04112233445566778899")
    await until(lambda: bench.cards()[2:] == ["04112233445566778899"])
    assert bench.world.ask("swipe", tag="0411")["error"].endswith("a PN532 sees 8, 14 or 20 hex digits")


async def test_a_reader_unplugged_and_replugged(bench: Bench) -> None:
    bench.world.ask("fault", name="reader_gone")
    await until(lambda: "is the reader plugged in?" in bench.boxes()[-1].reader_health)
    bench.world.ask("clear", name="reader_gone")
    await until(lambda: bench.boxes()[-1].reader_health == "ok")
    bench.world.ask("swipe", tag="100086F444")
    await until(lambda: bench.cards() == ["100086F444"])


async def test_temperatures_and_their_faults(bench: Bench) -> None:
    await until(lambda: bench.boxes()[-1].thermometer_health == "ok")
    assert bench.temperatures()[-1].contacts_c == 25.0
    assert bench.temperatures()[-1].soc_c == 48.0
    bench.world.ask("fault", name="cut_thermometer")
    await until(lambda: "no DS18B20" in bench.boxes()[-1].thermometer_health)
    await until(lambda: bench.temperatures()[-1].contacts_c is None)
    bench.world.ask("clear", name="cut_thermometer")
    bench.world.ask("fault", name="hot")
    await until(lambda: (bench.temperatures()[-1].contacts_c or 0.0) > 30.0)
    await until(lambda: bench.boxes()[-1].thermometer_health == "ok")


async def test_under_voltage_comes_and_goes(bench: Bench) -> None:
    await until(lambda: bench.boxes()[-1].pi_health == "ok")
    bench.world.ask("fault", name="under_voltage")
    await until(lambda: bench.boxes()[-1].pi_health.startswith("under-voltage: "))
    bench.world.ask("clear", name="under_voltage")
    await until(lambda: bench.boxes()[-1].pi_health == "ok")


async def test_the_lamp_shows_what_the_status_says(bench: Bench) -> None:
    assert bench.boxes()[-1].lamp_health == "ok"

    def shows(lamp: str, lights: list[str]) -> bool:
        bench.safety.say(encode(status(time.monotonic(), lamp=lamp)))
        return bool(bench.world.state()["lamp"] == lights)

    for lamp, lights in (("ready", ["green"]), ("accepted", ["blue"]), ("reserved", ["red", "green"])):
        await until(lambda lamp=lamp, lights=lights: shows(lamp, lights))  # type: ignore[misc]


async def test_a_lamp_that_cannot_be_had_is_told_and_all_else_goes_on(folder: Path) -> None:
    bench = Bench(folder, None)
    await asyncio.to_thread(bench.world.start)
    line_map = LineMap.open(bench.world.runtime_dir / "line-map")
    line_map.claim(13, os.getpid())
    await bench.safety.start()
    bench.launch()
    await until(lambda: any(box.meter_health == "ok" for box in bench.boxes()))
    assert "GPIO13 is held by process" in bench.boxes()[-1].lamp_health
    line_map.release(13)
    line_map.close()
    assert await bench.stop() == 0


async def test_the_meter_is_probed_and_polled_again(bench: Bench) -> None:
    answer = await bench.ask("probe-meter")
    assert answer.ok, answer.text
    assert answer.text.endswith("/r/meter (9600 baud, 8N1) answers, serial number MOCK63000001")
    assert answer.measured["voltage_l1_v"] == 230.0
    before = len(bench.readings())
    await until(lambda: len(bench.readings()) > before)
    bench.world.ask("fault", name="meter_silent")
    answer = await bench.ask("probe-meter")
    assert not answer.ok
    assert "no answer from unit 1" in answer.text


async def test_a_meter_that_is_not_as_configured_is_found_as_it_is_shipped(folder: Path) -> None:
    bench = Bench(folder, None)
    await bench.start()
    await until(lambda: any(box.meter_health == "ok" for box in bench.boxes()))
    assert bench.instruments is not None
    bench.instruments.kill()
    await asyncio.to_thread(bench.instruments.wait, PATIENCE_S)
    bench.world.configure(wallbox_file.new_file(mock=True).replace('#unit = "auto"', "unit = 7", 1))
    bench.launch()  # the mock's meter still has unit 1
    await until(lambda: len(bench.safety.heard) == 2)
    answer = await bench.ask("probe-meter")
    assert not answer.ok
    assert "no answer from unit 7" in answer.text
    assert "; as shipped: unit 1 on " in answer.text
    assert answer.measured["voltage_l3_v"] == 230.0
    assert await bench.stop() == 0


@pytest.mark.parametrize("bench", [HELD], indirect=True)
async def test_the_reader_is_probed_and_read_again(bench: Bench) -> None:
    answer = await bench.ask("probe-reader", "0.2")
    assert (answer.ok, answer.measured) == (False, {"bytes_at_9600": 0.0})
    assert "nothing heard; was a card presented?" in answer.text
    asked = asyncio.create_task(bench.ask("probe-reader", "10"))
    while not asked.done():
        bench.world.ask("swipe", tag="100086F444")
        await asyncio.sleep(0.5)
    assert (await asked).ok
    assert "9600 baud: card 100086F444" in (await asked).text
    bench.world.ask("swipe", tag="100086F444")  # as from a card that is still held to the reader
    bench.world.ask("swipe", tag="0004AABBCC")
    await until(lambda: bench.cards() != [])
    assert bench.cards() == ["0004AABBCC"]  # a probe is no presentation


@pytest.mark.parametrize("bench", [PN532 + "baud = 9600\n"], indirect=True)
async def test_a_pn532_at_the_wrong_setting_is_found_at_its_own(bench: Bench) -> None:
    """A pty has no speed, so the mock's answers at both; what is shown is that a good setting is enough."""
    answer = await bench.ask("probe-reader", "1")
    assert answer.ok
    assert "9600 baud: the reader answers; no card was presented" in answer.text


async def test_nothing_is_probed_while_the_contactor_is_closed(bench: Bench) -> None:
    answer = await bench.ask("probe-meter", contactor_closed=True)
    assert (answer.ok, answer.text) == (
        False, "probe-meter: refused while the contactor is closed; end the charge first",
    )  # fmt: skip


async def test_after_a_kill_it_comes_back_with_all_it_knows(bench: Bench) -> None:
    assert bench.instruments is not None
    bench.instruments.kill()
    await asyncio.to_thread(bench.instruments.wait, PATIENCE_S)
    before = len(bench.readings())
    bench.launch()
    await until(lambda: len(bench.readings()) > before)


def test_a_wrong_wallbox_toml_is_named(folder: Path) -> None:
    (folder / WALLBOX_FILE).write_text("[installation]\nmax_current_a = 99\n")
    command = Programs.in_one(folder).program("hal.instruments")
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "installation.max_current_a" in ended.stderr
