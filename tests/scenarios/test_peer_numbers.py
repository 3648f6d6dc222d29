"""Every number and date of the Central System, at its edges: the bridge goes on, and starts again.

The fields come from the schemas of OCPP 1.6, so a field that is read tomorrow is tried tomorrow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from itertools import count
from typing import Any

import pytest

from bridge.central_system.operations import SUPPORTED
from tests.scenarios.answers import UsualAnswers
from tests.scenarios.judge import Judge, OpenCall
from tests.scenarios.pure import PureWorld
from tests.scenarios.script import Mode, Payload, Scenario, Tag
from tests.scenarios.world import Connected, Restarted, Said

NUMBERS: tuple[Any, ...] = (
    0, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**53, 2**53 + 1, 2**63, 10**400, -(10**400), 0.1, 1e308,
)  # fmt: skip
DATES: tuple[Any, ...] = (
    "2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00", "1000000-01-01T00:00:00Z",
    "2026-01-01T00:00:00+99:99", "2026-02-30T00:00:00Z", "2026-01-01", "", "soon",
)  # fmt: skip
RAW = ("NaN", "-Infinity", "1e400", "9" * 100_000, "[" * 5000 + "]" * 5000)  # no number that JSON can write
KEYS = {
    "MeterValueSampleInterval": "0",
    "TransactionMessageAttempts": "1",
    "TransactionMessageRetryInterval": "0",
    "LocalPreAuthorize": "false",
    "HeartbeatInterval": "0",
}
PROFILE = {
    "chargingProfileId": 1,
    "transactionId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "validFrom": "2020-01-01T00:00:00Z",
    "validTo": "2099-01-01T00:00:00Z",
    "chargingSchedule": {
        "duration": 86400,
        "startSchedule": "2020-01-01T00:00:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0, "numberPhases": 3}],
        "minChargingRate": 1.0,
    },
}
DATE, LATE = "2026-01-02T00:00:00Z", "2099-01-01T00:00:00Z"
CALLS: dict[str, Payload] = {
    "CancelReservation": {"reservationId": 1},
    "ChangeAvailability": {"connectorId": 1, "type": "Operative"},
    "ClearChargingProfile": {"id": 9, "connectorId": 1, "stackLevel": 0},
    "GetCompositeSchedule": {"connectorId": 1, "duration": 86400, "chargingRateUnit": "A"},
    "GetDiagnostics": {
        "location": "http://x/", "retries": 1, "retryInterval": 10, "startTime": DATE, "stopTime": LATE,
    },
    "RemoteStartTransaction": {"connectorId": 1, "idTag": "04AABBCC", "chargingProfile": PROFILE},
    "RemoteStopTransaction": {"transactionId": 99},
    "ReserveNow": {"connectorId": 1, "expiryDate": LATE, "idTag": "04AABBCC", "reservationId": 1},
    "SendLocalList": {
        "listVersion": 1, "updateType": "Full",
        "localAuthorizationList": [{"idTag": "04D", "idTagInfo": {"status": "Accepted", "expiryDate": DATE}}],
    },
    "SetChargingProfile": {"connectorId": 1, "csChargingProfiles": PROFILE},
    "TriggerMessage": {"requestedMessage": "StatusNotification", "connectorId": 1},
    "UnlockConnector": {"connectorId": 2},
    "UpdateFirmware": {"location": "http://x/", "retries": 1, "retryInterval": 10, "retrieveDate": DATE},
}  # fmt: skip
ANSWERS: dict[str, Payload] = {
    "Authorize": {"idTagInfo": {"status": "Accepted", "expiryDate": DATE}},
    "BootNotification": {"status": "Accepted", "currentTime": DATE, "interval": 0},
    "Heartbeat": {"currentTime": DATE},
}
Place = tuple[str | int, ...]


def schema(name: str) -> Payload:
    found: Payload = json.loads((files("ocpp") / "v16" / "schemas" / f"{name}.json").read_text("utf-8-sig"))
    return found


def places(of: Payload, at: Place = ()) -> Iterator[tuple[Place, tuple[Any, ...]]]:
    """Where a number or a date stands, and what it is tried with."""
    if of.get("type") == "array":
        yield from places(of["items"], (*at, 0))
    elif of.get("type") in ("integer", "number"):
        yield at, NUMBERS
    elif of.get("format") == "date-time":
        yield at, DATES
    for name, each in of.get("properties", {}).items():
        yield from places(each, (*at, name))


def with_value(payload: Payload, at: Place, value: Any) -> Payload:
    """Another payload, with that value at that place, which is there."""
    made: Payload = json.loads(json.dumps(payload))
    node: Any = made
    for step in at[:-1]:
        node = node[step]
    node[at[-1]] = value
    return made


class Peer:
    """A Central System that says `said[action]` where it is asked for that action, else the usual."""

    def __init__(self, mode: Mode) -> None:
        self.world = PureWorld(Scenario("numbers", "", (), keys=KEYS), mode)
        self.said: dict[str, str] = {}  # by action: the payload, as text
        self.answers: dict[str, str] = {}  # ours, by the id of the CALL
        self._usual = UsualAnswers({"04AABBCC": Tag("Accepted")})
        self._judge = Judge()
        self._ids = count(1)
        self.let_pass(2.0)

    def let_pass(self, for_s: float) -> None:
        """Time, and answers to what comes."""
        end_s = self.world.now_s + for_s
        while (arrival := self.world.next_arrival(max(0.0, end_s - self.world.now_s))) is not None:
            match arrival:
                case Connected():
                    self._judge.connected()
                case Restarted():
                    self._judge.restarted()
                case Said(text=text):
                    self._heard(text)

    def _heard(self, text: str) -> None:
        kind, identity, *_ = json.loads(text)
        if kind != 2:
            self.answers[identity] = text
            return
        assert not (faults := self._judge.heard(text, self.world.now_s)), faults
        call: OpenCall = self._judge.unanswered[-1]
        said = self.said.get(call.action, json.dumps(self._usual.to(call, self.world.utc())))
        self._judge.answered(call, {"status": "Accepted"})
        self.world.send(f'[3,"{call.id}",{said}]')

    def ask(self, action: str, payload: str) -> str:
        """Our answer, which comes."""
        identity = f"cs-{next(self._ids)}"
        self.world.send(f'[2,"{identity}","{action}",{payload}]')
        self.let_pass(0.0)
        return self.answers.get(identity, "")

    def lives(self) -> None:
        """A frame that follows is answered."""
        assert self.ask("GetLocalListVersion", "{}")

    def end_errand(self) -> None:
        """In vain, so that its next try is planned."""
        self.let_pass(1.5)
        for errand, verb in (("fetch", "download fails"), ("upload", "upload fails")):
            if self.world.seen("errand", "") == errand:
                self.world.do(verb, "")
        self.let_pass(0.0)

    def restart(self) -> None:
        """From the store alone."""
        self.world.do("bridge restarts", "")
        self.let_pass(5.0)
        self.lives()


@pytest.fixture(params=["cloud", "native"])
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    made = Peer(request.param)
    yield made
    made.world.close()


def test_every_call_with_a_number_or_a_date_is_tried() -> None:
    assert {action for action in SUPPORTED if list(places(schema(action)))} == set(CALLS)


@pytest.mark.parametrize("action", CALLS)
def test_no_number_of_a_call_ends_the_bridge(peer: Peer, action: str) -> None:
    for at, values in places(schema(action)):
        for value in values:
            assert peer.ask(action, json.dumps(with_value(CALLS[action], at, value))), f"{at} = {value!r:.60}"
            if action in ("GetDiagnostics", "UpdateFirmware"):
                peer.end_errand()
            peer.lives()
        for raw in RAW:
            text = json.dumps(with_value(CALLS[action], at, "@")).replace('"@"', raw)
            peer.ask(action, text)
            peer.lives()
    peer.restart()


@pytest.mark.parametrize(
    ("action", "trigger"), [("BootNotification", True), ("Heartbeat", True), ("Authorize", False)]
)
def test_no_number_of_an_answer_ends_the_bridge(peer: Peer, action: str, trigger: bool) -> None:
    usual = ANSWERS[action]
    for at, values in places(schema(f"{action}Response")):
        texts = [json.dumps(with_value(usual, at, value)) for value in values]
        for text in [*texts, *(json.dumps(with_value(usual, at, "@")).replace('"@"', raw) for raw in RAW)]:
            peer.said[action] = text
            if trigger:
                peer.ask("TriggerMessage", json.dumps({"requestedMessage": action}))
            else:
                peer.world.do("card", "04AABBCC")  # and again, which cancels
                peer.let_pass(1.0)
                peer.world.do("card", "04AABBCC")
            peer.let_pass(5.0)
            peer.said.clear()
            peer.ask("TriggerMessage", '{"requestedMessage": "BootNotification"}')
            peer.lives()
    peer.restart()


@pytest.mark.parametrize("number", [*NUMBERS[:10], *RAW], ids=lambda each: str(each)[:12])
def test_no_transaction_id_ends_the_bridge(peer: Peer, number: object) -> None:
    """Nor loses the session: it is delivered, or stands among the dead letters."""
    peer.said["StartTransaction"] = f'{{"transactionId": {number}, "idTagInfo": {{"status": "Accepted"}}}}'
    peer.world.do("car plugs in, ready", "")
    peer.let_pass(3.0)
    peer.world.do("card", "04AABBCC")
    peer.let_pass(10.0)
    assert peer.world.seen("status", "") == "Charging"
    peer.lives()
    peer.restart()
    peer.said.clear()
    peer.world.do("card", "04AABBCC")
    peer.let_pass(20.0)
    (row,) = peer.world.database.rows(10)
    verbatim = isinstance(number, int) and abs(number) <= 2**53
    assert row.transaction_id == (number if verbatim else None)
    assert (row.given_up is None) == verbatim
    assert peer.world.database.backlog() == 0
