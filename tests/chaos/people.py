"""People with cars, cards and a back office: how one visit of a car goes."""

from __future__ import annotations

import random
from typing import Protocol

from bridge.demo.ledger import Payload
from tests.chaos.tally import CARDS

STARTS = ("card", "card first", "remote", "remote first", "free", "offline", "reserved")
MEANWHILE = (
    "", "", "ready", "ready", "pause", "link", "list", "cancel", "kill", "other card", "profile", "cache",
    "busy", "ends",
)  # fmt: skip
ENDS = ("card", "card", "remote", "unplugs", "Soft", "Hard", "ends")
LIST = [{"idTag": CARDS[0], "idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}]
PATIENCE = 5  # so often they try to drive away


class Doing(Protocol):
    """What people can do. What cannot be done at the moment is not."""

    @property
    def plugged(self) -> bool: ...

    @property
    def newest_transaction(self) -> int: ...

    def do(self, verb: str, argument: str = "") -> None:
        """As the world of the scenarios."""

    def call(self, action: str, **payload: object) -> None:
        """The Central System asks."""

    def be_busy(self) -> None:
        """So is the Central System for a while."""

    def wait(self, for_s: float) -> None: ...


class People:
    """`visit` as often as wanted."""

    def __init__(self, chance: random.Random, doing: Doing) -> None:
        self._chance = chance
        self._doing = doing

    def visit(self) -> None:
        """A car comes, charges, leaves."""
        self._begin(self._chance.choice(STARTS), self._chance.choice(CARDS))
        for _ in range(self._chance.randint(1, 4)):
            self._between(self._chance.choice(MEANWHILE))
            self._doing.wait(self._chance.choice((0.3, 1.0, 3.0, 8.0, 20.0)))
        self._end(self._chance.choice(ENDS))
        self._doing.wait(self._chance.choice((1.0, 5.0, 15.0)))
        self.drive_away()

    def _begin(self, kind: str, card: str) -> None:
        doing = self._doing
        if kind == "offline":
            doing.do("link lost")
        if kind == "free":
            doing.call("ChangeConfiguration", key="FreeCharging", value="true")
        if kind == "reserved":
            expiry = "2099-01-01T00:00:00Z"
            doing.call("ReserveNow", connectorId=1, idTag=card, reservationId=7, expiryDate=expiry)
            if self._chance.random() < 0.2:
                doing.call("CancelReservation", reservationId=7)
        before = kind.endswith("first")
        if not before:
            doing.do(self._chance.choice(("car plugs in, ready", "car plugs in")))
            doing.wait(self._chance.choice((0.5, 2.0)))
        if kind.startswith("remote"):
            doing.call("RemoteStartTransaction", idTag=card)
        elif kind != "free":
            doing.do("card", card)
        if before:
            doing.wait(1.0)
            doing.do("car plugs in, ready")
        doing.wait(3.0)

    def _between(self, what: str) -> None:
        doing, chance = self._doing, self._chance
        match what:
            case "ready":
                doing.do("car ready")
            case "pause":
                doing.do("car pauses")
            case "link":
                doing.do(chance.choice(("link lost", "link back")))
            case "list":
                version = chance.randint(1, 1000)
                doing.call(
                    "SendLocalList", listVersion=version, updateType="Full", localAuthorizationList=LIST
                )
            case "cancel":
                doing.call("CancelReservation", reservationId=7)
            case "other card":
                doing.do("card", chance.choice(CARDS))
            case "profile":
                doing.call("SetChargingProfile", connectorId=1, csChargingProfiles=_profile(10.0))
                doing.wait(1.0)
                if chance.random() < 0.7:
                    doing.call("ClearChargingProfile")
            case _:
                self._between_programs(what)

    def _between_programs(self, what: str) -> None:
        match what:
            case "kill":
                self._doing.do("bridge restarts")
            case "cache":
                self._doing.call("ClearCache")
            case "busy":
                self._doing.be_busy()
            case "ends":
                self._restart()

    def _end(self, how: str) -> None:
        doing = self._doing
        match how:
            case "card":
                for card in CARDS:
                    doing.do("card", card)
            case "remote":
                doing.call("RemoteStopTransaction", transactionId=doing.newest_transaction)
            case "unplugs":
                doing.do("car unplugs at its side")
            case "ends":
                self._restart()
            case kind:
                doing.call("Reset", type=kind)

    def _restart(self) -> None:
        """As the owner does, in order."""
        self._doing.do("bridge is told to end")
        self._doing.wait(1.0)
        self._doing.do("bridge starts")

    def drive_away(self) -> None:
        """The stop, then the cable; if the box does not let go, the car's end of it first."""
        doing = self._doing
        doing.call("ChangeConfiguration", key="FreeCharging", value="false")
        doing.do("link back")
        doing.wait(10.0)
        for tries in range(PATIENCE):
            if not doing.plugged:
                return
            doing.call("RemoteStopTransaction", transactionId=doing.newest_transaction)
            doing.wait(15.0)
            if tries > 0:
                doing.do("car unplugs at its side")
                doing.wait(5.0)
            doing.do("cable is taken out")
            doing.do("clear", "cp_open")
            doing.wait(5.0)


def _profile(limit_a: float) -> Payload:
    period = {"startPeriod": 0, "limit": limit_a}
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]},
    }
