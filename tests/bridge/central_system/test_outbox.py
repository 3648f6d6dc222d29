"""Lane 2: rows become messages, strictly in order, each frozen by its first send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.central_system.border import Refusal
from bridge.central_system.outbox import Outbox, Send, stop_transaction
from bridge.core.box_view import Supply
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now
from bridge.core.rows import (
    Attempted,
    Change,
    Delivered,
    Frozen,
    GivenUp,
    MessageRef,
    OfferedAgain,
    Pending,
    StartConfirmed,
    Swallowed,
)
from bridge.core.zaptec import CLOUD
from bridge.store.database import IN_MEMORY, Database
from tests.bridge.central_system.rows_of import AT, sampled, started, stopped

SUPPLY = Supply(3, 230.0, 16.0)
BUSY = Refusal("InternalError", passing=True)
WRONG = Refusal("FormationViolation", passing=False)
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": "2026-01-01T00:00:00Z"}


def now(at_s: float) -> Now:
    return Now(at_s, AT + timedelta(seconds=at_s))


class Desk:
    """An outbox and its store; `send` carries out what the outbox wants to be durable first."""

    def __init__(self, **keys: str) -> None:
        self.database = Database(IN_MEMORY)
        configuration = Configuration(CLOUD, keys, {}, authorization_required=True)
        self.outbox = Outbox(self.database, configuration, CLOUD)
        self.outbox.connected()

    def store(self, *changes: Change) -> None:
        self.database.apply(changes)

    def send(self, at_s: float = 0.0) -> Send | None:
        for _ in range(2):
            following = self.outbox.next(SUPPLY, now(at_s))
            if following is None or isinstance(following, Send):
                return following
            self.store(following)
        raise AssertionError("a message is frozen once")

    def sent(self, at_s: float = 0.0) -> Send:
        send = self.send(at_s)
        assert send is not None
        return send


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.database.close()


def confirmed(row_id: int = 1, transaction_id: int = 70) -> StartConfirmed:
    return StartConfirmed(row_id, transaction_id, "Accepted", None)


def test_nothing_stored_nothing_sent(desk: Desk) -> None:
    assert desk.send() is None


def test_a_message_is_frozen_before_it_is_sent(desk: Desk) -> None:
    desk.store(started())
    first = desk.outbox.next(SUPPLY, now(0))
    assert first == Frozen(MessageRef(1, "start"), START)
    desk.store(first)
    assert desk.outbox.next(SUPPLY, now(0)) == Send(
        MessageRef(1, "start"), "StartTransaction", START, again=False
    )


def test_start_values_stop_then_the_next_row(desk: Desk) -> None:
    desk.store(started(1), sampled(1, 0, 60), sampled(1, 1, 90), stopped(1), started(2))
    actions, payloads = [], []
    for _ in range(5):
        send = desk.sent()
        actions.append(send.action)
        payloads.append(send.payload)
        desk.store(confirmed(send.ref.row_id) if send.ref.kind == "start" else Delivered(send.ref))
    assert actions == [
        "StartTransaction", "MeterValues", "MeterValues", "StopTransaction", "StartTransaction",
    ]  # fmt: skip
    assert [payload.get("transactionId") for payload in payloads] == [None, 70, 70, 70, None]
    assert [payloads[n]["meterValue"][0]["timestamp"] for n in (1, 2)] == [
        "2026-01-01T00:01:00Z", "2026-01-01T00:01:30Z",
    ]  # fmt: skip
    assert payloads[3] == {
        "transactionId": 70,
        "meterStop": 1200,
        "timestamp": "2026-01-01T00:02:00Z",
        "reason": "Local",
        "idTag": "TAG",
    }
    assert desk.send() is None


def test_a_stop_without_a_card_has_no_id_tag(desk: Desk) -> None:
    desk.store(started(), confirmed(), stopped(id_tag=None))
    assert "idTag" not in desk.sent().payload


def test_a_resend_is_the_same(desk: Desk) -> None:
    desk.store(started())
    first = desk.sent()
    desk.outbox.connected()
    assert desk.sent() == replace(first, again=True)


def test_silence_is_waited_out_for_ever_and_longer_each_time(desk: Desk) -> None:
    """60 s x the sends so far; silence is no attempt."""
    desk.store(started())
    at_s = 0.0
    for sends in range(1, 30):
        desk.outbox.unanswered(desk.sent(at_s).ref, at_s, now(at_s))
        assert desk.send(at_s + 60.0 * sends - 0.1) is None
        at_s += 60.0 * sends
    head = desk.database.head()
    assert head is not None
    assert (head.attempts, head.swallowed) == (0, 0)


def test_a_new_connection_ends_the_wait(desk: Desk) -> None:
    desk.store(started())
    desk.outbox.unanswered(desk.sent().ref, 0.0, now(0))
    assert desk.send(1.0) is None
    desk.outbox.connected()
    assert desk.send(1.0) is not None


@pytest.mark.parametrize(("attempts", "allowed"), [("0", 1), ("1", 1), ("3", 3)])
def test_callerrors_are_counted_and_the_whole_row_steps_aside(attempts: str, allowed: int) -> None:
    """OCPP 1.6 9.1.28, 9.1.29; 0 reads as 1."""
    desk = Desk(TransactionMessageAttempts=attempts, TransactionMessageRetryInterval="20")
    desk.store(started(1), sampled(1), stopped(1), started(2))
    at_s = 0.0
    for attempt in range(1, allowed):
        changes = desk.outbox.refused(desk.sent(at_s).ref, BUSY, now(at_s))
        assert changes == (Attempted(MessageRef(1, "start")),)
        desk.store(*changes)
        assert desk.send(at_s + 20.0 * attempt - 0.1) is None
        at_s += 20.0 * attempt
    changes = desk.outbox.refused(desk.sent(at_s).ref, BUSY, now(at_s))
    assert changes[1] == GivenUp(1, "StartTransaction was answered with InternalError", for_now=True)
    desk.store(*changes)
    assert desk.sent(at_s).ref == MessageRef(2, "start")
    assert [row.row_id for row in desk.database.dead_letters()] == [1]
    desk.database.close()


def test_attempts_outlive_a_new_connection(desk: Desk) -> None:
    desk.store(started())
    desk.store(*desk.outbox.refused(desk.sent().ref, BUSY, now(0)))
    desk.outbox.connected()
    assert desk.send(59.9) is None  # and so does the wait: a link that flaps must not use them up
    desk.sent(60.0)
    head = desk.database.head()
    assert head is not None
    assert head.attempts == 1


def test_an_answer_matters_until_the_message_is_delivered(desk: Desk) -> None:
    """Also once its row is given up: what was taken is never offered again."""
    desk.store(started(), sampled())
    send = desk.sent()
    assert desk.outbox.is_open(send.ref)
    desk.store(GivenUp(1, "refused"))
    assert desk.outbox.is_open(send.ref)
    desk.store(confirmed())
    assert not desk.outbox.is_open(send.ref)


def test_the_wait_of_a_message_holds_no_other(desk: Desk) -> None:
    """A late answer has delivered it: the next message goes at once."""
    desk.store(started(), sampled())
    desk.outbox.unanswered(desk.sent().ref, 0.0, now(60))
    desk.store(confirmed())
    assert desk.sent(61.0).ref == MessageRef(1, "values", 0)


def swallow(desk: Desk, at_s: float) -> tuple[Change, ...]:
    """The head is sent and not answered; a later CALL is."""
    desk.outbox.connected()
    send = desk.sent(at_s)
    desk.outbox.unanswered(send.ref, at_s, now(at_s + 60))
    changes = desk.outbox.answered(at_s + 61, now(at_s + 62))
    desk.store(*changes)
    return changes


@pytest.mark.parametrize(("attempts", "times"), [("0", 10), ("3", 10), ("12", 12)])
def test_a_message_that_alone_is_not_answered_steps_aside(attempts: str, times: int) -> None:
    desk = Desk(TransactionMessageAttempts=attempts)
    desk.store(started(1), started(2))
    for time in range(1, times):
        assert swallow(desk, 1000.0 * time) == (Swallowed(MessageRef(1, "start")),)
    *_, given_up = swallow(desk, 1000.0 * times)
    why = f"StartTransaction alone was not answered, {times} times"
    assert given_up == GivenUp(1, why, for_now=True)
    assert desk.sent(1e6).ref == MessageRef(2, "start")
    desk.database.close()


def test_an_answer_to_an_earlier_call_says_nothing_of_the_silence(desk: Desk) -> None:
    desk.store(started())
    desk.outbox.unanswered(desk.sent(5.0).ref, 5.0, now(65))
    assert desk.outbox.answered(4.0, now(66)) == ()
    assert desk.outbox.answered(65.0, now(66)) == (Swallowed(MessageRef(1, "start")),)
    assert desk.outbox.answered(67.0, now(68)) == (), "one silence counts once"


def test_three_quick_closes_in_a_row_are_one_count(desk: Desk) -> None:
    desk.store(started())
    ref = desk.sent().ref
    closes = [desk.outbox.closed(ref, 0.0, now(after_s)) for after_s in (1, 1, 5.1, 5, 5, 5, 1, 1)]
    assert closes == [(), (), (), (), (), (Swallowed(ref),), (), ()]


def test_the_owner_offers_again_what_was_given_up_for_any_reason_and_nothing_else(desk: Desk) -> None:
    desk.store(started(1), started(2), started(3), GivenUp(1, "x", for_now=True), GivenUp(2, "y"))
    offered = [desk.outbox.offer(row_id) for row_id in (1, 2, 3, 4)]
    assert offered == [(OfferedAgain(1),), (OfferedAgain(2),), (), ()]


def test_what_was_given_up_for_now_is_offered_again_after_an_hour_and_when_accepted(desk: Desk) -> None:
    desk.store(started(1), started(2), GivenUp(1, "x", for_now=True), GivenUp(2, "y"), started(3))
    assert desk.outbox.accepted() == (OfferedAgain(1),), "the owner decides on row 2"
    desk.store(*desk.outbox.accepted())
    assert desk.sent().ref == MessageRef(1, "start")
    assert desk.outbox.offers(now(1e9)) == ()
    for _ in range(3):
        changes = desk.outbox.refused(MessageRef(1, "start"), BUSY, now(100))
        desk.store(*changes)
    assert desk.sent(1e6).ref == MessageRef(3, "start")
    assert desk.outbox.offers(now(3699.9)) == ()
    assert desk.outbox.offers(now(3700)) == (OfferedAgain(1),)


def test_a_row_offered_again_is_the_same_and_steps_aside_at_its_first_failure(desk: Desk) -> None:
    desk.store(started(1), started(2))
    first = desk.sent()
    for attempt in range(3):
        desk.store(*desk.outbox.refused(first.ref, BUSY, now(attempt)))
    desk.store(*desk.outbox.accepted())
    assert desk.sent(1000.0) == replace(first, again=True)
    changes = desk.outbox.refused(first.ref, WRONG, now(1000))
    assert changes[1] == GivenUp(1, "StartTransaction was answered with FormationViolation", for_now=False)


@pytest.mark.parametrize("transaction_id", [0, -1, -(2**31), 2**31 - 1])
def test_any_transaction_id_is_used_verbatim(desk: Desk, transaction_id: int) -> None:
    desk.store(started(), confirmed(transaction_id=transaction_id), stopped())
    assert desk.sent().payload["transactionId"] == transaction_id


@pytest.mark.parametrize("change", [confirmed(), stopped()])
def test_a_row_that_is_not_confirmed_or_has_not_stopped_has_no_stop(desk: Desk, change: Change) -> None:
    """The store gives none; a message with half of it would end another's transaction or none."""
    desk.store(started(), change)
    (row,) = desk.database.rows(1)
    with pytest.raises(ValueError, match="row 1 is not ready for StopTransaction"):
        stop_transaction(row, [])


class Losing(Database):
    """A store that has lost the samples."""

    def head(self) -> Pending | None:
        head = super().head()
        return replace(head, sample=None) if head is not None else None


def test_values_without_a_sample_are_no_message() -> None:
    desk = Desk()
    desk.database.close()
    desk.database = Losing(IN_MEMORY)
    desk.outbox = Outbox(desk.database, Configuration(CLOUD, {}, {}, authorization_required=True), CLOUD)
    desk.store(started(), confirmed(), sampled())
    with pytest.raises(ValueError, match="the store gave no sample"):
        desk.send()
    desk.database.close()
