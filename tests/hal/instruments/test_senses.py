"""The real process of the instruments beside the real mock; only hal.safety is played."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hal import settings
from hal.contract import Card, InstrumentBox, Message, Reading
from tests.hal.instruments.safety import Safety
from tests.hal.instruments.waiting import PATIENCE_S, until
from tests.hal.mock.world import RunningMock

LINE_READER = """model = "line"
port = "/dev/ttyAMA0"
prefix = "UID="
terminator = "crlf"
"""


class Bench:
    """The processes and all that the instruments have told."""

    def __init__(self, folder: Path, reader: str | None) -> None:
        self.world = RunningMock(folder)
        if reader is not None:
            head, _, tail = settings.new_file(mock=True).partition("[reader]\n")
            self.world.configure(f"{head}[reader]\n{reader}\n{tail[tail.index('[') :]}")
        self.safety = Safety(self.world.runtime_dir / "hal.sock")
        self._folder = folder
        self.instruments: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        await asyncio.to_thread(self.world.start)
        await self.safety.start()
        self.launch()

    def launch(self) -> None:
        options = ["--mock", "--config-dir", str(self._folder / "c"), "--state-dir", str(self._folder / "d")]
        command = [sys.executable, "-I", "-m", "hal.instruments", *options]
        self.instruments = subprocess.Popen([*command, "--runtime-dir", str(self.world.runtime_dir)])

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

    def readings(self) -> list[Reading]:
        return [message for message in self.told() if isinstance(message, Reading)]


@pytest.fixture
async def bench(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    bench = Bench(folder, getattr(request, "param", None))
    await bench.start()
    await until(lambda: any(box.reader_health == "ok" and box.meter_health == "ok" for box in bench.boxes()))
    yield bench
    assert await bench.stop() == 0


async def test_readings_come_and_say_that_they_are_a_mocks(bench: Bench) -> None:
    await until(lambda: len(bench.readings()) >= 3)
    at_s = [reading.at_s for reading in bench.readings()]
    assert at_s == sorted(set(at_s))
    assert bench.readings()[-1].energy_wh == 12_345_000
    await until(lambda: bench.boxes()[-1].meter_serial == "MOCK63000001")
    assert {box.reader_health for box in bench.boxes()} == {"ok"}  # one not tried yet is not called broken


async def test_the_mock_plays_the_meter_of_wallbox_toml(folder: Path) -> None:
    bench = Bench(folder, None)
    bench.world.configure(settings.new_file(mock=True).replace("eastron_sdm630", "carlo_gavazzi_em24_rs485"))
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


async def test_after_a_kill_it_comes_back_with_all_it_knows(bench: Bench) -> None:
    assert bench.instruments is not None
    bench.instruments.kill()
    await asyncio.to_thread(bench.instruments.wait, PATIENCE_S)
    before = len(bench.readings())
    bench.launch()
    await until(lambda: len(bench.readings()) > before)


def test_a_wrong_wallbox_toml_is_named(folder: Path) -> None:
    (folder / settings.FILE_NAME).write_text("[installation]\nmax_current_a = 99\n")
    options = [word for name in ("config", "state", "runtime") for word in (f"--{name}-dir", str(folder))]
    ended = subprocess.run(
        [sys.executable, "-I", "-m", "hal.instruments", *options], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "installation.max_current_a" in ended.stderr
