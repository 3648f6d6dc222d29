"""A shell around the actor for pure tests: simulated time, a store in memory, a disk that may be ill."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Literal

from bridge import compose, settings
from bridge.actor import Actor
from bridge.central_system.events import Closed, Opened, Received
from bridge.core.calendar import CLOCK, Calendar, Seen
from bridge.core.now import Now
from bridge.core.rows import Change
from bridge.effects import Answer, Effect, Leave, Log, Say, Write
from bridge.events import Event, NotStored, Stored, Tick
from bridge.store.database import IN_MEMORY, Database
from hal.contract import Card, Reading, Status, Wish
from tests.bridge.carrier import Carrier
from tests.bridge.core.messages import BOX, reading, status

BOOT_ID = "boot-1"
BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
BEGINS_S = 1000.0
ACCEPTED = {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 0}
Health = Literal["well", "hung", "refuses"]


def setup() -> settings.ChargePoint:
    """charge-point.toml, as short as it can be."""
    return settings.ChargePoint(
        central_system=settings.CentralSystem(url="ws://127.0.0.1:9000/ocpp"),
        charge_point=settings.Nameplate(id="MOCK0001", serial_number="MOCK0001"),
        zaptec=settings.Zaptec(mode="cloud"),
    )


class Shell(Carrier):
    """Carries effects out in order, and notes them. Nothing may be said before its changes are stored."""

    def __init__(self, store: Database | None = None) -> None:
        """`store`: one of the test's own, instead of an empty one."""
        super().__init__()
        self.store = store or Database(IN_MEMORY)
        self.disk: Health = "well"
        self.at_s = BEGINS_S
        self.tick_s = 0.25
        self.answers_at_once = False  # whatever we call
        self.effects: list[Effect] = []
        self.sent: list[list[Any]] = []
        self._stored: list[Change] = []
        self._answered: set[str] = set()
        self._calendar = Calendar(BOOT_ID, self.store.remembered().get(CLOCK))
        self._seqs = 0
        self.facts: dict[str, Any] = {}  # of every Status
        self.actor = compose.actor(setup(), self.store, self._calendar, "1.0.0.0", self.now)
        self.carry_out()  # how the link is to be kept
        self.feed(BOX)
        self.box_speaks()

    @property
    def now(self) -> Now:
        utc = BEGINS + timedelta(seconds=self.at_s - BEGINS_S)
        return self._calendar.now(Seen(self.at_s, utc, synchronized=True))

    @property
    def running(self) -> Actor:
        return self.actor

    def feed(self, event: Event) -> None:
        """One event, and all that it leads to."""
        self.tell(event)
        self.carry_out()

    def feed_only(self, text: str) -> None:
        """One message of many that came together."""
        self.tell(Received(text))

    def let_pass(self, for_s: float) -> None:
        """Ticks; each second the box speaks."""
        end_s = self.at_s + for_s
        while self.at_s < end_s:
            self.at_s += self.tick_s
            if self.at_s % 1 == 0:
                self.box_speaks()
            self.feed(Tick())

    def box_speaks(self) -> None:
        """With its present state, and a fresh reading."""
        said: list[Status | Reading] = [status(self.at_s, **self.facts), reading(self.at_s)]
        for message in said:
            self.feed(message)

    def card(self, id_tag: str = "TAG") -> None:
        """Somebody presents one."""
        self._seqs += 1
        self.feed(Card(start_id="i", seq=self._seqs, at_s=self.at_s, id=id_tag))

    # The Central System

    def register(self) -> None:
        """A connection, until nothing is in flight."""
        self.connect()
        self.settle_registration()

    def connect(self) -> None:
        """A connection."""
        self.feed(Opened())

    def settle_registration(self) -> None:
        """BootNotification and the statuses are answered."""
        self.answer(ACCEPTED)
        self.settle()

    def settle(self) -> None:
        """Every StatusNotification is answered."""
        while self._in_flight and self.sent_calls()[-1][2] == "StatusNotification":
            self.answer({})

    def answer(self, payload: dict[str, Any]) -> None:
        """To our last CALL."""
        identity = self.sent_calls()[-1][1]
        self._answered.add(identity)
        self.feed(Received(json.dumps([3, identity, payload])))

    def refuse(self, identity: str, said: Sequence[Any] = ("FormationViolation", "", {})) -> None:
        """Answers our CALL with an error."""
        self._answered.add(identity)
        self.feed(Received(json.dumps([4, identity, *said])))

    def sent_calls(self) -> list[list[Any]]:
        """Ours."""
        return [frame for frame in self.sent if frame[0] == 2]

    @property
    def open_call(self) -> list[Any] | None:
        """Our last one, while it is not answered."""
        return self.sent_calls()[-1] if self._in_flight else None

    @property
    def _in_flight(self) -> bool:
        return bool(self.sent_calls()) and self.sent_calls()[-1][1] not in self._answered

    def ask(self, identity: str, action: str, **payload: Any) -> None:
        """A CALL of the Central System."""
        self.feed(Received(json.dumps([2, identity, action, payload])))

    def connect_anew(self) -> None:
        """The connection is lost, and there is another."""
        self.feed(Closed("gone"))
        self.connect()

    def actions(self) -> list[str]:
        """Of our CALLs."""
        return [frame[2] for frame in self.sent_calls()]

    def answers(self, identity: str) -> list[list[Any]]:
        """Ours to that CALL."""
        return [frame for frame in self.sent if frame[0] != 2 and frame[1] == identity]

    # The disk

    @property
    def disk_takes_s(self) -> float:
        return inf if self.disk == "hung" else 0.0

    def disk_comes_back(self) -> None:
        """A hung one is well again, and has written all that it had."""
        self.disk = "well"
        while self.at_disk:
            self.disk_answers()

    def begin_write(self, write: Write) -> None:
        self.effects.append(write)
        super().begin_write(write)

    def written(self, write: Write) -> Stored | NotStored:
        if self.disk == "refuses":
            return NotStored("the disk is full")
        self.store.apply(write.changes)
        self._stored += write.changes
        return Stored()

    # What was done

    def wishes(self) -> list[Wish]:
        return [effect for effect in self.effects if isinstance(effect, Wish)]

    def reconnects(self) -> list[str]:
        """Why."""
        said = [effect.effects.reconnect for effect in self.effects if isinstance(effect, Say)]
        return [reconnect.reason for reconnect in said if reconnect is not None]

    def lines(self) -> str:
        return "\n".join(effect.line for effect in self.effects if isinstance(effect, Log))

    def replies(self) -> list[Answer]:
        return [effect for effect in self.effects if isinstance(effect, Answer)]

    @property
    def left(self) -> bool:
        return any(isinstance(effect, Leave) for effect in self.effects)

    def carried(self, effect: Effect) -> None:
        self.effects.append(effect)
        match effect:
            case Say(effects=said):
                for change in said.changes:
                    assert any(change is each for each in self._stored), f"said before it is durable: {said}"
                self.sent += map(json.loads, said.frames)
                self._answer_at_once()
            case _:
                pass

    def _answer_at_once(self) -> None:
        if self.answers_at_once and self._in_flight:
            action = self.sent_calls()[-1][2]
            accepted = {"idTagInfo": {"status": "Accepted"}}
            started = {"transactionId": 100 + len(self.sent), **accepted}
            usual = {"BootNotification": ACCEPTED, "Authorize": accepted, "StartTransaction": started}
            usual["Heartbeat"] = {"currentTime": ACCEPTED["currentTime"]}
            identity = self.sent_calls()[-1][1]
            self._answered.add(identity)
            self.tell(Received(json.dumps([3, identity, usual.get(action, {})])))
