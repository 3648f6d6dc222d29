"""The charging session of the demo, step by step: each step waits for its effect, none for a time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bridge.central_system.frames import CallResult
from bridge.demo.central_system import CentralSystem, Line
from bridge.demo.present import Present
from bridge.demo.timeline import Row, Timeline, changes, said
from bridge.demo.verdict import LEAST_WH, TOLERANCE_WH
from hal.contract import Message

CARD = "0004AABBCC"  # as an RDM6300 says it: 10 hex digits
SAMPLES = 3  # MeterValues of the session that are waited for
ENOUGH_WH = LEAST_WH + 2 * TOLERANCE_WH
WATCH_LAG_S = 0.01  # the mock looks each 0.02 s: so long ago, on average, was what it tells
LOG_LINES = 25

Ask = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class StepError(Exception):
    """A step went wrong or did not happen; the text names it."""


@dataclass(slots=True)
class Stage:
    """Collects everything that is seen, and passes it to the timeline at once."""

    timeline: Timeline = field(default_factory=Timeline)
    present: Present = field(default_factory=Present)
    step: str = ""
    log: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    fallen: str | None = None  # why nothing more can come
    acted_s: float = 0.0  # when a person last did something
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def heard_plant(self, seen: dict[str, Any]) -> None:
        """Follows a line of `watch`."""
        at_s = max(seen.get("at_s", time.monotonic()) - WATCH_LAG_S, self.acted_s)
        self._now(self.present.with_plant(seen.get("changed", seen)), at_s)

    def heard_hal(self, message: Message) -> None:
        """Follows a line of hal.sock; what carries no moment of its own happens now."""
        self._now(self.present.with_message(message), getattr(message, "at_s", time.monotonic()))

    def heard(self, line: Line) -> None:
        """Follows a line of the Central System's transcript."""
        by_us = line.sender == "charge point"
        row = said(line.at_s, line.frame, line.action, by_us=by_us, present=self.present)
        if row is not None:
            self.timeline.add(row)
        self._stir()

    def logged(self, _: str, line: str) -> None:
        """Follows a line of `evse-bridge run`."""
        self.log.append(line)

    def fell(self, why: str) -> None:
        """Notes that the programs have ended."""
        self.fallen = why
        self._stir()

    async def until(self, step: str, happened: Callable[[], object], limit_s: float) -> None:
        """Looks at every news. Raises StepError."""
        self.step = step
        try:
            async with asyncio.timeout(limit_s):
                while not happened():
                    if self.fallen is not None:
                        raise StepError(f"{step}: {self.fallen}")
                    await self._news.wait()
        except TimeoutError:
            raise StepError(f"{step}: did not happen within {limit_s:g} s") from None

    def _now(self, present: Present, at_s: float) -> None:
        self.timeline.add(*changes(self.present, present, at_s))
        self.present = present
        self._stir()

    def _stir(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Session:
    """What the steps look at, and the actions of the person in front of the box."""

    def __init__(self, stage: Stage, central_system: CentralSystem, ask: Ask) -> None:
        self.stage = stage
        self.central_system = central_system
        self._ask = ask

    @property
    def present(self) -> Present:
        return self.stage.present

    async def play(self) -> None:
        """Plays from the first program up to the car that has left. Raises StepError, CommandError."""
        for step in STEPS:
            if step.act is not None:
                await self._act(step.act)
            await self.stage.until(step.name, partial(step.happened, self), step.limit_s)

    async def _act(self, act: dict[str, Any]) -> None:
        self.stage.acted_s = time.monotonic()
        if act["do"] == "swipe":
            self.stage.timeline.add(Row(self.stage.acted_s, card="card shown"))
        await self._ask(act)

    def status(self) -> tuple[str, str]:
        """Returns what was sent last of connector 1: status and errorCode."""
        statuses = [one for one in self.central_system.ledger.status_notifications if one["connectorId"] == 1]
        return (statuses[-1]["status"], statuses[-1]["errorCode"]) if statuses else ("", "")

    def accepted(self, action: str) -> bool:
        """Says whether it was asked and Accepted. Raises StepError for another answer."""
        for answer in self._answers(action):
            status = answer.get("idTagInfo", {}).get("status", "Accepted")
            if status != "Accepted":
                raise StepError(
                    f"{action}: the Central System answered {status}; Accepted is needed to go on"
                )
            return True
        return False

    def _answers(self, action: str) -> Iterator[dict[str, Any]]:
        for line in self.central_system.transcript:
            if (
                line.action == action
                and line.sender == "central system"
                and isinstance(line.frame, CallResult)
            ):
                yield line.frame.payload

    def samples(self) -> int:
        """Counts MeterValues of transactions so far, Begin and End not counted."""
        return sum(
            value.get("context") == "Sample.Periodic"
            for transaction in self.central_system.ledger.transactions.values()
            for asked in transaction.values
            for element in asked["meterValue"]
            for value in element["sampledValue"][:1]
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the session: `act` is what the person does; then it waits for `happened`."""

    name: str
    happened: Callable[[Session], object]
    act: dict[str, Any] | None = None
    limit_s: float = 20.0  # some ten times what it takes on a slow machine


def _lock(session: Session) -> str | None:
    status = session.present.status
    return status.lock if status is not None else None


def _reported(status: str) -> Callable[[Session], bool]:
    return lambda session: session.status()[0] == status


STEPS: tuple[Step, ...] = (
    Step("the mock wallbox comes up", lambda it: it.present.plant.pilot is not None, limit_s=40.0),
    Step("hal.safety comes up", lambda it: it.present.status is not None, limit_s=40.0),
    Step("hal.instruments comes up: meter and card reader", lambda it: it.present.senses, limit_s=40.0),
    Step("bridge comes up and is accepted", lambda it: it.central_system.registered, limit_s=40.0),
    # 10 s of readings end an error of the meter (it takes long to come up on a busy machine).
    Step("Available is reported, no error", lambda it: it.status() == ("Available", "NoError"), limit_s=40.0),
    Step("the car plugs in", lambda it: it.present.plant.car != "away", {"do": "plug-in"}),
    Step("the lock locks", lambda it: _lock(it) == "locked"),
    Step("Preparing is reported", _reported("Preparing")),
    Step("a card is presented", lambda it: it.present.cards >= 1, {"do": "swipe", "tag": CARD}),
    Step("Authorize is accepted", lambda it: it.accepted("Authorize")),
    Step("StartTransaction is accepted", lambda it: it.accepted("StartTransaction")),
    Step("the pilot offers current", lambda it: isinstance(it.present.plant.pilot, float)),
    Step("the contactor closes", lambda it: it.present.plant.contactor_closed),
    Step("Charging is reported", _reported("Charging")),
    Step(
        f"{SAMPLES} MeterValues are sent and {ENOUGH_WH} Wh have flowed",
        lambda it: it.samples() >= SAMPLES and it.present.plant.received_wh >= ENOUGH_WH,
        limit_s=60.0,
    ),
    Step("the card is presented again", lambda it: it.present.cards >= 2, {"do": "swipe", "tag": CARD}),
    Step("the offer ends", lambda it: it.present.plant.pilot == "x1"),
    Step("the contactor opens", lambda it: not it.present.plant.contactor_closed),
    Step("StopTransaction is accepted", lambda it: it.accepted("StopTransaction")),
    Step("Finishing is reported", _reported("Finishing")),
    Step("the cable is released", lambda it: _lock(it) == "unlocked"),
    Step("the car leaves", lambda it: it.present.plant.car == "away", {"do": "plug-out"}),
    Step("Available is reported", _reported("Available")),
)  # fmt: skip
