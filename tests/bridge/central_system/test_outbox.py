"""Lane 2: rows become messages, strictly in order, each frozen by its first send."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bridge.central_system.outbox import Outbox, Send
from bridge.core.configuration import Configuration
from bridge.core.metering import Supply
from bridge.core.now import Now
from bridge.core.rows import Attempted, Change, Delivered, Frozen, GivenUp, MessageRef, StartConfirmed
from bridge.core.zaptec import CLOUD
from bridge.store.database import IN_MEMORY, Database
from tests.bridge.central_system.rows_of import AT, sampled, started, stopped

SUPPLY = Supply(3, 230.0, 16.0)
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
    assert desk.outbox.next(SUPPLY, now(0)) == Send(MessageRef(1, "start"), "StartTransaction", START, 0)


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
    assert desk.sent() == first


def test_silence_is_waited_out_for_ever_and_longer_each_time(desk: Desk) -> None:
    """60 s x the sends so far; silence is no attempt."""
    desk.store(started())
    at_s = 0.0
    for sends in range(1, 8):
        send = desk.sent(at_s)
        assert send.attempts == 0
        desk.outbox.unanswered(send.ref, now(at_s))
        assert desk.send(at_s + 60.0 * sends - 0.1) is None
        at_s += 60.0 * sends


def test_a_new_connection_ends_the_wait(desk: Desk) -> None:
    desk.store(started())
    desk.outbox.unanswered(desk.sent().ref, now(0))
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
        changes = desk.outbox.refused(desk.sent(at_s), "InternalError", now(at_s))
        assert changes == (Attempted(MessageRef(1, "start")),)
        desk.store(*changes)
        assert desk.send(at_s + 20.0 * attempt - 0.1) is None
        at_s += 20.0 * attempt
    changes = desk.outbox.refused(desk.sent(at_s), "InternalError", now(at_s))
    assert changes[1] == GivenUp(1, "StartTransaction was answered with InternalError")
    desk.store(*changes)
    assert desk.sent(at_s).ref == MessageRef(2, "start")
    assert [row.row_id for row in desk.database.dead_letters()] == [1]
    desk.database.close()


def test_attempts_outlive_a_new_connection(desk: Desk) -> None:
    desk.store(started())
    desk.store(*desk.outbox.refused(desk.sent(), "InternalError", now(0)))
    desk.outbox.connected()
    assert desk.sent().attempts == 1


def test_an_answer_matters_only_for_the_oldest_message(desk: Desk) -> None:
    desk.store(started(), sampled())
    send = desk.sent()
    assert desk.outbox.is_open(send.ref)
    assert not desk.outbox.is_open(MessageRef(1, "values", 0))
    desk.store(confirmed())
    assert not desk.outbox.is_open(send.ref)


@pytest.mark.parametrize("transaction_id", [0, -1, -(2**31), 2**31 - 1])
def test_any_transaction_id_is_used_verbatim(desk: Desk, transaction_id: int) -> None:
    desk.store(started(), confirmed(transaction_id=transaction_id), stopped())
    assert desk.sent().payload["transactionId"] == transaction_id
