"""The Central System of a pure life. It deduplicates nothing; at times it is late, silent, busy, or hangs up.

It knows of each answer to StartTransaction and StopTransaction whether the box can have learned from it: the
messages that are repeated must be as many as the answers that were destroyed.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Protocol

from bridge.core.rows import Delivered, StartConfirmed
from bridge.demo.ledger import Ledger, Payload, Tag
from tests.chaos.store import PowerCut
from tests.chaos.tally import CARDS, FREE_TAG, Tally

FAMILY = Tag(parent="FAMILY")
TAGS = {CARDS[0]: FAMILY, CARDS[1]: FAMILY, CARDS[2]: Tag(), FREE_TAG: Tag()}
LATE_S = 61.0  # later than the time-out of a transaction's message, earlier than its resend
OLD_S = 5.0  # nobody waits so long who need not
BUSY_S = 40.0  # longer than TransactionMessageAttempts of the lives take
BILLED = ("StartTransaction", "StopTransaction")
IN_ORDER = (*BILLED, "MeterValues")


class Line(Protocol):
    """The way to the box."""

    @property
    def now_s(self) -> float: ...

    @property
    def connection(self) -> int | None:
        """Its number; None: there is none."""

    def utc(self) -> str: ...

    def tell(self, line: str) -> None:
        """For people."""

    def send(self, text: str) -> PowerCut | None:
        """The power cut that came of it."""

    def break_link(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """On its way."""

    at_s: float
    connection: int | None
    action: str
    text: str


class Fickle:
    """`ledger` is what it was told; `destroyed` counts its answers to BILLED messages that were in vain."""

    def __init__(self, chance: random.Random, line: Line, tally: Tally) -> None:
        self.ledger = Ledger(TAGS, line.utc)
        self.destroyed = 0
        self.heard_of_old_s = float("-inf")  # when it last was told something old
        self._chance = chance
        self._line = line
        self._tally = tally
        self._ids = count(1)
        self._asked: dict[str, tuple[str, Payload]] = {}
        self._known: set[str] = set()  # messages that were not refused, but for their transactionId
        self._refused: set[str] = set()
        self._remote_tag: str | None = None  # of the last remote start, until a session begins
        self._late: list[LateAnswer] = []
        self._busy_until_s = 0.0
        self._well = False

    def ask(self, action: str, payload: Payload) -> None:
        """A CALL, to whoever is there."""
        identity = f"cs-{next(self._ids)}"
        label = f"Reset {payload['type']}" if action == "Reset" else action
        self._asked[identity] = (label, payload)
        self._line.tell(f"> {action} {payload}")
        self._line.send(json.dumps([2, identity, action, payload]))

    def be_busy(self) -> None:
        """All that is to be kept in order is answered with CALLERROR for a while."""
        self._tally["Central System busy"] += 1
        self._busy_until_s = self._line.now_s + BUSY_S

    def be_well(self) -> None:
        """From now on it answers all at once."""
        self._well = True

    def due_s(self, end_s: float) -> float:
        """When the first late answer is due, at latest `end_s`."""
        return min([end_s, *(late.at_s for late in self._late)])

    def answer_late(self) -> None:
        """It is time."""
        late = self._late.pop(0)
        if late.connection is not None and late.connection == self._line.connection:
            self._deliver(late.action, late.text)
        else:
            self.destroyed += 1

    def hear(self, text: str) -> None:
        """A message of the box."""
        kind, identity, *rest = json.loads(text)
        if kind == 2:
            action, asked = rest
            self._line.tell(f"< {action} {asked}")
            self._hear(identity, action, asked)
        elif kind == 3 and rest[0].get("status") == "Accepted":
            label, asked = self._asked[identity]
            self._tally[f"accepted: {label}"] += 1
            if label == "RemoteStartTransaction":
                self._remote_tag = asked["idTag"]

    def _hear(self, identity: str, action: str, asked: Payload) -> None:
        fickle = action in IN_ORDER and not self._well
        luck = self._chance.random() if fickle else 1.0
        busy = fickle and self._line.now_s < self._busy_until_s
        if busy or (action in BILLED and luck < 0.03):
            self._tally["answer: CALLERROR"] += 1
            self._refused.add(str({**asked, "transactionId": None}))
            self._line.send(json.dumps([4, identity, "InternalError", "", {}]))
            return
        answer = self.ledger.answer(action, asked)
        self._take_in(action, asked, answer)
        answered = json.dumps([3, identity, answer])
        if action in BILLED and luck < 0.06:
            self._tally["answer: late"] += 1
            late = LateAnswer(self._line.now_s + LATE_S, self._line.connection, action, answered)
            self._late.append(late)
        elif action in BILLED and luck < 0.10:
            self._tally["answer: link broken before it"] += 1
            self.destroyed += 1
            self._line.break_link()
        elif luck < 0.11:
            self._tally["answer: silence"] += 1
            self.destroyed += action in BILLED
        else:
            self._deliver(action, answered)

    def _deliver(self, action: str, text: str) -> None:
        in_vain = self._line.connection is None
        cut = self._line.send(text)
        if cut is not None and not cut.committed:
            in_vain = in_vain or any(_learned(change) for change in cut.changes)
        self.destroyed += in_vain and action in BILLED

    def _take_in(self, action: str, asked: Payload, answer: Payload) -> None:
        self.ledger.write_down(action, asked, answer)
        if action in IN_ORDER and self._age_s(asked) > OLD_S:
            self.heard_of_old_s = self._line.now_s
        key = str({**asked, "transactionId": None})
        if action not in BILLED or key in self._known:
            return
        self._known.add(key)
        if action == "StopTransaction":
            self._tally[f"stop: {asked.get('reason')}"] += 1
            return
        self._tally[f"session of {asked['idTag']}"] += 1
        self._tally["session on a reservation"] += "reservationId" in asked
        self._tally["session by remote start"] += asked["idTag"] == self._remote_tag
        self._tally["session begun offline"] += self._age_s(asked) > OLD_S and key not in self._refused
        self._remote_tag = None

    def _age_s(self, told: Payload) -> float:
        at = told["timestamp"] if "timestamp" in told else told["meterValue"][0]["timestamp"]
        return (datetime.fromisoformat(self._line.utc()) - datetime.fromisoformat(at)).total_seconds()


def _learned(change: object) -> bool:
    """What an answer to a BILLED message makes the box write."""
    match change:
        case StartConfirmed():
            return True
        case Delivered(ref=ref):
            return ref.kind in ("start", "stop")
        case _:
            return False
