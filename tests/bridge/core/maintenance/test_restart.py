"""OCPP 1.6 5.14 and 9.1.22: when the program leaves, and what happens when it cannot."""

from __future__ import annotations

from datetime import UTC, datetime

from bridge.core.maintenance.restart import PATIENCE_S, REST_S, RETRY_S, Restart
from bridge.core.now import Now

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def now(s: float) -> Now:
    return Now(s, BEGAN)


def due(of: Restart, s: float, *, in_transaction: bool = False) -> str | None:
    of.step(now(s), in_transaction=in_transaction)
    return of.due


def test_without_a_transaction_at_once() -> None:
    of = Restart()
    assert due(of, 0.0) is None
    of.accept("soft", None)
    assert due(of, 0.1) == "soft"


def test_the_transaction_ends_first_and_its_answer_is_waited_for() -> None:
    of = Restart()
    of.accept("hard", 7)
    assert due(of, 5.0, in_transaction=True) is None
    assert due(of, 6.0) is None  # its row is written
    assert due(of, 6.0 + PATIENCE_S - 0.1) is None
    of.stop_delivered(8)
    assert due(of, 6.0 + PATIENCE_S - 0.1) is None
    of.stop_delivered(7)
    assert due(of, 6.0 + PATIENCE_S - 0.1) == "hard"


def test_nobody_answers_for_ever() -> None:
    of = Restart()
    of.accept("hard", 7)
    due(of, 6.0)
    assert due(of, 6.0 + PATIENCE_S) == "hard"


def test_a_failure_is_tried_again_as_often_as_allowed() -> None:
    of = Restart()
    of.accept("soft", None)
    assert due(of, 0.0) == "soft"
    assert not of.failed(1, now(0.0))
    assert due(of, RETRY_S - 0.1) is None
    assert due(of, RETRY_S) == "soft"
    assert of.failed(1, now(RETRY_S))
    assert due(of, 1000.0) is None
    of.accept("soft", None)  # a new Reset begins anew
    assert due(of, 1000.0) == "soft"


def test_an_update_asks_again_after_a_rest() -> None:
    of = Restart()
    of.ask("hard", now(0.0))
    of.ask("hard", now(0.0))
    assert due(of, 0.0) == "hard"
    assert of.failed(0, now(0.0))
    of.ask("hard", now(REST_S - 1))
    assert due(of, REST_S - 1) is None
    of.ask("hard", now(REST_S))
    assert due(of, REST_S) == "hard"
