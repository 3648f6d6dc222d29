"""Random events in the pure world, and an observer who judges what must hold whatever happens.

The Central System here is moody: it answers, keeps silent, refuses or says Invalid, as the events want it. It
knows a transaction again by its first message (connectorId, idTag, meterStart, timestamp), so a resend gets
the same transactionId.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any, Literal

from tests.scenarios.answers import UsualAnswers
from tests.scenarios.filling_disk import Disk
from tests.scenarios.judge import Judge, OpenCall
from tests.scenarios.pure import PureWorld
from tests.scenarios.script import Mode, Payload, Scenario, Tag
from tests.scenarios.world import Closed, Connected, Restarted, Said

Mood = Literal["answers", "silent", "refuses", "invalid", "pending", "rejected"]
TAGS = {
    "04AABBCC": Tag("Accepted", "FAMILY"),
    "04DDEEFF": Tag("Accepted", "FAMILY"),
    "04111111": Tag("Blocked"),
}
FREE_TAG = "FREE"
UNDATED = re.compile(r'"19\d\d-')  # no message of ours is of that century
START_WH = 12_345_000
REGISTER_WH = 10

# OCPP 1.6 4.9, the table of status moves, by the letters of its rows and the numbers of its columns.
STATUSES = (
    "Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved",
    "Unavailable", "Faulted",
)  # fmt: skip
ROWS = ("A2345789", "B134569", "C145689", "D135689", "E134689", "F1289", "G1289", "H123459", "I12345678")
MOVES = {(STATUSES["ABCDEFGHI".index(row[0])], STATUSES[int(n) - 1]) for row in ROWS for n in row[1:]}


@dataclass(frozen=True, slots=True)
class Event:
    """`wait`, `do`, `call` or `mood`, and with what."""

    kind: Literal["wait", "do", "call", "mood"]
    what: str = ""
    argument: str = ""
    payload: Payload = field(default_factory=dict)
    for_s: float = 0.0


class Chaos:
    """One world and its observer. Raises AssertionError at a breach."""

    def __init__(
        self, mode: Mode, keys: dict[str, str], *, no_time: bool = False, database: Disk | None = None
    ) -> None:
        keys = {"FreeChargingIdTag": FREE_TAG, **keys}
        self.world = PureWorld(Scenario("chaos", "", (), keys=keys, no_time=no_time), mode, database)
        self.world.stirred = self._look_at_wish
        self.world.said = self._look_at_store
        self._judge = Judge()
        self._usual = UsualAnswers({**TAGS, FREE_TAG: Tag("Accepted")})
        self._mood: Mood = "answers"
        self._ids = count(1)
        self._starts: dict[str, int] = {}  # StartTransaction -> transactionId
        self._started: dict[int, Payload] = {}
        self._stops: dict[int, Payload] = {}
        self._last_times: dict[int, str] = {}  # of each row, the latest of its messages
        self._told: list[str] = []  # statuses of connector 1 on this connection

    def close(self) -> None:
        self.world.close()

    def happen(self, event: Event) -> None:
        """One event. What cannot happen does not."""
        match event.kind:
            case "wait":
                self.let_pass(event.for_s)
            case "mood":
                self._mood = event.what  # type: ignore[assignment]
            case "call":
                identity = f"cs-{next(self._ids)}"
                self._judge.asked(identity, event.what, event.payload)
                self.world.send(json.dumps([2, identity, event.what, event.payload]))
            case "do":
                try:
                    self.world.do(event.what, event.argument)
                except ValueError:
                    return
        self.let_pass(0.0)

    def let_pass(self, for_s: float) -> None:
        """Time, and answers to what comes."""
        end_s = self.world.now_s + for_s
        while (arrival := self.world.next_arrival(max(0.0, end_s - self.world.now_s))) is not None:
            match arrival:
                case Connected():
                    self._judge.connected()
                    self._told = []
                case Restarted():
                    self._judge.restarted()
                case Closed():
                    pass
                case Said(text=text):
                    self.heard(text)

    def calm_down(self) -> None:
        """Everything works again; whatever was stored must be delivered in the end."""
        self._mood = "answers"
        for name in sorted(self.world.box.plant.faults):
            self.happen(Event("do", "clear", name))
        for verb in ("disk free", "disk fast", "power cut", "power back", "link lost", "link back"):
            self.happen(Event("do", verb))
        self.let_pass(60.0)
        assert self.world.database.backlog() == 0, f"not delivered: {self.world.database.head()}"
        self._judge_energy()

    # What must hold

    def _look_at_wish(self) -> None:
        """Amps are asked for only inside a transaction that is durable."""
        wish = self.world.wish
        if wish is not None and wish.limit_a > 0 and wish.valid_until_s > self.world.clock.s:
            newest = self.world.database.rows(1)
            alive = self.world.bridge is not None
            assert not alive or (newest and newest[0].stopped_at is None), f"{wish} without a row"

    def _look_at_store(self, text: str) -> None:
        """What is told of a transaction stands in the store first."""
        frame = json.loads(text)
        assert not UNDATED.search(text), f"a time that nobody knew: {text}"
        if frame[0] == 2:
            self._look_at_times(frame[2], frame[3])
        if frame[0] == 2 and frame[2] in ("StartTransaction", "StopTransaction"):
            head = self.world.database.head()
            assert head is not None, f"{frame[2]} without a row"
            assert head.frozen == frame[3], f"{frame[2]} is not what the store holds"
            assert (head.ref.kind == "start") == (frame[2] == "StartTransaction")

    def _look_at_times(self, action: str, payload: Payload) -> None:
        """Within a transaction no message of its row is dated before another."""
        head = self.world.database.head()
        if head is None or head.frozen != payload:
            return
        values = [value["timestamp"] for value in payload.get("meterValue", [])]
        values += [value["timestamp"] for value in payload.get("transactionData", [])]
        own = [payload["timestamp"]] if "timestamp" in payload else []
        last = self._last_times.get(head.ref.row_id, "")
        times = [*values, *own] if action == "StopTransaction" else [*own, *values]
        if "transactionData" in payload:
            times = [max(last, *values), *own]
        assert [last, *times] == sorted([last, *times]), f"back in time: {last}, then {action} {payload}"
        self._last_times[head.ref.row_id] = max([last, *times])

    def heard(self, text: str) -> None:
        """A frame of the charge point."""
        faults = self._judge.heard(text, self.world.now_s)
        assert not faults, faults
        if json.loads(text)[0] != 2:
            return
        call = self._judge.unanswered[-1]
        self._note(call)
        self._answer(call)

    def _note(self, call: OpenCall) -> None:
        payload = call.payload
        match call.action:
            case "StatusNotification" if payload["connectorId"] == 1:
                self._told.append(payload["status"])
                for move in pairwise(self._told[-2:]):
                    assert move in MOVES or move[0] == move[1], f"a move that 4.9 does not know: {move}"
            case "StopTransaction":
                self._note_stop(payload)
            case "MeterValues" if "transactionId" in payload:
                assert payload["transactionId"] in self._started, "values before their start"
                assert payload["transactionId"] not in self._stops, "values after their stop"

    def _note_stop(self, stop: Payload) -> None:
        start = self._started.get(stop["transactionId"])
        assert start is not None, "a stop without its start"
        assert stop["meterStop"] >= start["meterStart"], "meterStop below meterStart"
        assert stop["timestamp"] >= start["timestamp"], "a stop before its start"
        assert self._stops.setdefault(stop["transactionId"], stop) == stop, "two different stops"

    def _answer(self, call: OpenCall) -> None:
        if self._mood == "silent":
            return
        if self._mood == "refuses":
            self._judge.answered(call, None)
            self.world.send(json.dumps([4, call.id, "InternalError", "", {}]))
            return
        payload = self._moody(call, self._usual.to(call, self.world.utc()))
        self._judge.answered(call, payload)
        self.world.send(json.dumps([3, call.id, payload]))

    def _moody(self, call: OpenCall, usual: Payload) -> Payload:
        if call.action == "BootNotification" and self._mood in ("pending", "rejected"):
            return {**usual, "status": self._mood.capitalize(), "interval": 20}
        if call.action == "StartTransaction":
            key = json.dumps(call.payload, sort_keys=True)
            usual["transactionId"] = self._starts.setdefault(key, usual["transactionId"])
            self._started[usual["transactionId"]] = call.payload
        if "idTagInfo" in usual and self._mood == "invalid":
            usual["idTagInfo"] = {"status": "Invalid"}
        return usual

    def _judge_energy(self) -> None:
        """No Wh is billed twice, or invented."""
        billed: list[Any] = [
            stop["meterStop"] - self._started[identity]["meterStart"]
            for identity, stop in self._stops.items()
        ]
        assert sum(billed) <= self.world.box.plant.energy_wh - START_WH + REGISTER_WH
        rows = self.world.database.rows(1000)
        assert len(self._starts) <= len(rows), "one row was started under two names"
