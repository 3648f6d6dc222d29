"""Notes what is so each ten seconds, for the plots of the page. It waits for no disk: a thread does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bridge.local.history.days import Register, counted
from bridge.local.history.record import Day, Record, Sample
from bridge.local.state.state import State
from bridge.local.watch import Watch

SAMPLE_EVERY_S = 10
NEARLY = 0.5  # s by which a look may come too soon
WRITE_EVERY_S = 300.0  # a power cut takes so much of the plots; never oftener than once a minute

T = TypeVar("T")
log = logging.getLogger(__name__)


class History:
    """Run `run()` as a task. Without a disk the plots have what memory has."""

    def __init__(self, folder: Path, watch: Watch) -> None:
        self._record = Record(folder)
        self._watch = watch
        self._thread = ThreadPoolExecutor(1, "history")
        self._days: dict[str, Day] = {}
        self._changed: set[str] = set()
        self._register: Register | None = None
        self._unwritten: list[Sample] = []
        self._last_s = 0

    async def run(self) -> None:
        """Notes until it is cancelled; then what is not written yet is written."""
        await self._open()
        loop = asyncio.get_running_loop()
        number, written_s = 0, loop.time()
        try:
            while True:
                seen = await self._watch.newer(number)
                number = seen.number
                if seen.state is not None:
                    self.note(seen.state)
                if loop.time() - written_s >= WRITE_EVERY_S:
                    written_s = loop.time()
                    await self._write()
        finally:
            await self._write()
            await self._in_thread(self._record.close)

    def note(self, state: State) -> None:
        """Takes a sample, if the last one is old enough, the time is known and the meter is fresh."""
        meter, at = state.meter, _at(state)
        if at is None or meter is None or not meter.fresh:
            return
        at_s = int(at.timestamp())
        if 0 <= at_s - self._last_s < SAMPLE_EVERY_S - NEARLY:
            return
        self._last_s = at_s
        l1_a, l2_a, l3_a = meter.current_a
        self._unwritten.append((at_s, meter.power_w, l1_a, l2_a, l3_a, state.box.offered_a))
        del self._unwritten[: -int(WRITE_EVERY_S)]  # of a disk that takes nothing
        register = Register(meter.serial, meter.energy_wh, at_s, at.astimezone().date().isoformat())
        for part in counted(self._register, register):
            energy_wh, whole = self._days.get(part.day, (0, True))
            self._days[part.day] = energy_wh + part.energy_wh, whole and part.whole
            self._changed.add(part.day)
        self._register = register

    async def samples(self, span_s: int, step_s: int, now_s: float) -> list[Sample]:
        """Returns those of the last `span_s`, each the mean of `step_s`; of a gap there are none."""
        since_s = int(now_s) - span_s
        found: Sequence[Sample] = ()
        with contextlib.suppress(sqlite3.Error):
            found = await self._in_thread(lambda: self._record.samples(since_s))
        written = found[-1][0] if found else 0
        fresh = [each for each in self._unwritten if each[0] >= since_s and each[0] > written]
        return means([*found, *fresh], step_s)

    def energy(self, *, by_month: bool) -> list[tuple[str, int, bool]]:
        """Returns energy by day or by month, the oldest first; of one not whole some is not known."""
        if not by_month:
            return [(day, energy_wh, whole) for day, (energy_wh, whole) in sorted(self._days.items())]
        months: dict[str, Day] = {}
        for day, (energy_wh, whole) in sorted(self._days.items()):
            sum_wh, all_whole = months.get(day[:7], (0, True))
            months[day[:7]] = sum_wh + energy_wh, all_whole and whole
        return [(month, energy_wh, whole) for month, (energy_wh, whole) in months.items()]

    async def _open(self) -> None:
        try:
            remembered = await self._in_thread(self._record.open)
        except (sqlite3.Error, OSError) as error:
            log.error("the history cannot be kept (%s); the plots begin with this start", error)
            return
        self._days, self._register = dict(remembered.days), remembered.register

    async def _write(self) -> None:
        samples, register = tuple(self._unwritten), self._register
        if not samples:
            return
        changed, self._changed = {day: self._days[day] for day in self._changed}, set()
        newest_s = samples[-1][0]
        try:
            await self._in_thread(lambda: self._record.write(samples, changed, register, newest_s))
        except sqlite3.Error as error:
            log.error("the history cannot be written: %s", error)
            self._changed |= set(changed)
        else:
            self._unwritten = [each for each in self._unwritten if each not in samples]

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def means(samples: Sequence[Sample], step_s: int) -> list[Sample]:
    """Returns one sample for each step in which there was one, dated at its begin."""
    steps: dict[int, list[Sample]] = {}
    for sample in samples:
        steps.setdefault(sample[0] // step_s * step_s, []).append(sample)
    return [(at_s, *(_mean(of_step, n) for n in range(1, 6))) for at_s, of_step in steps.items()]  # type: ignore[misc]


def _mean(samples: Sequence[Sample], column: int) -> float:
    return round(sum(sample[column] for sample in samples) / len(samples), 2)


def _at(state: State) -> datetime | None:
    try:
        return datetime.fromisoformat(state.at) if state.at else None
    except ValueError:
        return None
