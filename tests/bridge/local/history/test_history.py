"""The history: what it notes outlasts a restart, a damaged file is set aside, gaps stay gaps."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from bridge.local.asker import Asker
from bridge.local.history.history import History, means
from bridge.local.history.record import FILE_NAME, KEPT_DAYS, Record
from bridge.local.watch import Watch
from tests.bridge.local.states import AT, WELL, changed

BEGIN = datetime.fromisoformat(AT)


@contextlib.asynccontextmanager
async def kept(folder: Path) -> AsyncIterator[History]:
    """Runs it from its start to its end; nobody is asked."""
    watch = Watch(Asker(folder))
    history = History(folder, watch)
    running = asyncio.create_task(history.run())
    await asyncio.sleep(0)
    await history.samples(1, 1, 0.0)  # comes after the file was opened
    try:
        yield history
    finally:
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled() or running.exception() is None


def note(history: History, after_s: float, energy_wh: int, power_w: float = 0.0) -> None:
    meter = {"energy_wh": energy_wh, "power_w": power_w}
    history.note(changed(WELL, at=(BEGIN + timedelta(seconds=after_s)).isoformat(), meter=meter))


async def test_what_was_noted_outlasts_a_restart(tmp_path: Path) -> None:
    now_s = BEGIN.timestamp() + 100
    async with kept(tmp_path) as history:
        for step in range(10):
            note(history, step * 10, 1000 + step, power_w=step)
        note(history, 91, 1100)  # too soon
        live = await history.samples(3600, 10, now_s)
    async with kept(tmp_path) as history:
        assert await history.samples(3600, 10, now_s) == live
        assert [sample[1] for sample in live] == list(range(10))
        day = BEGIN.astimezone().date().isoformat()
        assert history.energy(by_month=False) == [(day, 9, False)]
        note(history, 200, 1050)
        assert history.energy(by_month=True) == [(day[:7], 50, False)]
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


async def test_a_gap_stays_a_gap(tmp_path: Path) -> None:
    async with kept(tmp_path) as history:
        note(history, 0, 1000)
        note(history, 1800, 1500)
        found = await history.samples(3600, 60, BEGIN.timestamp() + 1900)
    assert [sample[0] - int(BEGIN.timestamp()) for sample in found] == [0, 1800]


async def test_without_time_or_reading_nothing_is_noted(tmp_path: Path) -> None:
    async with kept(tmp_path) as history:
        history.note(changed(WELL, at=None))
        history.note(changed(WELL, at="rubbish"))
        history.note(changed(WELL, meter={"fresh": False}))
        history.note(msgspec.structs.replace(WELL, meter=None))
        assert history.energy(by_month=False) == []


def rubbish(path: Path) -> None:
    path.write_bytes(b"rubbish" * 1000)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def emptied_of_tables(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[100:2000] = bytes(1900)
    path.write_bytes(whole)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("damage", [rubbish, cut_off, emptied_of_tables, a_folder, a_pipe])
async def test_a_damaged_file_is_set_aside(
    tmp_path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    async with kept(tmp_path) as history:
        note(history, 0, 1000)
    damage(tmp_path / FILE_NAME)
    async with kept(tmp_path) as history:
        note(history, 20, 1000)
    assert "the plots begin anew" in caplog.text
    assert (tmp_path / "history.unreadable").exists()
    async with kept(tmp_path) as history:
        assert len(await history.samples(3600, 10, BEGIN.timestamp() + 30)) == 1


async def test_on_a_disk_that_takes_nothing_memory_does(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    async with kept(folder) as history:
        note(history, 0, 1000)
        assert len(await history.samples(3600, 10, BEGIN.timestamp() + 30)) == 1


def test_a_file_is_bounded(tmp_path: Path) -> None:
    record = Record(tmp_path)
    record.open()
    days = {f"{number:05}": (1, True) for number in range(KEPT_DAYS + 10)}
    record.write([(number * 10, 0, 0, 0, 0, 0) for number in range(20_000)], days, None, 200_000.0)
    assert len(record.samples(0.0)) == 48 * 360
    record.close()
    assert len(record.open().days) == KEPT_DAYS
    record.close()


def test_means_are_those_of_each_step() -> None:
    samples = [(60, 10.0, 1.0, 0.0, 0.0, 6.0), (70, 20.0, 2.0, 0.0, 0.0, 6.0), (130, 5.0, 0.0, 0.0, 0.0, 0.0)]
    assert means(samples, 60) == [(60, 15.0, 1.5, 0.0, 0.0, 6.0), (120, 5.0, 0.0, 0.0, 0.0, 0.0)]
