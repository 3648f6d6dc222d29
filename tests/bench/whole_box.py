"""All programs of a mock box at a Desk, begun with a store of the bench's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from bridge.compose import DATABASE_NAME
from bridge.store import Database
from hal.contract import InstrumentBox
from tests.bench.desk import Desk
from tests.bench.offline import fill
from tests.system import configured, folders
from tests.system.configured import Values
from tests.system.programs import NAMES, Run
from tests.system.waiting import until
from tests.system.wires import Observer, Truth


@dataclass(frozen=True)
class WholeBox:
    """Its programs run; `truth` moves car and cards."""

    run: Run
    truth: Truth
    observer: Observer
    database: Path

    @property
    def bridge_pid(self) -> int:
        """Of the one program that is measured."""
        return self.run.pids()["bridge"]


@asynccontextmanager
async def whole_box(
    desk: Desk, charge_point: Values, sessions: int = 0, samples: int = 0
) -> AsyncIterator[WholeBox]:
    """`sessions` undelivered ones with `samples` in all; its card reader works. All is ended afterwards."""
    folder = folders.new()
    run = Run(folder)
    configured.write(run.config, {}, {"central_system.url": desk.url, **charge_point})
    run.state.mkdir()
    database = run.state / DATABASE_NAME
    if sessions:
        with closing(Database(database)) as store:
            fill(store, sessions, samples)
    box = WholeBox(run, Truth(run.runtime), Observer(run.runtime), database)
    try:
        await run.start()
        await until((run.runtime / "mock.sock").exists, "mock.sock")
        await until(lambda: sorted(run.pids()) == NAMES, "all four run")
        hearing = asyncio.create_task(box.observer.listen())
        await until(lambda: _reads_cards(box.observer), "the card reader")
        yield box
        hearing.cancel()
    finally:
        await run.end()
        run.kill_orphans()
        folders.remove(folder)


def _reads_cards(observer: Observer) -> bool:
    return any(box.reader_health == "ok" for box in observer.of(InstrumentBox))
