"""A pure box with a Central System that takes everything, and whose database is compared table by table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.core.id_tag import IdTagInfo
from bridge.core.rows import (
    Change,
    GivenUp,
    Sample,
    SampleTaken,
    TagCached,
    TransactionRow,
    TransactionStarted,
    TransactionStopped,
)
from bridge.demo.ledger import Ledger, Payload, Tag
from tests.scenarios.filling_disk import Disk
from tests.scenarios.pure import PureWorld
from tests.scenarios.script import Scenario
from tests.scenarios.world import Said

CARD = "04AABBCC"
BEGAN = datetime(2025, 12, 1, tzinfo=UTC)
SESSION_WH = 1000
OF_TRANSACTIONS = ("StartTransaction", "MeterValues", "StopTransaction")


class TryingBox:
    """What it said, and what of it is in the ledger."""

    def __init__(self, disk: Disk, keys: dict[str, str] | None = None) -> None:
        usual = {"MeterValueSampleInterval": "0", "AllowOfflineTxForUnknownId": "true"}
        scenario = Scenario("trying", "", (), keys={**usual, **(keys or {})}, offline=True)
        self.world = PureWorld(scenario, "native", disk)
        self.ledger = Ledger({CARD: Tag()}, self.world.utc)
        self.said: list[tuple[str, Payload]] = []
        self.answers: dict[str, Any] = {}
        self._asked = 0

    def let_pass(self, for_s: float) -> None:
        """Answers all that comes meanwhile."""
        end_s = self.world.now_s + for_s
        while self.world.now_s < end_s - 1e-6:
            match self.world.next_arrival(end_s - self.world.now_s):
                case Said(text=text):
                    self._hear(*json.loads(text))
                case _:
                    pass

    def _hear(self, kind: int, message_id: str, *rest: Any) -> None:
        if kind != 2:
            self.answers[message_id] = rest[0]
            return
        action, payload = rest
        self.said.append((action, payload))
        answer = self.ledger.answer(action, payload)
        self.ledger.write_down(action, payload, answer)
        self.world.send(json.dumps([3, message_id, answer]))

    def ask(self, action: str, payload: Payload) -> Any:
        """The payload or the code of its answer; None: there is no connection."""
        self._asked += 1
        message_id = f"cs-{self._asked}"
        self.world.send(json.dumps([2, message_id, action, payload]))
        self.let_pass(0.5)
        return self.answers.get(message_id)

    def do(self, verb: str, argument: str = "") -> None:
        """What cannot be at the moment is not."""
        try:
            self.world.do(verb, argument)
        except ValueError:
            return
        self.let_pass(0.5)

    def actions(self, since: int = 0) -> list[str]:
        return [action for action, _ in self.said[since:]]


def sessions(count: int, first: int = 1) -> list[Change]:
    """Whole ones that nobody was sent: two messages each, and one with a meter value between them."""
    changes: list[Change] = []
    for number in range(first, first + count):
        at, wh = BEGAN + timedelta(hours=number), SESSION_WH * number
        row = TransactionRow(number, "before", 1, CARD, None, wh, at)
        changes.append(TransactionStarted(row))
        if number == first:
            sample = Sample(at, "Transaction.Begin", wh, 0.0, (0.0,) * 3, (230.0,) * 3, 0.0,
                            "Energy.Active.Import.Register")  # fmt: skip
            changes.append(SampleTaken(number, 0, sample))
        stop = TransactionStopped(number, at + timedelta(minutes=30), wh + SESSION_WH, "Local", CARD, False)
        changes.append(stop)
    return changes


def filled(changes: Sequence[Change]) -> Disk:
    disk = Disk()
    disk.apply(changes)
    return disk


def backlog() -> Disk:
    """A cached card, a dead letter that is offered again by itself, and what waits behind it."""
    cached = TagCached(CARD, IdTagInfo("Accepted"), BEGAN)
    return filled([cached, *sessions(3), GivenUp(1, "an error of theirs", for_now=True)])
