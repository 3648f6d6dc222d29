"""One real box under a plan: all its programs, a proxy that harms its link, a car that comes and goes.

Two tasks side by side: people with cars and cards, and the faults of the plan. Then all becomes calm and the
ledgers are compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.demo.central_system import CentralSystem
from bridge.demo.ledger import Tag
from tests.chaos import evidence
from tests.chaos.books import CUT, Estimates, Happened, Verdict, judge, plug_ins_of, sessions_of
from tests.chaos.clock import BoxClock
from tests.chaos.plan import (
    Amounts,
    BoxFault,
    ClockJump,
    Fault,
    Kill,
    Link,
    Planned,
    PowerCut,
    kind_of,
    plan,
    words,
)
from tests.chaos.proxy import AT_ONCE, Proxy
from tests.chaos.visitors import CARDS, Visitors, moment
from tests.partner.ocpp_rpc import OcppRpc
from tests.system.configured import Values
from tests.system.world import World, running

TAGS = {card: Tag(parent="FAMILY") for card in CARDS}
ENERGY_FACTOR = 60.0
# Of a session marked as estimated, at 11 kW: a meter counts as lost after 3 s, a reading is each half second.
UNMETERED_WH = 11_040 / 3600 * ENERGY_FACTOR * 3.5
WALLBOX: Values = {
    "contactor.min_off_s": 0.1,
    "contactor.after_fault_s": 1.0,
    "contactor.max_closings": 10_000,
    "contactor.starts_for_person": 10_000,
    "lock.retry_wait_s": 0.5,
    "mock.energy_factor": ENERGY_FACTOR,
}
TIME_OUT_S = 3.0
CHARGE_POINT: Values = {
    "timing.transaction_time_out_s": TIME_OUT_S,
    "ocpp.keys.AllowOfflineTxForUnknownId": True,
    "ocpp.keys.TransactionMessageRetryInterval": 2,
    "ocpp.keys.TransactionMessageAttempts": 200,
    "ocpp.keys.WebSocketPingInterval": 3,
    "ocpp.keys.HeartbeatInterval": 10,
}
LATE_S = TIME_OUT_S + 0.5  # after the time-out, before the resend
OCCASION_S = 90.0  # so long a fault waits for its occasion
CALM_S = 120.0  # in which everything must be delivered
STILL_S = 4.0
MOST_VISITS = 3  # for each session that is wanted


@dataclass(frozen=True, slots=True)
class Lived:
    """The outcome of one life."""

    verdict: Verdict
    done: tuple[Fault, ...]
    undone: tuple[Fault, ...]
    destroyed: int  # answers to StartTransaction and StopTransaction, by the proxy
    interruptions: int  # kills and power cuts: each may have destroyed one more
    faults: tuple[str, ...]

    @property
    def good(self) -> bool:
        return not self.faults


class BoxLife:
    """Use `life()`."""

    def __init__(self, name: str, world: World, proxy: Proxy, clock: BoxClock | None) -> None:
        self._name = name
        self._world = world
        self._proxy = proxy
        self._clock = clock
        self._done: list[Fault] = []
        self._undone: list[Fault] = []
        self._visitors = Visitors(name, world)

    async def live(self, planned: list[Planned], amounts: Amounts) -> Lived:
        """All of the plan, and at least so many sessions; a car that finds no current is none."""
        first_wh = float((await self._world.plant())["energy_wh"])
        faults = asyncio.create_task(self._suffer(planned))
        try:
            await self._live_beside(faults, amounts)
        except AssertionError as stuck:
            faults.cancel()
            return await self._judged(first_wh, amounts, f"stuck: {stuck}")
        return await self._judged(first_wh, amounts)

    async def _live_beside(self, faults: asyncio.Task[None], amounts: Amounts) -> None:
        visits, ledger = 0, self._world.central_system.ledger
        ends_s = time.monotonic() + amounts.duration_s
        while (
            not faults.done()
            or time.monotonic() < ends_s
            or (
                len(sessions_of(ledger.transactions.values())) < amounts.sessions
                and visits < MOST_VISITS * amounts.sessions
            )
        ):
            await self._visitors.visit()
            visits += 1
        await faults
        await self._calm_down()

    # Faults

    async def _suffer(self, planned: list[Planned]) -> None:
        began_s = time.monotonic()
        for one in planned:
            await asyncio.sleep(max(0.0, began_s + one.at_s - time.monotonic()))
            happened = await self._happens(one.fault)
            (self._done if happened else self._undone).append(one.fault)
        await self._within(lambda: not self._proxy.waiting)
        for armed in self._proxy.waiting:
            unfit = Link(armed.fault, armed.action)
            self._done.remove(unfit)
            self._undone.append(unfit)

    async def _happens(self, fault: Fault) -> bool:
        """Returns when it has happened, is armed, or could not be."""
        self._visitors.note(words(fault))
        match fault:
            case Link():
                if fault.fault in AT_ONCE and not await self._within(lambda: self._proxy.connected):
                    return False
                self._proxy.arm(fault.fault, fault.action)
            case Kill(program=program):
                return await self._kill(program)
            case PowerCut(off_s=off_s):
                await self._cut_power(off_s)
            case ClockJump(by_s=by_s):
                assert self._clock is not None
                self._clock.jump(by_s)
            case BoxFault(name=name, for_s=for_s):
                await self._visitors.do("fault", name=name)
                await asyncio.sleep(for_s)
                await self._visitors.do("clear", name=name)
        return True

    async def _kill(self, program: str) -> bool:
        if not await self._within(lambda: program in self._world.run.pids()):
            return False
        self._world.run.kill(program)
        return True

    async def _cut_power(self, off_s: float) -> None:
        world = self._world
        async with self._visitors.steady:
            self._visitors.happens(CUT)
            await world.do("power-cut")
            await world.until(lambda: list(world.run.pids()) == ["mock"], "only the world lives")
            await asyncio.sleep(off_s)
            await world.do("power-on")

    async def _within(self, seen: Callable[[], bool]) -> bool:
        deadline_s = time.monotonic() + OCCASION_S
        while not seen():
            if time.monotonic() > deadline_s:
                return False
            await asyncio.sleep(0.05)
        return True

    # The end

    async def _calm_down(self) -> None:
        """Until every session told has ended and nothing new has come for a while."""
        self._proxy.calm()
        await self._visitors.drive_away(CARDS[0])
        ledger = self._world.central_system.ledger
        deadline_s = time.monotonic() + CALM_S
        seen, since_s = -1, time.monotonic()
        while time.monotonic() < deadline_s:
            count = sum(1 + len(each.values) + len(each.stops) for each in ledger.transactions.values())
            if count != seen or self._world.told != ("Available", "NoError"):
                seen, since_s = count, time.monotonic()
            if time.monotonic() - since_s > STILL_S:
                return
            await asyncio.sleep(0.1)

    def _faults_of_the_box(self) -> Iterator[Happened]:
        """Some end a transaction. The box says them, and it is seen elsewhere whether it is right."""
        for line in self._world.run.said:
            if "| fault " in line.text and not line.text.endswith(" ended"):
                yield Happened(moment(line.at_s), "Other")

    async def _estimates(self) -> Estimates:
        """As `evse-bridge sessions --export` tells the owner."""
        told = self._world.run.state / "sessions.csv"
        await self._world.run.command("sessions", "--export", str(told), *self._world.run.arguments)
        with told.open(newline="") as lines:
            marked = [row for row in csv.DictReader(lines) if row["estimated"] == "yes"]
        keys = ((round(float(row["meter_start_kwh"]) * 1000), row["started_at"]) for row in marked)
        return Estimates(frozenset(keys), UNMETERED_WH)

    @property
    def _jumped(self) -> bool:
        return any(isinstance(fault, ClockJump) for fault in self._done)

    async def _judged(self, first_wh: float, amounts: Amounts, *faults_so_far: str) -> Lived:
        received = [entry["received_wh"] for entry in (await self._world.plant())["ledger"]]
        transactions = self._world.central_system.ledger.transactions.values()
        happened = None if self._jumped else [*self._visitors.happened, *self._faults_of_the_box()]
        verdict = judge(transactions, plug_ins_of(received, first_wh), happened, await self._estimates())
        destroyed = sum(self._proxy.destroyed.values())
        interruptions = sum(isinstance(fault, Kill | PowerCut) for fault in self._done)
        faults = [*faults_so_far, *verdict.faults, *self._world.central_system.violations]
        faults += [f"planned, but it did not happen: {kind_of(fault)}" for fault in self._undone]
        repeated = verdict.repeated_starts + verdict.repeated_stops
        if not repeated <= destroyed + interruptions:
            faults.append(f"{repeated} repeated messages, but only {destroyed} answers were destroyed")
        if verdict.sessions < amounts.sessions:
            faults.append(f"{verdict.sessions} sessions, {amounts.sessions} are wanted")
        if faults:
            faults.append(f"all of it: {evidence.write(self._name, self._world, self._visitors.log, faults)}")
        return Lived(
            verdict,
            tuple(self._done),
            tuple(self._undone),
            destroyed,
            interruptions,
            tuple(f"{self._name}: {fault}" for fault in faults),
        )


async def life(name: str, amounts: Amounts, *, partner: bool = False) -> Lived:
    """One box, its whole life; `name` is its seed.

    `partner`: its Central System is ocpp-rpc in strict mode, else our own.
    """
    planned = plan(name, amounts)
    central_system = OcppRpc(TAGS) if partner else CentralSystem(TAGS, call_timeout_s=TIME_OUT_S - 0.1)
    async with _box(name, central_system, jumps=amounts.clock_jumps > 0) as box:
        return await box.live(planned, amounts)


@contextlib.asynccontextmanager
async def _box(name: str, central_system: CentralSystem, *, jumps: bool) -> AsyncIterator[BoxLife]:
    clock = BoxClock() if jumps else None
    environment = clock.environment if clock is not None else _as_ours
    async with (
        central_system,
        Proxy(central_system.url, late_s=LATE_S) as proxy,
        running(
            central_system, WALLBOX, {**CHARGE_POINT, "central_system.url": proxy.url}, environment
        ) as world,
    ):
        yield BoxLife(name, world, proxy, clock)


def _as_ours(_folder: Path) -> Mapping[str, str]:
    return {}
