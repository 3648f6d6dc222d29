"""What no scenario can show of the conversation: the order of effects, and answers that are wrong or late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from bridge.central_system.conversation import Conversation
from bridge.central_system.effects import Effects, Environment
from bridge.central_system.registration import Registration
from bridge.central_system.requests import MOST_OPEN
from bridge.core.calendar import Calendar
from bridge.core.charge_point import ChargePoint
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now
from bridge.core.setup import Memory, Provisioning
from bridge.core.zaptec import CLOUD, NATIVE, Behaviour
from bridge.store.database import IN_MEMORY, Database
from hal.repeats import WRITTEN, Repeats
from tests.bridge.central_system.rows_of import sampled, started, stopped

AT = datetime(2026, 1, 1, tzinfo=UTC)
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
ACCEPTED = {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 0}


class Desk:
    """A conversation without a wallbox, which carries out its own effects."""

    def __init__(self, behaviour: Behaviour = CLOUD, **keys: str) -> None:
        self.database = Database(IN_MEMORY)
        self.at_s = 0.0
        self.log: list[Effects] = []
        self.sent: list[list[Any]] = []
        configuration = Configuration(behaviour, keys, {}, authorization_required=True)
        self.core = ChargePoint(Provisioning(behaviour, "boot", "ws://x/"), configuration, Memory(), self.now)
        ids = count(1)
        voice = Environment(BOOT, new_id=lambda: f"cp-{next(ids)}", calendar=Calendar("boot", None))
        self.talk = Conversation(self.core, self.database, voice, Registration())

    @property
    def now(self) -> Now:
        return Now(self.at_s, AT + timedelta(seconds=self.at_s))

    def open(self) -> None:
        self.talk.link_opened(self.now)
        self.carry_out()

    def hear(self, text: str | bytes) -> None:
        self.talk.received(text, self.now)
        self.carry_out()

    def answer(self, payload: dict[str, Any], identity: str | None = None) -> None:
        self.hear(json.dumps([3, identity or self.sent[-1][1], payload]))

    def let_pass(self, for_s: float) -> None:
        self.at_s += for_s
        self.carry_out()

    def register(self) -> None:
        """Until only what was stored is in flight; the missing wallbox and meter are noticed before."""
        self.let_pass(6.0)
        self.let_pass(6.0)
        self.open()
        self.answer(ACCEPTED)
        self.answer({})
        self.answer({})

    def carry_out(self) -> None:
        self.talk.step(self.now)
        while effects := self._next():
            self.log.append(effects)
            self.database.apply(effects.changes)
            self.sent += map(json.loads, effects.frames)

    def _next(self) -> Effects:
        self.talk.send_next(self.now)
        return self.talk.drain(self.now)

    def actions(self) -> list[str]:
        return [frame[2] for frame in self.sent if frame[0] == 2]

    def notes(self) -> str:
        return "\n".join(note for effects in self.log for note in effects.notes)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.database.close()


def test_without_a_connection_nothing_is_sent(desk: Desk) -> None:
    desk.let_pass(1000.0)
    assert desk.sent == []


def test_boot_notification_first(desk: Desk) -> None:
    desk.open()
    assert desk.sent == [[2, "cp-1", "BootNotification", BOOT]]


def test_no_call_leaves_in_the_same_breath_as_a_change(desk: Desk) -> None:
    """What a frame rests on is durable before the frame exists."""
    desk.database.apply((started(), sampled(), stopped()))
    desk.register()
    desk.answer({"transactionId": 1, "idTagInfo": {"status": "Accepted"}})
    desk.answer({})
    assert desk.actions()[-3:] == ["StartTransaction", "MeterValues", "StopTransaction"]
    for effects in desk.log:
        calls = [frame for frame in effects.frames if json.loads(frame)[0] == 2]
        assert not (effects.changes and calls), effects


def test_a_card_goes_before_ten_thousand_rows(desk: Desk) -> None:
    """One answer time at most between the card and its Authorize."""
    for row_id in range(1, 2501):
        samples = [sampled(row_id, seq, seq) for seq in range(2)]
        desk.database.apply((started(row_id), *samples, stopped(row_id)))
    assert desk.database.backlog() == 10_000
    desk.register()
    assert desk.actions()[-1] == "StartTransaction"
    desk.core.connector.ask_authorization("CARD", "card", desk.now)
    desk.carry_out()
    assert desk.actions()[-1] == "StartTransaction"
    desk.answer({"transactionId": 1, "idTagInfo": {"status": "Accepted"}})
    assert desk.actions()[-1] == "Authorize"


@pytest.mark.parametrize("rest", ["", ",[]", ',{"transactionId":NaN}', ',{"a":1', ",{},{}"])
@pytest.mark.parametrize("kind", [3, 4])
def test_an_answer_of_whatever_form_ends_the_wait(desk: Desk, kind: int, rest: str) -> None:
    """StartTransaction counts as refused; the next CALL goes at once."""
    desk.database.apply((started(),))
    desk.register()
    assert desk.actions()[-1] == "StartTransaction"
    desk.core.connector.ask_authorization("CARD", "card", desk.now)
    desk.hear(f'[{kind},"{desk.sent[-1][1]}"{rest}]')
    assert desk.actions()[-1] == "Authorize"
    head = desk.database.head()
    assert head is not None
    assert head.attempts == 1
    assert "no frame of OCPP-J" in desk.notes()


def test_an_answer_that_breaks_its_schema_is_no_better_than_a_callerror(desk: Desk) -> None:
    desk.database.apply((started(),))
    desk.register()
    desk.answer({"transactionId": "one", "idTagInfo": {"status": "Accepted"}})
    assert "breaks its schema" in desk.notes()
    assert desk.actions().count("StartTransaction") == 1
    head = desk.database.head()
    assert head is not None
    assert head.attempts == 1
    desk.let_pass(60.0)
    assert desk.actions().count("StartTransaction") == 2


def test_a_message_of_which_no_answer_is_needed_was_taken_whatever_the_answer_holds(desk: Desk) -> None:
    """OCPP 1.6 4.7, 4.10: nothing that the Central System may fail to say would be mended by a second one."""
    desk.database.apply((started(), sampled(), stopped()))
    desk.register()
    desk.answer({"transactionId": 1, "idTagInfo": {"status": "Accepted"}})
    desk.answer({"thanks": "for the values"})
    desk.answer({"idTagInfo": {"status": "Splendid"}})
    assert desk.actions()[-2:] == ["MeterValues", "StopTransaction"]
    assert desk.database.backlog() == 0


def test_a_message_that_is_swallowed_steps_aside_and_comes_again(desk: Desk) -> None:
    """The Heartbeat after the silence is answered: the link is not to blame."""
    desk.database.apply((started(1), started(2)))
    desk.register()
    for _ in range(100):
        if desk.actions()[-1] == "Heartbeat":
            desk.answer({"currentTime": "2026-01-01T00:00:00Z"})
        if desk.database.dead_letters():
            break
        desk.let_pass(60.0)
    assert [row.row_id for row in desk.database.dead_letters()] == [1]
    assert desk.actions().count("StartTransaction") == 11  # the last one is of row 2
    assert not any(effects.reconnect for effects in desk.log)
    desk.answer({"transactionId": 2, "idTagInfo": {"status": "Accepted"}})
    while desk.actions()[-1] != "StartTransaction" or desk.actions().count("StartTransaction") < 12:
        desk.let_pass(60.0)
        if desk.actions()[-1] == "Heartbeat":
            desk.answer({"currentTime": "2026-01-01T00:00:00Z"})
    assert desk.sent[-1][3] == next(frame[3] for frame in desk.sent if frame[2:3] == ["StartTransaction"])
    desk.answer({"transactionId": 1, "idTagInfo": {"status": "Accepted"}})
    assert desk.database.backlog() == 0


def test_silence_to_everything_is_never_counted(desk: Desk) -> None:
    desk.database.apply((started(1),))
    desk.register()
    for _ in range(40):
        desk.let_pass(60.0)
        desk.let_pass(10.0)
        desk.talk.link_closed(desk.now)
        desk.carry_out()
        desk.open()
        while desk.actions()[-1] == "StatusNotification":
            desk.answer({})
    head = desk.database.head()
    assert head is not None
    assert (head.attempts, head.swallowed) == (0, 0)


def test_a_boot_answer_that_breaks_its_schema_registers_nobody(desk: Desk) -> None:
    desk.open()
    desk.answer({"status": "Splendid", "currentTime": "now", "interval": 0})
    assert desk.actions() == ["BootNotification"]
    assert not desk.talk.registration.accepted


def test_a_late_answer_to_a_row_that_was_sent_again_is_dropped(desk: Desk) -> None:
    desk.database.apply((started(),))
    desk.register()
    first = desk.sent[-1][1]
    desk.let_pass(60.0)  # the time-out
    desk.answer({"currentTime": "2026-01-01T00:02:00Z"})  # of the Heartbeat that asks whether the link lives
    desk.let_pass(60.0)  # the wait
    assert desk.actions().count("StartTransaction") == 2
    desk.answer({"transactionId": 5, "idTagInfo": {"status": "Accepted"}})
    desk.answer({"transactionId": 6, "idTagInfo": {"status": "Accepted"}}, first)
    assert "dropped a late answer to StartTransaction" in desk.notes()
    row = desk.database.row(1)
    assert row is not None
    assert row.transaction_id == 5


def test_two_time_outs_in_a_row_end_the_connection(desk: Desk) -> None:
    desk.register()
    desk.core.connector.ask_authorization("CARD", "card", desk.now)
    desk.carry_out()
    desk.let_pass(10.0)
    assert not any(effects.reconnect for effects in desk.log)
    desk.core.reports.send_status(1, desk.now)
    desk.carry_out()
    desk.let_pass(10.0)
    assert any(effects.reconnect for effects in desk.log)


def test_a_dropped_link_drops_what_was_waiting(desk: Desk) -> None:
    desk.register()
    sent = len(desk.sent)
    desk.core.reports.send_status(1, desk.now)
    desk.talk.link_closed(desk.now)
    desk.carry_out()
    desk.core.reports.send_status(1, desk.now)
    desk.carry_out()
    assert len(desk.sent) == sent


@pytest.mark.parametrize("message", [b"\x00", "", "[", "[]", "{}", "[2]", "[1,2,3]", "[3,5]"])
def test_what_cannot_be_read_is_noted_and_not_answered(desk: Desk, message: str | bytes) -> None:
    desk.register()
    sent = len(desk.sent)
    desk.hear(message)
    assert "dropped a message" in desk.notes()
    assert len(desk.sent) == sent


@pytest.mark.parametrize("standing", ["Accepted", "Rejected"])
def test_a_peer_chooses_neither_how_our_lines_begin_nor_how_many_are_written(
    desk: Desk, standing: str
) -> None:
    """Lines that begin alike are counted, so no line begins with the text of others."""
    desk.open()
    desk.answer({**ACCEPTED, "status": standing})
    repeats, written = Repeats(), 0
    for number in range(2000):
        name = chr(0x4E00 + number)
        for text in (
            f'[2,"{name}","{name}",{{}}]',
            f'[4,"{name}","{name}","",{{}}]',
            f"{name}",
            f'["{name}"]',
        ):
            desk.log.clear()
            desk.hear(text)
            written += sum(len(repeats.feed(line, 0.0)) for line in desk.notes().splitlines())
    assert written <= 10 * WRITTEN


def test_requests_whose_answers_take_time_fill_no_memory() -> None:
    """A lock of which nothing is known: UnlockConnector is answered after some seconds, each of them."""
    desk = Desk(NATIVE)
    desk.register()
    for number in range(1000):
        desk.hear(f'[2,"u{number}","UnlockConnector",{{"connectorId":1}}]')
    refused = [frame for frame in desk.sent if frame[0] == 4]
    assert len(refused) == 1000 - MOST_OPEN
    assert {frame[2] for frame in refused} == {"GenericError"}
    desk.hear('[2,"u0","UnlockConnector",{"connectorId":1}]')
    assert [frame for frame in desk.sent if frame[1] == "u0"] == [], "answered once, when its time has come"
    for _ in range(30):
        desk.let_pass(1.0)
    answers = {frame[1]: frame[2] for frame in desk.sent if frame[0] == 3}
    assert answers == {f"u{number}": {"status": "UnlockFailed"} for number in range(MOST_OPEN)}
    desk.database.close()


def test_an_answer_nobody_asked_for_is_noted(desk: Desk) -> None:
    desk.register()
    desk.hear('[3,"nobody",{}]')
    assert "nothing was asked under 'nobody'" in desk.notes()


def test_without_pings_the_link_is_tried_each_900_s() -> None:
    desk = Desk(WebSocketPingInterval="0")
    desk.register()
    desk.let_pass(899.0)
    assert "Heartbeat" not in desk.actions()
    desk.let_pass(1.0)
    assert desk.actions()[-1] == "Heartbeat"
    desk.database.close()


def test_heartbeats_can_be_switched_off(desk: Desk) -> None:
    desk.register()
    desk.core.change_key("HeartbeatInterval", "0")
    desk.let_pass(1e6)
    assert "Heartbeat" not in desk.actions()
