"""One whole world for a test: all real processes, the strict Central System, and who looks on.

Deadlines are generous and nothing depends on the speed of the machine: what must have been fast or in order
is judged by the times that the simulated world itself wrote down.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from bridge.central_system.frames import Call
from bridge.demo.central_system import CentralSystem
from bridge.demo.ledger import Tag, Transaction
from hal.contract import InstrumentBox
from tests.system import configured, folders
from tests.system.configured import Values
from tests.system.programs import NAMES, Run
from tests.system.waiting import until, until_asked
from tests.system.wires import Observer, Truth

CARD, OTHER_CARD = "0004AABBCC", "00DEADBEEF"  # an RDM6300 always sends ten digits
TAGS: Mapping[str, Tag] = {CARD: Tag()}
REGISTER_WH = 10  # a step of the meter's register
T = TypeVar("T")


class World:
    """What a test may do and see. Use `world()`."""

    def __init__(
        self, folder: Path, central_system: CentralSystem, environment: Mapping[str, str] = {}
    ) -> None:
        self.central_system = central_system
        self.run = Run(folder, environment)
        self.truth = Truth(self.run.runtime)
        self.observer = Observer(self.run.runtime)
        self._tasks: list[asyncio.Task[None]] = []

    # Starting and ending

    async def start(self) -> None:
        """All processes run, all are connected, the charge point has told its status."""
        boots, boxes = len(self.central_system.ledger.boots), len(self.observer.of(InstrumentBox))
        await self.run.start()
        await self.until((self.run.runtime / "mock.sock").exists, "mock.sock")
        self._tasks = [
            asyncio.create_task(self.truth.watch()),
            asyncio.create_task(self.observer.listen()),
        ]
        await self.until(lambda: sorted(self.run.pids()) == NAMES, "all four run")
        await self.until(lambda: len(self.central_system.ledger.boots) > boots, "BootNotification")
        await self.until(lambda: self.statuses and self.observer.heard, "a status")
        await self.until(lambda: self._reads_cards(boxes), "the card reader")

    def _reads_cards(self, boxes: int) -> bool:
        """A card that is shown before that is seen by nobody. `boxes` were told by earlier starts."""
        return any(box.reader_health == "ok" for box in self.observer.of(InstrumentBox)[boxes:])

    async def end(self) -> int:
        """SIGTERM of `run`; its exit code."""
        try:
            return await self.run.end()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # Waiting

    async def until(self, seen: Callable[[], T], what: str) -> T:
        """What `seen` gives as soon as it is true. Raises AssertionError."""
        return await until(seen, what)

    async def until_status(self, status: str, error_code: str = "NoError") -> None:
        """The last StatusNotification of connector 1 says so."""
        await self.until(lambda: self.told == (status, error_code), f"{status}, {error_code}")

    # The world

    async def do(self, verb: str, **more: object) -> None:
        """Something happens in the simulated world. Raises AssertionError when it cannot."""
        answer = await self.truth.do(verb, **more)
        assert answer["ok"], answer

    async def plant(self) -> dict[str, Any]:
        """The whole truth about box and car."""
        return await self.truth.do("state")

    async def received_wh(self) -> float:
        """By the car's own ledger, since it was plugged in."""
        return float((await self.plant())["ledger"][-1]["received_wh"])

    # Charging

    async def charge(self) -> Transaction:
        """A car comes, a card is shown, current flows; the transaction as the Central System knows it."""
        await self.do("plug-in")
        await self.do("swipe", tag=CARD)
        await self.until_status("Charging")
        await self.until_charged_wh(200)
        return self.transaction

    async def until_charged_wh(self, more_wh: float) -> None:
        """The car has received so much more than now."""
        wanted_wh = await self.received_wh() + more_wh

        async def charged() -> bool:
            return await self.received_wh() >= wanted_wh

        await until_asked(charged, f"{more_wh:g} Wh more")

    async def stop_with_card(self) -> None:
        """The same card: the transaction ends, the car is free and leaves."""
        await self.do("swipe", tag=CARD)
        await self.until_status("Finishing")
        await self.leave()

    async def leave(self) -> None:
        """The car leaves as soon as the lock lets go."""

        async def pulled() -> bool:
            return bool((await self.truth.do("plug-out"))["ok"])

        await until_asked(pulled, "the lock lets go")
        await self.until_status("Available")

    # What the Central System knows

    @property
    def transaction(self) -> Transaction:
        """The only one there ever was: anything else is a duplicate."""
        (transaction,) = self.central_system.ledger.transactions.values()
        return transaction

    @property
    def statuses(self) -> list[str]:
        """Of connector 1; the same again, as with another error code or after a restart, is left out."""
        return [status for status, _ in groupby(self.central_system.ledger.statuses())]

    @property
    def told(self) -> tuple[str, str] | None:
        """The last status and error code of connector 1."""
        told = [each for each in self.central_system.ledger.status_notifications if each["connectorId"] == 1]
        return (told[-1]["status"], told[-1]["errorCode"]) if told else None

    @property
    def energies_wh(self) -> list[int]:
        """Of all MeterValues of the only transaction, in order."""
        return [
            round(float(value["value"]) * 1000)
            for values in self.transaction.values
            for element in values["meterValue"]
            for value in element["sampledValue"]
            if value["measurand"] == "Energy.Active.Import.Register"
        ]

    def requests(self, connection: int = 1) -> list[Call]:
        """The charge point's, from that connection on."""
        lines = [line for line in self.central_system.transcript if line.connection >= connection]
        return [
            line.frame for line in lines if line.sender == "charge point" and isinstance(line.frame, Call)
        ]

    def stopped_once(self, reason: str) -> dict[str, Any]:
        """StopTransaction of the only transaction. Raises AssertionError for none, two, another reason."""
        (stop,) = self.transaction.stops
        assert stop["reason"] == reason
        return stop

    async def billed_rightly(self) -> None:
        """meterStop - meterStart is what the car received, to 1 Wh and two steps of the register."""
        billed_wh = self.transaction.energy_wh
        assert billed_wh is not None
        received_wh = await self.received_wh()
        assert billed_wh > 0
        assert self.energies_wh == sorted(self.energies_wh)
        assert abs(billed_wh - received_wh) <= 1 + 2 * REGISTER_WH, f"{billed_wh} Wh for {received_wh} Wh"

    # Judging and telling

    async def judge(self) -> None:
        """What must be so at the end of every test."""
        assert self.central_system.violations == []
        assert self.central_system.ledger.loose == []
        if "mock" in self.run.pids():
            assert (await self.plant())["pwm_violations"] == []

    def tell(self) -> None:
        """For a failed test."""
        print("--- the last of the processes' output")
        print("\n".join(f"{line.at_s:.3f} {line.text}" for line in self.run.said[-80:]))
        print("--- all statuses")
        for told in self.central_system.ledger.status_notifications:
            print(" ".join(str(value) for value in told.values()))
        print("--- the last of the transcript")
        for line in self.central_system.transcript[-25:]:
            print(f"{line.at_s:.3f} {'>' if line.sender == 'charge point' else '<'} {line.text[:300]!r}")
        print("--- the last of the simulated world")
        print("\n".join(f"{change.at_s:.3f} {change.now}" for change in self.truth.changes[-25:]))
        print("--- the last status\n", self.observer.heard and self.observer.status)


@contextlib.asynccontextmanager
async def world(
    wallbox: Values | None = None,
    charge_point: Values | None = None,
    *,
    tags: Mapping[str, Tag] = TAGS,
    call_timeout_s: float = 9.9,
    another: CentralSystem | None = None,
    environment: Callable[[Path], Mapping[str, str]] = lambda _: {},
) -> AsyncIterator[World]:
    """Running and registered, at the embedded Central System or `another` one. At the end all is judged, all
    is ended; an orphan fails the test. `environment`: more of it for all programs, by the box's folder."""
    async with another or CentralSystem(tags, call_timeout_s=call_timeout_s) as central_system:
        url = {"central_system.url": central_system.url}
        values = wallbox or {}, {**url, **(charge_point or {})}
        async with running(central_system, *values, environment) as one:
            yield one
            await one.judge()


@contextlib.asynccontextmanager
async def running(
    central_system: CentralSystem,
    wallbox: Values,
    charge_point: Values,
    environment: Callable[[Path], Mapping[str, str]],
) -> AsyncIterator[World]:
    """As `world`, at a Central System that listens already; nothing but the end of the programs is judged."""
    folder = folders.new()
    configured.write(folder / "c", wallbox, charge_point)
    one = World(folder, central_system, environment(folder))
    try:
        await one.start()
        yield one
        assert await one.end() == 0
    except BaseException:
        one.tell()
        raise
    finally:
        with contextlib.suppress(TimeoutError):
            await one.end()
        orphans = one.run.kill_orphans()
        folders.remove(folder)
    assert orphans == []
