"""One real box under a plan: all its programs, a proxy that harms its link, a car that comes and goes.

Two tasks side by side: people with cars and cards, and the faults of the plan. Then all becomes calm and the
ledgers are compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from bridge.cli.central_system import CentralSystem, Refused
from bridge.cli.ledger import Tag
from tests.chaos.books import Verdict, judge, plug_ins_of, sessions_of
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
)
from tests.chaos.proxy import AT_ONCE, Proxy
from tests.partner.ocpp_rpc import OcppRpc
from tests.system import configured
from tests.system.configured import Values
from tests.system.world import World

CARDS = ("0004AABBCC", "0004DDEEFF", "0004556677")  # an RDM6300 always sends ten digits
TAGS = {card: Tag(parent="FAMILY") for card in CARDS}
ENERGY_FACTOR = 60.0
# A sample each second, a reading each half second, at 11 kW: for a meter that is late after a power cut.
BEFORE_CUT_WH = 11_040 / 3600 * ENERGY_FACTOR * 1.5
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
SOON_S = 6.0
TRIES = 4
MOST_VISITS = 3  # for each session that is wanted
GIVES_UP = (Refused, TimeoutError, ConnectionError)


@dataclass(frozen=True, slots=True)
class Lived:
    """The outcome of one life."""

    verdict: Verdict
    done: tuple[Fault, ...]
    undone: tuple[Fault, ...]
    destroyed: int  # answers to StartTransaction and StopTransaction, by the proxy
    interruptions: int  # kills and power cuts: each may have destroyed one more
    jumped: bool
    faults: tuple[str, ...]

    @property
    def good(self) -> bool:
        return not self.faults


class BoxLife:
    """Use `life()`."""

    def __init__(self, name: str, world: World, proxy: Proxy, clock: BoxClock | None) -> None:
        self._chance = random.Random(f"people of {name}")
        self._name = name
        self._world = world
        self._proxy = proxy
        self._clock = clock
        self._done: list[Fault] = []
        self._undone: list[Fault] = []
        self._steady = asyncio.Lock()  # held while there is no power

    async def live(self, planned: list[Planned], amounts: Amounts) -> Lived:
        """All of the plan, and at least so many sessions; a car that finds no current is none."""
        first_wh = float((await self._world.plant())["energy_wh"])
        faults = asyncio.create_task(self._suffer(planned))
        visits, ledger = 0, self._world.central_system.ledger
        while not faults.done() or (
            len(sessions_of(ledger.transactions.values())) < amounts.sessions
            and visits < MOST_VISITS * amounts.sessions
        ):
            await self._visit()
            visits += 1
        await faults
        await self._calm_down()
        return await self._judged(first_wh, amounts)

    # People

    async def _visit(self) -> None:
        """A car comes, charges, leaves."""
        card = self._chance.choice(CARDS)
        await self._try("plug-in")
        for _ in range(TRIES):
            await asyncio.sleep(0.5)
            if self._chance.random() < 0.3:
                await self._call("RemoteStartTransaction", idTag=card)
            else:
                await self._try("swipe", tag=card)
            if await self._charges_soon():
                break
        await asyncio.sleep(self._chance.uniform(1.0, 4.0))
        await self._end(card)
        await asyncio.sleep(1.0)
        await self._drive_away(card)
        await asyncio.sleep(1.0)

    async def _charges_soon(self) -> bool:
        """A box that has just started needs some seconds, and a card some more offline."""
        deadline_s = time.monotonic() + SOON_S
        while time.monotonic() < deadline_s:
            if (await self._world.plant())["power_w"] > 0:
                return True
            await asyncio.sleep(0.2)
        return False

    async def _end(self, card: str) -> None:
        match self._chance.choice(("card", "card", "remote", "unplugs", "Soft", "Hard", "list")):
            case "card":
                await self._try("swipe", tag=card)
            case "remote":
                await self._stop_from_afar()
            case "unplugs":
                await self._try("fault", name="cp_open")
            case "list":
                listed = [{"idTag": card, "idTagInfo": {"status": "Accepted"}}]
                version = self._chance.randint(1, 10_000)
                await self._call(
                    "SendLocalList", listVersion=version, updateType="Full", localAuthorizationList=listed
                )
            case kind:
                await self._call("Reset", type=kind)

    async def _stop_from_afar(self) -> None:
        newest = max(self._world.central_system.ledger.transactions, default=1)
        await self._call("RemoteStopTransaction", transactionId=newest)

    async def _drive_away(self, card: str) -> None:
        """The stop, then the cable at the car's side, then the cable at the box as soon as it lets go."""
        patience_s = time.monotonic() + CALM_S
        tries = 0
        while (await self._world.plant())["car"] != "away":
            if await self._try("plug-out"):
                break
            tries += 1
            if tries % 10 == 0:
                await self._try("swipe", tag=card)
                await self._stop_from_afar()
            if tries == 15:
                await self._try("fault", name="cp_open")
            assert time.monotonic() < patience_s, f"the lock never lets go: {await self._world.plant()}"
            await asyncio.sleep(0.3)
        await self._try("clear", name="cp_open")

    async def _try(self, verb: str, **more: object) -> bool:
        """Whether it could be done."""
        async with self._steady:
            return bool((await self._world.truth.do(verb, **more))["ok"])

    async def _call(self, action: str, **payload: object) -> None:
        """The Central System asks; on a bad link it gets no answer."""
        with contextlib.suppress(*GIVES_UP):
            await self._world.central_system.call(action, payload, timeout_s=2.0)

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
                await self._try("fault", name=name)
                await asyncio.sleep(for_s)
                await self._try("clear", name=name)
        return True

    async def _kill(self, program: str) -> bool:
        if not await self._within(lambda: program in self._world.run.pids()):
            return False
        self._world.run.kill(program)
        return True

    async def _cut_power(self, off_s: float) -> None:
        world = self._world
        async with self._steady:
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
        await self._drive_away(CARDS[0])
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

    async def _judged(self, first_wh: float, amounts: Amounts) -> Lived:
        received = [entry["received_wh"] for entry in (await self._world.plant())["ledger"]]
        transactions = self._world.central_system.ledger.transactions.values()
        verdict = judge(transactions, plug_ins_of(received, first_wh), None, BEFORE_CUT_WH)
        destroyed = sum(self._proxy.destroyed.values())
        interruptions = sum(isinstance(fault, Kill | PowerCut) for fault in self._done)
        faults = list(verdict.faults)
        faults += [f"planned, but it did not happen: {kind_of(fault)}" for fault in self._undone]
        repeated = verdict.repeated_starts + verdict.repeated_stops
        if not repeated <= destroyed + interruptions:
            faults.append(f"{repeated} repeated messages, but only {destroyed} answers were destroyed")
        if verdict.sessions < amounts.sessions:
            faults.append(f"{verdict.sessions} sessions, {amounts.sessions} are wanted")
        return Lived(
            verdict,
            tuple(self._done),
            tuple(self._undone),
            destroyed,
            interruptions,
            any(isinstance(fault, ClockJump) for fault in self._done),
            tuple(f"{self._name}: {fault}" for fault in faults),
        )


async def life(name: str, amounts: Amounts, *, partner: bool = False) -> Lived:
    """One box, its whole life; `name` is its seed. Raises AssertionError when it is stuck.

    `partner`: its Central System is ocpp-rpc in strict mode, else our own.
    """
    planned = plan(name, amounts)
    central_system = OcppRpc(TAGS) if partner else CentralSystem(TAGS, call_timeout_s=TIME_OUT_S - 0.1)
    async with _box(name, central_system, jumps=amounts.clock_jumps > 0) as box:
        return await box.live(planned, amounts)


@contextlib.asynccontextmanager
async def _box(name: str, central_system: CentralSystem, *, jumps: bool) -> AsyncIterator[BoxLife]:
    folder = Path(tempfile.mkdtemp(prefix="evse-", dir="/tmp"))
    clock = BoxClock(folder) if jumps else None
    async with (
        central_system,
        Proxy(central_system.url, late_s=LATE_S) as proxy,
    ):
        configured.write(folder / "c", WALLBOX, {**CHARGE_POINT, "central_system.url": proxy.url})
        world = World(folder, central_system, clock.environment if clock is not None else {})
        try:
            await world.start()
            yield BoxLife(name, world, proxy, clock)
            assert central_system.violations == []
            assert await world.end() == 0
        except BaseException:
            world.tell()
            raise
        finally:
            with contextlib.suppress(TimeoutError):
                await world.end()
            orphans = world.run.kill_orphans()
            shutil.rmtree(folder)
    assert orphans == []
