"""OCPP 1.6 4.9: the ChargePointStatus of every state, and when it is notified."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.core.now import Now
from bridge.core.reporting.faults import NO_ERROR, report
from bridge.core.reporting.notifications import Notifier, box_notification, notification
from bridge.core.reporting.status import View, charge_point_status
from bridge.core.session import Authorized, Authorizing, Finishing, Idle, Owner, State, Stopping, Transaction

AT = datetime(2026, 1, 1, tzinfo=UTC)
AUTHORIZED = Authorized("TAG", None, "card", 0.0, 60.0, Idle())
RUNNING = Transaction(1, "TAG", None, 100, 0.0, AT, closed_once=True)
NEW = replace(RUNNING, closed_once=False)
REFUSED = replace(NEW, deauthorized=True)
ENDING = replace(RUNNING, stopping=Stopping("Local", "TAG", 50.0, "Charging"))


def now(at_s: float) -> Now:
    return Now(at_s, AT + timedelta(seconds=at_s))


def seen(state: State, facts: str) -> View:
    """`facts` in words: car, wants, offering, closed, faulted, silent (hal.safety), out (of service)."""
    words = set(facts.split())
    return View(
        state=state,
        in_service=not words & {"out", "silent"},
        faulted="faulted" in words,
        box_alive="silent" not in words,
        car_connected="car" in words,
        car_wants_energy="wants" in words,
        offering="offering" in words,
        contactor_closed="closed" in words,
    )


@pytest.mark.parametrize(
    ("state", "facts", "at_s", "status"),
    [
        (Idle(), "", 0, "Available"),
        (Idle(), "car", 0, "Preparing"),
        (Idle(), "car out", 0, "Unavailable"),
        (Idle(), "car silent", 0, "Unavailable"),
        (Idle(), "faulted", 0, "Faulted"),
        (Idle(), "faulted out", 0, "Faulted"),
        (Authorizing("TAG", "card", 0.0, Idle()), "", 0, "Available"),
        (Authorizing("TAG", "card", 0.0, Idle()), "car", 0, "Preparing"),
        (Authorizing("TAG", "card", 0.0, Finishing()), "car", 0, "Finishing"),
        (AUTHORIZED, "", 0, "Preparing"),
        (AUTHORIZED, "car", 0, "Preparing"),
        (AUTHORIZED, "faulted", 0, "Faulted"),
        (NEW, "car offering wants", 29.9, "Preparing"),
        (NEW, "car offering wants", 30.0, "SuspendedEVSE"),
        (NEW, "car offering", 30.0, "SuspendedEV"),
        (NEW, "car", 30.0, "SuspendedEVSE"),
        (NEW, "car faulted", 1.0, "Faulted"),
        (REFUSED, "car", 1.0, "SuspendedEVSE"),
        (RUNNING, "car offering wants closed", 60, "Charging"),
        (RUNNING, "car offering wants", 60, "SuspendedEVSE"),
        (RUNNING, "car offering", 60, "SuspendedEV"),
        (RUNNING, "car offering closed", 60, "SuspendedEV"),
        (RUNNING, "car", 60, "SuspendedEVSE"),
        (RUNNING, "car wants closed", 60, "SuspendedEVSE"),
        (RUNNING, "car offering wants closed silent", 60, "SuspendedEVSE"),
        (RUNNING, "car offering wants closed out", 60, "Charging"),
        (RUNNING, "car offering wants closed faulted", 60, "Faulted"),
        (ENDING, "car faulted", 60, "Charging"),
        (Finishing(), "car", 0, "Finishing"),
        (Finishing(), "", 0, "Finishing"),
        (Finishing(Owner("TAG")), "", 0, "Finishing"),
        (Finishing(), "car out", 0, "Unavailable"),
        (Finishing(), "car faulted", 0, "Faulted"),
    ],
)
def test_the_status_of(state: State, facts: str, at_s: float, status: str) -> None:
    assert charge_point_status(seen(state, facts), at_s) == status


def told(notifier: Notifier, status: str, at_s: float, minimum_s: float = 3.0) -> str | None:
    notifier.observe(status, NO_ERROR, now(at_s))
    due = notifier.due(minimum_s, now(at_s))
    return due.status if due is not None else None


def test_each_status_is_told_once() -> None:
    notifier = Notifier()
    assert [told(notifier, "Available", at_s) for at_s in (0, 1, 2)] == ["Available", None, None]


@pytest.mark.parametrize(("one", "other"), [("Charging", "SuspendedEV"), ("SuspendedEVSE", "Charging")])
def test_minimum_status_duration_delays_the_three_of_a_transaction(one: str, other: str) -> None:
    """OCPP 1.6 9.1.19."""
    notifier = Notifier()
    told(notifier, one, 0)
    assert [told(notifier, other, at_s) for at_s in (10, 12.9, 13)] == [None, None, other]


def test_a_status_that_did_not_last_is_never_told() -> None:
    notifier = Notifier()
    told(notifier, "Charging", 0)
    told(notifier, "SuspendedEV", 10)
    assert [told(notifier, "Charging", at_s) for at_s in (11, 20)] == [None, None]


@pytest.mark.parametrize("status", ["Faulted", "Finishing", "Unavailable"])
def test_all_else_goes_at_once(status: str) -> None:
    notifier = Notifier()
    told(notifier, "Charging", 0, minimum_s=60)
    assert told(notifier, status, 1, minimum_s=60) == status


def test_another_error_is_told_at_once() -> None:
    notifier = Notifier()
    told(notifier, "Charging", 0)
    notifier.observe("SuspendedEV", report("over_temperature"), now(1))
    assert notifier.due(60, now(1)) is not None


@pytest.mark.parametrize(
    ("sent_s", "connected_s", "timestamp"),
    [
        (13, 0, "2026-01-01T00:00:10Z"),
        (40, 10, "2026-01-01T00:00:10Z"),
        (41, 0, "2026-01-01T00:00:41Z"),  # no news any more
        (13, 11, "2026-01-01T00:00:13Z"),  # it began before this connection
    ],
)
def test_the_timestamp_is_when_the_status_began_while_it_is_news(
    sent_s: int, connected_s: int, timestamp: str
) -> None:
    notifier = Notifier()
    told(notifier, "Charging", 0)
    notifier.observe("SuspendedEV", NO_ERROR, now(10))
    notifier.connected(now(connected_s))
    due = notifier.due(0, now(sent_s))
    assert due is not None
    assert notification(1, due)["timestamp"] == timestamp


def test_a_new_connection_is_told_the_present_status() -> None:
    notifier = Notifier()
    told(notifier, "Available", 0)
    notifier.connected(now(1))
    assert told(notifier, "Available", 5) == "Available"


@pytest.mark.parametrize(("operative", "status"), [(True, "Available"), (False, "Unavailable")])
def test_connector_0_knows_two_statuses(operative: bool, status: str) -> None:
    assert box_notification(operative, now(0)) == {
        "connectorId": 0,
        "errorCode": "NoError",
        "status": status,
        "timestamp": "2026-01-01T00:00:00Z",
    }
