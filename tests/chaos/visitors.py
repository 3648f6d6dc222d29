"""Who comes to one real box: a car that is plugged in, cards, the Central System's own wishes, and their end.

What they do is noted: for the judge as reasons for which a transaction may end, for the reader in words.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from datetime import UTC, datetime, timedelta

from bridge.demo.central_system import Refused
from tests.chaos.books import Happened
from tests.system.programs import Said
from tests.system.world import World

CARDS = ("0004AABBCC", "0004DDEEFF", "0004556677")  # an RDM6300 always sends ten digits
# The reason of a stop that may come of it.
ENDS_BY = {"swipe": "Local", "plug-out": "EVDisconnected", "cp_open": "EVDisconnected"}
SOON_S = 6.0
TRIES = 4
PATIENCE_S = 120.0
GIVES_UP = (Refused, TimeoutError, ConnectionError)


def moment(at_s: float) -> datetime:
    """A moment of CLOCK_MONOTONIC on the machine's calendar, in whole seconds as the box tells them."""
    at = datetime.now(UTC) - timedelta(seconds=time.monotonic() - at_s)
    return at.replace(microsecond=0)


class Visitors:
    """`name` is their seed."""

    def __init__(self, name: str, world: World) -> None:
        self.happened: list[Happened] = []
        self.log: list[Said] = []
        self.steady = asyncio.Lock()  # held while there is no power
        self._chance = random.Random(f"people of {name}")
        self._world = world

    async def visit(self) -> None:
        """A car comes, charges, leaves."""
        await self._let_an_electrician_look()
        card = self._chance.choice(CARDS)
        await self.do("plug-in")
        for _ in range(TRIES):
            await asyncio.sleep(0.5)
            if self._chance.random() < 0.3:
                await self._call("RemoteStartTransaction", idTag=card)
            else:
                await self.do("swipe", tag=card)
            if await self._charges_soon():
                break
        await asyncio.sleep(self._chance.uniform(1.0, 4.0))
        await self._end(card)
        await asyncio.sleep(1.0)
        await self.drive_away(card)
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
                await self.do("swipe", tag=card)
            case "remote":
                await self._stop_from_afar()
            case "unplugs":
                await self.do("fault", name="cp_open")
            case "list":
                listed = [{"idTag": card, "idTagInfo": {"status": "Accepted"}}]
                version = self._chance.randint(1, 10_000)
                await self._call(
                    "SendLocalList", listVersion=version, updateType="Full", localAuthorizationList=listed
                )
            case kind:
                self.happens(f"{kind}Reset")
                await self._call("Reset", type=kind)

    async def _stop_from_afar(self) -> None:
        newest = max(self._world.central_system.ledger.transactions, default=1)
        self.happens("Remote")
        await self._call("RemoteStopTransaction", transactionId=newest)

    async def drive_away(self, card: str) -> None:
        """The stop, then the cable at the car's side, then the cable at the box as soon as it lets go."""
        patience_s = time.monotonic() + PATIENCE_S
        tries = 0
        while (await self._world.plant())["car"] != "away":
            if await self.do("plug-out"):
                break
            tries += 1
            if tries % 10 == 0:
                await self.do("swipe", tag=card)
                await self._stop_from_afar()
            if tries == 15:
                await self.do("fault", name="cp_open")
            if tries % 30 == 0:
                await self._let_an_electrician_look()
            assert time.monotonic() < patience_s, f"the lock never lets go: {await self._world.plant()}"
            await asyncio.sleep(0.3)
        await self.do("clear", name="cp_open")

    async def _let_an_electrician_look(self) -> None:
        """A machine that stands still stops the simulated world too: a contactor seems welded then."""
        if any(fault.clears == "person" for fault in self._world.observer.status.faults):
            self.note("an electrician looks")
            await self.do("clear", name="tripped")
            run = self._world.run
            with contextlib.suppress(AssertionError):  # hal.safety, or the bridge, is just away
                await run.command("clear", "--yes", "--runtime-dir", str(run.runtime))

    async def do(self, verb: str, **more: object) -> bool:
        """Whether it could be done."""
        async with self.steady:
            before_s = time.monotonic()
            done = bool((await self._world.truth.do(verb, **more))["ok"])
        self.note(f"{verb} {' '.join(map(str, more.values()))}{'' if done else ': not possible'}")
        if done and (reason := ENDS_BY.get(verb) or ENDS_BY.get(str(more.get("name")))) is not None:
            self.happens(reason, before_s)
        return done

    def happens(self, reason: str, at_s: float | None = None) -> None:
        """For the judge; `at_s` None: now."""
        self.happened.append(Happened(moment(time.monotonic() if at_s is None else at_s), reason))

    def note(self, text: str) -> None:
        self.log.append(Said(time.monotonic(), f"*** {text}"))

    async def _call(self, action: str, **payload: object) -> None:
        """The Central System asks; on a bad link it gets no answer."""
        with contextlib.suppress(*GIVES_UP):
            await self._world.central_system.call(action, payload, timeout_s=2.0)
