"""Each configuration key is read, refused, and outlives a kill; those of the definition act within a second.

The scenarios of `keys/` show it, four by the rows of `every_key`; this holds them to the product's keys.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from bridge.core.configuration.keys import KEYS, known_keys
from bridge.core.zaptec import CLOUD, NATIVE, Behaviour
from tests.scenarios.every_key import ROWS
from tests.scenarios.parsing import parse
from tests.scenarios.player import ScenarioFailed, play
from tests.scenarios.pure import BRIDGE_TICK_S, PureWorld
from tests.scenarios.script import Answered, Call, Do, Error, Mode, Payload, Result, Scenario, Wait

FOLDER = Path(__file__).parent / "keys"
# The definition's 18, in its order: the scenario that shows the effect, or None for what is read-only.
DEFINITION: dict[str, str | None] = {
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
AT_ONCE = [(name, effect) for name, effect in DEFINITION.items() if effect]
AT_ONCE_S = 1.0


class PromptWorld(PureWorld):
    """What a step leads to must be there within a second, at which the bridge looks each quarter of one."""

    soon_s = AT_ONCE_S + BRIDGE_TICK_S


def scenario(name: str) -> Scenario:
    path = FOLDER / f"{name}.scenario"
    return parse(path.name, path.read_text(encoding="utf-8"))


def calls(of: Scenario, action: str) -> list[tuple[Payload, Result | Error]]:
    """Each of these with its answer."""
    return [
        (step.payload, following.reply)
        for step, following in pairwise(of.steps)
        if isinstance(step, Call) and step.action == action and isinstance(following, Answered)
    ]


def written(of: Scenario, answer: Result | Error) -> list[str]:
    return [payload["key"] for payload, given in calls(of, "ChangeConfiguration") if given == answer]


def read(of: Scenario) -> list[dict[str, tuple[str, bool]]]:
    """The value of each key, and whether it is read-only, for each GetConfiguration."""
    answers = [
        reply.payload["configurationKey"]
        for _, reply in calls(of, "GetConfiguration")
        if isinstance(reply, Result)
    ]
    return [{row["key"]: (row["value"], row["readonly"]) for row in rows} for rows in answers]


REJECTED, MALFORMED = Result({"status": "Rejected"}), Error("TypeConstraintViolation")
MODES: dict[Mode, tuple[str, Behaviour]] = {"cloud": ("", CLOUD), "native": ("_native", NATIVE)}
BOTH = pytest.mark.parametrize("mode", MODES)


def test_the_rows_are_the_products_keys_the_definitions_first() -> None:
    assert {row.name: row.written is not None for row in ROWS} == known_keys()
    assert [row.name for row in ROWS] == [*known_keys()]
    assert [row.name for row in ROWS[: len(DEFINITION)]] == [*DEFINITION]
    assert {row.name for row in ROWS if row.cloud} == {key.name for key in KEYS if key.exists(CLOUD)}


@BOTH
def test_each_is_read_refused_and_malformed(mode: Mode) -> None:
    suffix, behaviour = MODES[mode]
    shown = scenario(f"every_key_refused{suffix}")
    there = [key for key in KEYS if key.exists(behaviour)]
    assert shown.modes == (mode,)
    assert set(written(shown, REJECTED)) == {key.name for key in there}
    assert written(shown, MALFORMED) == [*known_keys()]
    before, after = read(shown)
    assert before == after
    assert [*before] == [key.name for key in there]
    assert {name: read_only for name, (_, read_only) in before.items()} == {
        key.name: key.allowed is None for key in there
    }


@BOTH
def test_each_that_can_be_written_has_another_value_after_a_kill(mode: Mode) -> None:
    suffix, behaviour = MODES[mode]
    killed, begun = scenario(f"every_key_killed{suffix}"), scenario(f"every_key_refused{suffix}")
    assert killed.modes == (mode,)
    assert killed.real == (mode == "cloud")
    assert [step.verb for step in killed.steps if isinstance(step, Do)] == ["bridge restarts"]
    first, (before, after, _) = read(begun)[0], read(killed)
    assert before == after
    changed = {name for name, (value, _) in after.items() if value != first[name][0]}
    assert changed == {key.name for key in KEYS if key.allowed and key.exists(behaviour)}
    accepted = written(killed, Result({"status": "Accepted"}))
    assert {name.lower() for name in changed} == {name.lower() for name in accepted}


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
