"""One car, two sessions and every operation of both sides, with a Central System of which one exchange goes
wrong. The judge is the car's ledger.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal

from bridge.demo.ledger import Ledger, Tag
from tests.bridge.central_system.payloads import profile
from tests.chaos.books import judge, plug_ins_of
from tests.scenarios.pure import PureWorld
from tests.scenarios.script import Scenario
from tests.scenarios.world import Closed, Connected, Restarted, Said

Point = Literal["before", "between", "after"]  # the CALL arrives; CALL and answer; the answer has arrived
Fate = Point | Literal["late", "silent", "error"]
Sender = Literal["charge point", "central system"]
CARD = "04AABBCC"
KEYS = {
    "MeterValueSampleInterval": "10",
    "MinimumStatusDuration": "0",
    "TransactionMessageRetryInterval": "5",
    "TransactionMessageAttempts": "10",
    "AllowOfflineTxForUnknownId": "true",
}
ENERGY_FACTOR = 60.0
LATE_S = 60.5  # later than the time-out of a transaction's message
CALM_S = 300.0
LIST = [{"idTag": CARD, "idTagInfo": {"status": "Accepted"}}]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A CALL and its answer; `number` counts both senders' together, from 0."""

    number: int
    sender: Sender
    action: str


Fates = Callable[[Exchange], Fate | None]  # None: it goes well


class Sessions:
    """Use once: `live`, then `faults`."""

    def __init__(self, fates: Fates, *, lasting: bool = False) -> None:
        """`lasting`: what goes wrong does so in the calm too."""
        self.exchanges: list[Exchange] = []
        self._fates = fates
        self._world = PureWorld(Scenario("exchanges", "", (), keys=KEYS, offline=True), "cloud")
        plant = self._world.box.plant
        plant.settings = replace(plant.settings, energy_factor=ENERGY_FACTOR)
        self._first_wh = plant.energy_wh
        self._ledger = Ledger({CARD: Tag()}, self._world.utc)
        self._ids = count(1)
        self._connected = False
        self._answered: set[str] = set()
        self._late: list[tuple[float, str]] = []
        self._destroyed = 0
        self._well = False
        self._lasting = lasting

    def live(self, calm_s: float = CALM_S) -> list[str]:
        """The story, and a time of calm in which all must be told; what is wrong in the end."""
        try:
            self._story()
            self._well = not self._lasting
            self._pass(calm_s)
            self._well = True
            return list(self._faults())
        finally:
            self._world.close()

    # The story

    def _story(self) -> None:
        self._do("link back")
        self._pass(2.0)
        self._call("GetConfiguration")
        self._call("ChangeConfiguration", key="HeartbeatInterval", value="3600")
        self._call("GetLocalListVersion")
        self._call("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=LIST)
        self._call("ClearCache")
        self._call("SetChargingProfile", **profile(10.0))
        self._call("GetCompositeSchedule", connectorId=1, duration=60)
        self._call("DataTransfer", vendorId="nobody")
        self._call("TriggerMessage", requestedMessage="Heartbeat")
        self._call("TriggerMessage", requestedMessage="BootNotification")
        self._call("GetDiagnostics", location="ftp://127.0.0.1/x")
        self._do("upload succeeds")
        when = "2026-01-01T00:00:00Z"
        self._call("UpdateFirmware", location="http://127.0.0.1/x", retrieveDate=when, retries=0)
        self._do("download fails")
        expiry = "2099-01-01T00:00:00Z"
        self._call("ReserveNow", connectorId=1, idTag="OTHER", reservationId=7, expiryDate=expiry)
        self._call("CancelReservation", reservationId=7)
        self._do("owner sends DataTransfer", '{"vendorId": "me"}')
        self._do("car plugs in, ready")
        self._pass(2.0)
        self._do("card", CARD)
        self._pass(15.0)
        self._call("TriggerMessage", requestedMessage="MeterValues")
        self._call("ChangeAvailability", connectorId=1, type="Inoperative")
        self._call("ChangeAvailability", connectorId=1, type="Operative")
        self._call("ClearChargingProfile")
        self._do("card", CARD)
        self._pass(5.0)
        self._call("RemoteStartTransaction", idTag=CARD)
        self._pass(15.0)
        self._call("RemoteStopTransaction", transactionId=max(self._ledger.transactions, default=1))
        self._pass(5.0)
        self._call("UnlockConnector", connectorId=1)
        self._call("Reset", type="Soft")
        self._pass(20.0)
        if self._world.seen("contactor", "") == "closed":  # the stop was lost
            self._do("card", CARD)
            self._pass(5.0)
        self._do("car leaves")

    def _do(self, verb: str, argument: str = "") -> None:
        try:
            self._world.do(verb, argument)
        except ValueError:  # it cannot, because of what has gone wrong
            return
        self._pass(0.5)

    def _call(self, action: str, **payload: object) -> None:
        if not self._connected:
            return
        exchange, fate = self._begin("central system", action)
        identity = f"cs-{exchange.number}"
        if fate != "before":
            self._world.send(json.dumps([2, identity, action, payload]))
        if fate in ("before", "between"):
            self._cut()
        self._pass(1.0)
        if fate == "after":
            self._cut()
            self._pass(1.0)
        if fate == "before":
            self._call(action, **payload)  # it knows that it was not heard

    def _begin(self, sender: Sender, action: str) -> tuple[Exchange, Fate | None]:
        exchange = Exchange(len(self.exchanges), sender, action)
        self.exchanges.append(exchange)
        return exchange, None if self._well else self._fates(exchange)

    def _cut(self) -> None:
        self._connected = False
        self._late.clear()
        self._world.do("link lost", "")
        self._world.do("link back", "")

    # Time, and the Central System's side

    def _pass(self, for_s: float) -> None:
        end_s = self._world.now_s + for_s
        while True:
            due_s = min([end_s, *(at_s for at_s, _ in self._late)])
            match self._world.next_arrival(max(0.0, due_s - self._world.now_s)):
                case Connected():
                    self._connected = True
                case Said(text=text):
                    self._hear(text)
                case Closed():
                    self._connected = False
                    self._destroyed += len(self._late)
                    self._late.clear()
                case Restarted():
                    pass
                case None if self._world.now_s >= end_s - 1e-6:
                    return
                case None:
                    self._world.send(self._late.pop(0)[1])

    def _hear(self, text: str) -> None:
        """What was said before a cut is on its way no more."""
        kind, identity, *rest = json.loads(text)
        if not self._connected:
            return
        if kind != 2:
            self._answered.add(identity)
            return
        action, asked = rest
        _, fate = self._begin("charge point", action)
        if fate == "before":
            self._cut()
            return
        if fate == "error":
            self._world.send(json.dumps([4, identity, "InternalError", "", {}]))
            return
        if fate == "silent":
            return
        answer = self._ledger.answer(action, asked)
        self._ledger.write_down(action, asked, answer)
        answered = json.dumps([3, identity, answer])
        match fate:
            case "between":
                self._destroyed += 1
                self._cut()
            case "late":
                self._late.append((self._world.now_s + LATE_S, answered))
            case _:
                self._world.send(answered)
                if fate == "after":
                    self._cut()

    # The verdict

    def _faults(self) -> Iterator[str]:
        received = [entry.received_wh for entry in self._world.box.plant.ledger]
        verdict = judge(self._ledger.transactions.values(), plug_ins_of(received, self._first_wh), None)
        yield from verdict.faults
        repeated = verdict.repeated_starts + verdict.repeated_stops
        if repeated > self._destroyed:
            yield f"{repeated} repeated messages for {self._destroyed} destroyed answers"
        if self._world.database.backlog():
            yield f"not delivered: {self._world.database.head()}"
        if sum(received) < 100:
            yield f"the car has received {received} Wh: this shows nothing"
        told = self._ledger.statuses()[-1]
        if told != (so := self._world.seen("status", "")):
            yield f"told is {told}, but it is {so}"
        before = len(self._answered)
        self._call("GetConfiguration")
        if len(self._answered) == before:
            yield "GetConfiguration is not answered any more"
