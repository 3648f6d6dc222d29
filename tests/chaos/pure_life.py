"""The life of a pure box whose power is cut again and again, at random moments and at random writes.

The Central System deduplicates nothing. The judge is the car's ledger alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from bridge.cli.ledger import Ledger, Payload, Tag
from tests.chaos.books import Happened, Verdict, judge, plug_ins_of
from tests.chaos.store import WHENS, Armed, CutStore, PowerCut
from tests.scenarios.pure import PureWorld
from tests.scenarios.script import Mode, Scenario
from tests.scenarios.world import Closed, Connected, Restarted, Said

FREE_TAG = "FREE"
FAMILY = Tag(parent="FAMILY")
CARDS = ("04AABBCC", "04DDEEFF", "04556677")
TAGS = {"04AABBCC": FAMILY, "04DDEEFF": FAMILY, "04556677": Tag(), FREE_TAG: Tag()}
STARTS = ("card", "card first", "remote", "remote first", "free", "offline", "reserved")
MEANWHILE = ("", "", "ready", "ready", "pause", "link", "list", "cancel", "kill", "other card")
KEYS = {
    "FreeChargingIdTag": FREE_TAG,
    "AllowOfflineTxForUnknownId": "true",
    "MeterValueSampleInterval": "5",
    "TransactionMessageRetryInterval": "5",
    "TransactionMessageAttempts": "10",
    "MinimumStatusDuration": "0",
}
ENERGY_FACTOR = 60.0
CALM_S = 180.0
JUMPS_S = (3600, -3600, 315_360_000, -315_360_000)  # an hour, ten years
LATE_S = 61.0  # later than the time-out of a transaction's message, earlier than its resend
TRANSACTION_CALLS = ("StartTransaction", "StopTransaction")
LIST = [{"idTag": CARDS[0], "idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}]


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """On its way."""

    at_s: float
    connection: int
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """The outcome of one life."""

    verdict: Verdict
    cuts: int
    answers_destroyed: int  # to StartTransaction and StopTransaction, by the link alone
    story: tuple[str, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """Each repeated message has its reason: a destroyed answer, or a cut that may have destroyed one."""
        repeated = self.verdict.repeated_starts + self.verdict.repeated_stops
        if repeated <= self.answers_destroyed + self.cuts:
            return self.verdict.faults
        fault = f"{repeated} repeated messages for {self.answers_destroyed} destroyed answers"
        return (*self.verdict.faults, f"{fault} and {self.cuts} cuts")


class PureLife:
    """One box and one car. `live` may be called once."""

    def __init__(
        self, seed: int, mode: Mode = "cloud", first_cut: Armed | None = None, *, clock_jumps: bool = False
    ) -> None:
        """`first_cut`: at this write, not at a random moment. `clock_jumps`: at any phase of a session."""
        self._chance = random.Random(seed)
        scenario = Scenario("power cuts", "", (), keys=dict(KEYS))
        self._store = CutStore()
        self._first_cut = first_cut
        self._clock_jumps = clock_jumps
        self._world = PureWorld(scenario, mode, self._store)
        plant = self._world.box.plant
        plant.settings = replace(plant.settings, energy_factor=ENERGY_FACTOR)
        self._first_wh = plant.energy_wh
        self._ledger = Ledger(TAGS)
        self._ids = count(1)
        self._happened: list[Happened] = []
        self._story: list[str] = []
        self._cuts = self._destroyed = 0
        self._cut_at_s: float | None = None
        self._connection = 0
        self._late: list[LateAnswer] = []

    def live(self, cuts: int, sessions: int = 1) -> Told:
        """Until the power was cut so often and cars came so often; then calm, and the verdict."""
        begun = 0
        try:
            while self._cuts < cuts or begun < sessions:
                begun += 1
                self._session(cuts)
            self._calm_down()
            received = [entry.received_wh for entry in self._world.box.plant.ledger]
            plug_ins = plug_ins_of(received, self._first_wh)
            happened = None if self._clock_jumps else self._happened
            verdict = judge(self._ledger.transactions.values(), plug_ins, happened)
            return Told(verdict, self._cuts, self._destroyed, tuple(self._story))
        finally:
            self._world.close()

    # The story

    def _session(self, cuts: int) -> None:
        if self._cuts < cuts:
            self._arm()
        self._begin()
        for _ in range(self._chance.randint(1, 4)):
            self._between()
            self._pass(self._chance.choice((0.3, 1.0, 3.0, 8.0, 20.0)))
        self._end()
        self._pass(self._chance.choice((1.0, 5.0, 15.0)))
        self._drive_away()

    def _arm(self) -> None:
        if self._first_cut is not None:
            self._store.armed, self._first_cut = self._first_cut, None
        elif self._chance.random() < 0.6:
            self._store.armed = Armed(self._chance.randint(1, 30), self._chance.choice(WHENS))
        else:
            self._cut_at_s = self._world.now_s + self._chance.uniform(0.0, 60.0)

    def _begin(self) -> None:
        card = self._chance.choice(CARDS)
        kind = self._chance.choice(STARTS)
        if kind == "offline":
            self._do("link lost")
        if kind == "free":
            self._call("ChangeConfiguration", key="FreeCharging", value="true")
        if kind == "reserved":
            expiry = "2099-01-01T00:00:00Z"
            self._call("ReserveNow", connectorId=1, idTag=card, reservationId=7, expiryDate=expiry)
        before = kind.endswith("first")
        if not before:
            self._do(self._chance.choice(("car plugs in, ready", "car plugs in")))
            self._pass(self._chance.choice((0.5, 2.0)))
        if kind.startswith("remote"):
            self._call("RemoteStartTransaction", idTag=card)
        elif kind != "free":
            self._do("card", card)
        if before:
            self._pass(1.0)
            self._do("car plugs in, ready")
        self._pass(3.0)

    def _between(self) -> None:
        match self._chance.choice(MEANWHILE):
            case "ready":
                self._do("car ready")
            case "pause":
                self._do("car pauses")
            case "link":
                self._do(self._chance.choice(("link lost", "link back")))
            case "list":
                version = self._chance.randint(1, 1000)
                listed = {"listVersion": version, "updateType": "Full", "localAuthorizationList": LIST}
                self._call("SendLocalList", **listed)
            case "cancel":
                self._call("CancelReservation", reservationId=7)
            case "kill":
                self._do("bridge restarts")
            case "other card":
                self._happens("Local")
                self._do("card", self._chance.choice(CARDS))

    def _end(self) -> None:
        match self._chance.choice(("card", "card", "remote", "unplugs", "Soft", "Hard", "ends")):
            case "card":
                self._happens("Local")
                for card in CARDS:
                    self._do("card", card)
            case "remote":
                self._happens("Remote")
                self._call("RemoteStopTransaction", transactionId=max(self._ledger.transactions, default=1))
            case "unplugs":
                self._happens("EVDisconnected")
                self._do("car unplugs at its side")
            case "ends":
                self._do("bridge is told to end")
                self._pass(1.0)
                self._do("bridge starts")
            case kind:
                self._happens(f"{kind}Reset")
                self._call("Reset", type=kind)

    def _drive_away(self) -> None:
        self._call("ChangeConfiguration", key="FreeCharging", value="false")
        self._do("link back")
        self._pass(10.0)
        for _ in range(3):
            if not self._world.box.plant.plugged:
                return
            self._happens("Remote")
            self._call("RemoteStopTransaction", transactionId=max(self._ledger.transactions, default=1))
            self._pass(15.0)
            self._happens("EVDisconnected")
            self._do("cable is taken out")
            self._do("clear", "cp_open")
            self._pass(5.0)

    def _calm_down(self) -> None:
        self._store.armed = self._cut_at_s = None
        for verb in ("power back", "bridge starts", "link back"):
            self._do(verb)
        self._pass(CALM_S)
        self._drive_away()
        self._pass(CALM_S)

    # What happens

    def _happens(self, reason: str) -> None:
        self._happened.append(Happened(datetime.fromisoformat(self._world.utc()), reason))

    def _do(self, verb: str, argument: str = "") -> None:
        def doing() -> None:
            try:
                self._world.do(verb, argument)
            except ValueError:
                return
            self._story.append(f"{self._world.utc()} {verb} {argument}".rstrip())

        self._powered(doing)
        self._pass(0.0)

    def _call(self, action: str, **payload: object) -> None:
        text = json.dumps([2, f"cs-{next(self._ids)}", action, payload])
        self._story.append(f"{self._world.utc()} > {action} {payload}")
        self._powered(lambda: self._world.send(text))
        self._pass(0.0)

    def _powered(self, doing: Callable[[], None]) -> None:
        try:
            doing()
        except PowerCut:
            self._cut()

    def _pass(self, for_s: float) -> None:
        """Time, answers, and the end of the power."""
        if self._clock_jumps and self._chance.random() < 0.15:
            jump_s = self._chance.choice(JUMPS_S)
            self._story.append(f"clock {jump_s}")
            self._world.do("clock", str(jump_s))
        end_s = self._world.now_s + for_s
        while True:
            until_s = end_s if self._cut_at_s is None else min(end_s, self._cut_at_s)
            try:
                self._hear_until(until_s)
            except PowerCut:
                self._cut()
            if self._cut_at_s is not None and self._world.now_s >= self._cut_at_s - 1e-6:
                self._cut()
            if self._world.now_s >= end_s - 1e-6:
                return

    def _hear_until(self, end_s: float) -> None:
        while True:
            due_s = min([end_s, *(late.at_s for late in self._late)])
            arrival = self._world.next_arrival(max(0.0, due_s - self._world.now_s))
            match arrival:
                case Connected():
                    self._connection += 1
                case Said(text=text):
                    self._hear(text)
                case Closed() | Restarted():
                    pass
                case None if self._world.now_s >= end_s - 1e-6:
                    return
                case None:
                    self._answer_late()

    def _answer_late(self) -> None:
        late = self._late.pop(0)
        if late.connection == self._connection:
            self._world.send(late.text)
        else:
            self._destroyed += 1

    def _cut(self) -> None:
        world, chance = self._world, self._chance
        self._cut_at_s = None
        self._cuts += 1
        self._happens("PowerLoss")
        self._story.append(f"{world.utc()} POWER CUT")
        world.do("power cut", "")
        self._store = world.database = self._store.after_cut(chance.randint(0, self._store.may_be_lost))
        off_s = chance.choice((0.2, 2.0, 20.0))
        self._hear_until(world.now_s + off_s)  # what was on its way arrives; nobody hears the answer
        self._powered(lambda: world.do("power back", ""))
        if chance.random() < 0.2:
            self._store.armed = Armed(chance.randint(1, 8), "after")

    # The Central System

    def _hear(self, text: str) -> None:
        kind, identity, *rest = json.loads(text)
        if kind != 2:
            return
        action, asked = rest
        self._story.append(f"{self._world.utc()} < {action} {asked}")
        luck = self._chance.random() if action in TRANSACTION_CALLS else 1.0
        if luck < 0.03:
            self._world.send(json.dumps([4, identity, "InternalError", "", {}]))
            return
        answer = self._answer(action, asked)
        self._ledger.write_down(action, asked, answer)
        answered = json.dumps([3, identity, answer])
        if luck < 0.06:
            self._late.append(LateAnswer(self._world.now_s + LATE_S, self._connection, answered))
        elif luck < 0.10:
            self._destroyed += 1
            self._do("link lost")
            self._do("link back")
        else:
            self._world.send(answered)

    def _answer(self, action: str, asked: Payload) -> Payload:
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": self._world.utc(), "interval": 0}
            case "Heartbeat":
                return {"currentTime": self._world.utc()}
            case _:
                return self._ledger.answer(action, asked)
