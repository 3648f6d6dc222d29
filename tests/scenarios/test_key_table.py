"""The definition's 18 keys: each is read, written or refused, outlives a kill, is in force within a second.

The scenarios of `keys/` show it; this holds them to the whole of the table.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.core.configuration.keys import known_keys
from tests.scenarios.parsing import parse
from tests.scenarios.player import ScenarioFailed, play
from tests.scenarios.pure import BRIDGE_TICK_S, PureWorld
from tests.scenarios.script import Answered, Call, Mode, Result, Scenario, Wait

FOLDER = Path(__file__).parent / "keys"
# name: the scenario that shows its effect, or None for what is read-only. In the definition's order.
TABLE: dict[str, str | None] = {
    "NumberOfConnectors": None,
    "SupportedFeatureProfiles": None,
    "WebSocketPingInterval": "",  # pings are no messages: tests/system/test_bridge_alone.py
    "AuthorizeRemoteTxRequests": "authorize_remote_at_once",
    "StopTransactionOnEVSideDisconnect": None,
    "StopTransactionOnInvalidId": "stop_on_invalid_at_once",
    "MeterValueSampleInterval": "sample_interval_at_once",
    "HeartbeatInterval": "heartbeat_at_once",
    "ChargeProfileMaxStackLevel": None,
    "ChargingScheduleAllowedChargingRateUnit": None,
    "ChargingScheduleMaxPeriods": None,
    "MaxChargingProfilesInstalled": None,
    "LocalPreAuthorize": "pre_authorize_at_once",
    "LocalAuthorizeOffline": "authorize_offline_at_once",
    "SendLocalListMaxLength": None,
    "FreeCharging": "free_charging_at_once",
    "FreeChargingIdTag": "free_charging_tag_at_once",
    "LockCablePermanently": "lock_permanently_at_once",
}
WRITABLE = [name for name, effect in TABLE.items() if effect is not None]
AT_ONCE = [(name, effect) for name, effect in TABLE.items() if effect]
AT_ONCE_S = 1.0


ALL = [
    parse(path.name, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.parent.glob("*/*.scenario"))
]


class PromptWorld(PureWorld):
    """What a step leads to must be there within a second, at which the bridge looks each quarter of one."""

    soon_s = AT_ONCE_S + BRIDGE_TICK_S


def scenario(name: str) -> Scenario:
    path = FOLDER / f"{name}.scenario"
    return parse(path.name, path.read_text(encoding="utf-8"))


def reads(of: Scenario) -> list[list[str]]:
    """The names of each answer to a GetConfiguration."""
    answers = [
        step.reply.payload
        for step in of.steps
        if isinstance(step, Answered) and isinstance(step.reply, Result)
    ]
    return [
        [row["key"] for row in each["configurationKey"]] for each in answers if "configurationKey" in each
    ]


def writes(of: Scenario, answer: str | None = None) -> list[str]:
    """The keys of each ChangeConfiguration that has this answer; None: a CALLERROR."""
    found = []
    for step, following in zip(of.steps, of.steps[1:], strict=False):
        if (
            isinstance(step, Call)
            and step.action == "ChangeConfiguration"
            and isinstance(following, Answered)
        ):
            said = following.reply.payload.get("status") if isinstance(following.reply, Result) else None
            if said == answer:
                found.append(step.payload.get("key", ""))
    return found


@pytest.mark.parametrize("name", ["definition_read", "definition_read_native", "definition_refused"])
def test_all_are_read_in_order(name: str) -> None:
    assert reads(scenario(name)) == [list(TABLE)]


def test_all_are_refused_what_cannot_be_and_what_is_malformed() -> None:
    assert set(writes(scenario("definition_refused"), "Rejected")) == set(TABLE)
    assert set(TABLE) <= set(writes(scenario("definition_malformed")))


def test_all_that_can_be_written_outlive_a_kill_of_the_real_process() -> None:
    killed = scenario("definition_killed")
    assert killed.real
    assert writes(killed, "Accepted") == [name.lower() for name in WRITABLE]
    assert reads(killed) == [list(TABLE)] * 2


def test_every_key_there_is_has_been_refused_and_written_malformed() -> None:
    refused = {name.lower() for each in ALL for name in writes(each, "Rejected")}
    malformed = {name.lower() for each in ALL for name in writes(each)}
    known = [name for name in known_keys() if name != "ReserveConnectorZeroSupported"]  # native has it alone
    assert [name for name in known if name.lower() not in refused] == []
    assert [name for name in known if name.lower() not in malformed] == []


@pytest.mark.parametrize(("key", "name"), AT_ONCE)
@pytest.mark.parametrize("mode", ["cloud", "native"])
def test_it_is_in_force_within_a_second(key: str, name: str, mode: Mode) -> None:
    shown = scenario(name)
    places = [
        index
        for index, step in enumerate(shown.steps)
        if isinstance(step, Call) and step.action == "ChangeConfiguration" and step.payload["key"] == key
    ]
    assert places
    assert sum(step.for_s for step in shown.steps[places[-1] :] if isinstance(step, Wait)) <= AT_ONCE_S
    world = PromptWorld(shown, mode)
    try:
        play(shown, world)
    except ScenarioFailed as failed:
        pytest.fail(str(failed), pytrace=False)
    finally:
        world.close()
