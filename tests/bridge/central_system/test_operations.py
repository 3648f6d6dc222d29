"""What the Central System may ask, beyond what scenarios show."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bridge.central_system.frames import OcppError
from bridge.central_system.operations import SUPPORTED, Answer, Question, answer
from bridge.central_system.schemas import Payload, known_actions, response_fault
from bridge.core.charge_point import ChargePoint
from bridge.core.configuration.configuration import Configuration
from bridge.core.configuration.keys import KEYS
from bridge.core.now import Now
from bridge.core.session import Authorized, Idle
from bridge.core.setup import Memory, Provisioning
from bridge.core.zaptec import BEHAVIOURS, Mode

BORN = Now(95.0, datetime(2025, 12, 31, 23, 59, 55, tzinfo=UTC))
NOW = Now(100.0, datetime(2026, 1, 1, tzinfo=UTC))  # what is waited for after a start has not come


def charge_point(mode: Mode = "cloud", *, accepted: bool = True) -> ChargePoint:
    behaviour = BEHAVIOURS[mode]
    configuration = Configuration(behaviour, {}, {}, authorization_required=True)
    provisioning = Provisioning(behaviour, "boot", "ws://x/", accept_before_registration=accepted)
    return ChargePoint(provisioning, configuration, Memory(), BORN)


def asked(
    action: str, payload: Payload, core: ChargePoint | None = None, *, pending: bool = False
) -> Payload:
    given = answer(action, Question(payload, core or charge_point(), pending, NOW))
    assert isinstance(given, Answer)
    assert response_fault(action, given.payload) is None
    return given.payload


def test_everything_supported_is_an_action() -> None:
    assert known_actions() >= SUPPORTED


def test_get_configuration_names_every_key() -> None:
    entries = asked("GetConfiguration", {}, charge_point("native"))["configurationKey"]
    assert [entry["key"] for entry in entries] == [key.name for key in KEYS]


def test_get_configuration_mentions_unknown_keys_only_when_there_are_some() -> None:
    assert "unknownKey" not in asked("GetConfiguration", {"key": ["NumberOfConnectors"]})
    assert asked("GetConfiguration", {"key": ["x"]}) == {"configurationKey": [], "unknownKey": ["x"]}


def test_as_many_keys_as_are_allowed() -> None:
    assert asked("GetConfiguration", {"key": [f"x{n}" for n in range(62)]})
    with pytest.raises(OcppError, match="OccurenceConstraintViolation: 63 keys: at most 62"):
        asked("GetConfiguration", {"key": [f"x{n}" for n in range(63)]})


@pytest.mark.parametrize(
    ("connector_id", "pending", "accepted", "status"),
    [
        (None, False, True, "Accepted"),
        (1, False, True, "Accepted"),
        (0, False, True, "Rejected"),
        (2, False, True, "Rejected"),
        (None, True, True, "Rejected"),
        (None, False, False, "Rejected"),
    ],
)
def test_remote_start(connector_id: int | None, pending: bool, accepted: bool, status: str) -> None:
    payload: Payload = {"idTag": "TAG"} | ({} if connector_id is None else {"connectorId": connector_id})
    core = charge_point(accepted=accepted)
    assert asked("RemoteStartTransaction", payload, core, pending=pending) == {"status": status}
    assert isinstance(core.state, Idle)  # offline, an unknown tag: the rules refuse it right away


def test_a_remote_start_without_authorize_waits_for_a_car_at_once() -> None:
    core = charge_point()
    core.change_key("AuthorizeRemoteTxRequests", "false")
    asked("RemoteStartTransaction", {"idTag": "TAG"}, core)
    assert core.state == Authorized("TAG", None, "remote", 100.0, 220.0, Idle())


@pytest.mark.parametrize(("mode", "expires_s"), [("cloud", 220.0), ("native", 160.0)])
def test_how_long_a_remote_tag_lives(mode: Mode, expires_s: float) -> None:
    core = charge_point(mode)
    core.connector.authorize("TAG", "remote", NOW)
    assert isinstance(core.state, Authorized)
    assert core.state.expires_s == expires_s


@pytest.mark.parametrize("action", ["RemoteStopTransaction", "RemoteStartTransaction"])
def test_nothing_remote_while_faulted_or_without_a_transaction(action: str) -> None:
    payload: Payload = {"transactionId": 0} if action == "RemoteStopTransaction" else {"idTag": "TAG"}
    core = charge_point()
    core.set_operative(False)
    assert asked(action, payload, core) == {"status": "Rejected"}


@pytest.mark.parametrize("connector_id", [0, 1])
def test_connectors_0_and_1_are_one_switch(connector_id: int) -> None:
    core = charge_point()
    request = {"connectorId": connector_id, "type": "Inoperative"}
    assert asked("ChangeAvailability", request, core) == {"status": "Accepted"}
    assert not core.service.operative


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("BootNotification", "Accepted"),
        ("Heartbeat", "Accepted"),
        ("StatusNotification", "Accepted"),
        ("MeterValues", "Rejected"),  # there is no reading
        ("DiagnosticsStatusNotification", "Accepted"),
        ("FirmwareStatusNotification", "Accepted"),
    ],
)
def test_trigger_message(message: str, status: str) -> None:
    assert asked("TriggerMessage", {"requestedMessage": message}) == {"status": status}


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_reset_without_a_transaction_asks_to_leave(kind: str) -> None:
    core = charge_point()
    assert asked("Reset", {"type": kind}, core) == {"status": "Accepted"}
    assert core.restart is None  # the answer goes first
    core.step(NOW)
    assert core.restart == kind.lower()
