"""The runner proves nothing unless it can fail: each kind of failure with its reason, and what it excepts."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.parsing import ScriptError, parse
from tests.scenarios.player import ScenarioFailed, play
from tests.scenarios.pure import PureWorld
from tests.scenarios.script import Asked, Scenario
from tests.scenarios.test_scenarios import FILES, SCENARIOS
from tests.scenarios.world import Arrival, Connected, Said

WIDTH = 110  # of a line, as in the code
CARD = """
  tag 04AABBCC Accepted
  key MeterValueSampleInterval = 0
  car plugs in, ready
< StatusNotification 1 Preparing
  card 04AABBCC
< Authorize {"idTag": "04AABBCC"}
< StartTransaction {"connectorId": 1}
< StatusNotification 1 Charging
"""


def written(body: str) -> Scenario:
    return parse("t.scenario", f"# t.scenario   A title\n{body.strip(chr(10))}\n")


def played(body: str) -> None:
    scenario = written(body)
    world = PureWorld(scenario, scenario.modes[0])
    try:
        play(scenario, world)
    finally:
        world.close()


def failure(body: str) -> str:
    with pytest.raises(ScenarioFailed) as failed:
        played(body)
    return str(failed.value).splitlines()[0]


def test_what_is_listed_in_full_passes() -> None:
    played(CARD)


@pytest.mark.parametrize("left_out", ["< StatusNotification 1 Preparing", "< StatusNotification 1 Charging"])
def test_a_frame_that_is_not_listed_fails(left_out: str) -> None:
    assert "not listed: StatusNotification" in failure(CARD.replace(left_out, ""))


def test_a_frame_that_is_missing_fails() -> None:
    said = failure(CARD + "< StatusNotification 1 Finishing\n")
    assert said.startswith("t.scenario:10: missing: nothing more came within 5 s, but StatusNotification")


def test_frames_out_of_order_fail() -> None:
    lines = CARD.splitlines()
    lines[6], lines[7] = lines[7], lines[6]
    said = failure("\n".join(lines))
    assert said.startswith("t.scenario:7: not listed: Authorize")
    assert said.endswith("must be StartTransaction")


def test_an_answer_that_comes_where_a_call_is_listed_fails() -> None:
    said = failure("> ClearCache {}\n< StatusNotification 1 Available\n< CallError NotSupported")
    assert "the scenario's own" not in said
    assert "out of order: StatusNotification" in said


def test_a_frame_after_the_last_line_fails() -> None:
    assert "t.scenario:end: not listed: StatusNotification" in failure("  car plugs in")


def test_a_field_that_differs_is_named_with_both_values() -> None:
    said = failure(CARD.replace('{"connectorId": 1}', '{"connectorId": 1, "meterStart": 5}'))
    assert said == "t.scenario:8: meterStart is 12345000, must be 5"


def test_a_field_that_must_be_absent_is_named() -> None:
    said = failure(CARD.replace('{"connectorId": 1}', '{"meterStart": null}'))
    assert said == "t.scenario:8: meterStart is 12345000, must be absent"


def test_a_field_that_is_missing_is_named() -> None:
    said = failure(CARD.replace('{"connectorId": 1}', '{"reservationId": 3}'))
    assert said == "t.scenario:8: reservationId is missing, must be 3"


def test_the_short_form_demands_no_error() -> None:
    said = failure("  fault meter_silent\n  wait 5 s\n< StatusNotification 1 Available")
    assert "errorCode is 'PowerMeterFailure', must be 'NoError'" in said


def test_another_answer_than_the_listed_fails() -> None:
    assert "status is 'Accepted', must be 'Rejected'" in failure('> Reset {"type": "Soft"}\n< Rejected')
    said = failure('> Reset {"type": "Soft"}\n< CallError NotSupported')
    assert "must be Error(code='NotSupported')" in said


def test_an_expectation_that_does_not_hold_fails_with_what_is_seen() -> None:
    assert "t.scenario:2: contactor is open, must be closed" in failure("  expect contactor closed")
    assert "key ConnectionTimeOut is 60, must be 61" in failure("  expect key ConnectionTimeOut = 61")


def test_what_cannot_happen_fails() -> None:
    assert "car leaves: no car is plugged in" in failure("  car leaves")


def test_authorize_needs_an_answer() -> None:
    assert "Authorize of '04AABBCC' needs an answer" in failure("  card 04AABBCC\n< Authorize {}")


def test_the_scenario_itself_must_speak_ocpp() -> None:
    assert "the scenario's own Reset breaks its schema" in failure("> Reset {}\n< Accepted")
    said = failure('  card 04AABBCC\n< Authorize {}\n> {"idTagInfo": "Accepted"}')
    assert "the scenario's own AuthorizeResponse breaks its schema" in said


def test_an_answer_that_is_called_unsound_must_be() -> None:
    start = '< StartTransaction {"connectorId": 1}\n'
    body = CARD.replace(
        start, start + '> unsound {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}\n'
    )
    assert "is called unsound, but breaks nothing" in failure(body)


def test_a_connection_that_ends_unlisted_fails() -> None:
    assert "not listed" not in failure('> Reset {"type": "Soft"}\n< Accepted\n  wait 1 s')
    assert "the charge point closed the link" in failure('> Reset {"type": "Soft"}\n< Accepted\n  wait 1 s')


def test_heartbeats_are_excepted_and_may_be_listed() -> None:
    boot = '> {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 10}'
    beginning = f"  begins offline\n  link back\n< BootNotification\n{boot}\n"
    statuses = "< StatusNotification 0 Available\n< StatusNotification 1 Available\n"
    played(f"{beginning}{statuses}  wait 60 s")
    played(f"{beginning}{statuses}  wait 11 s\n< Heartbeat")
    assert "missing" in failure(f"{beginning}{statuses}  wait 1 s\n< Heartbeat")


def test_meter_values_are_excepted_only_when_declared_quiet() -> None:
    with_values = CARD.replace("  key MeterValueSampleInterval = 0\n", "")
    assert "not listed: MeterValues" in failure(with_values)
    played(f"  quiet MeterValues{with_values}  wait 300 s")


def test_the_usual_opening_is_what_it_stands_for() -> None:
    before = "  tag 04AABBCC Accepted\n  key MeterValueSampleInterval = 0\n"
    assert _without_lines(written(f'{before}  begin charging with 04AABBCC {{"connectorId": 1}}')) == (
        _without_lines(written(CARD))
    )
    any_start = CARD.replace('{"connectorId": 1}', "{}")
    assert _without_lines(written(f"{before}  begin charging with 04AABBCC")) == (
        _without_lines(written(any_start))
    )


def _without_lines(scenario: Scenario) -> Scenario:
    return replace(scenario, steps=tuple(replace(step, line=0) for step in scenario.steps))


def test_what_fails_in_the_usual_opening_names_its_line() -> None:
    said = failure("  tag 04AABBCC Invalid\n  begin charging with 04AABBCC\n  wait 1 s")
    assert said.startswith("t.scenario:3: missing: nothing more came within 5 s, but StartTransaction {}")


def test_a_frame_may_stand_on_several_lines() -> None:
    one_line = '> GetConfiguration {"key": ["A", "B"]}\n< {"unknownKey": ["A", "B"]}\n  wait 2 s'
    several = """> GetConfiguration {"key": [
    "A",
      "B"]}
< {
    "unknownKey": ["A", "B"]}
  wait
    2 s"""
    assert _without_lines(written(several)) == _without_lines(written(one_line))
    assert [step.line for step in written(several).steps] == [2, 5, 7]
    played(several)


def test_a_file_that_must_fail_does_when_any_of_its_frames_is_left_out() -> None:
    """Every listed frame of a whole session carries weight."""
    scenario = next(one for one in SCENARIOS if one.name == "card_starts_and_stops.scenario")
    for index, step in enumerate(scenario.steps):
        if isinstance(step, Asked):
            steps = scenario.steps[:index] + scenario.steps[index + 1 :]
            world = PureWorld(scenario, "cloud")
            with pytest.raises(ScenarioFailed):
                play(replace(scenario, steps=steps), world)
            world.close()


class ScriptedChargePoint:
    """A charge point that says given frames, whether they are right or not: the world of a bad product."""

    soon_s = settle_s = 5.0
    expects_at_once = True

    def __init__(self, *frames: list[Any]) -> None:
        self.now_s = 0.0
        self._arrivals: deque[Arrival] = deque([Connected(), *(Said(json.dumps(frame)) for frame in frames)])

    def utc(self) -> str:
        return "2026-01-01T00:00:00Z"

    def next_arrival(self, within_s: float) -> Arrival | None:
        if self._arrivals:
            return self._arrivals.popleft()
        self.now_s += within_s
        return None

    def send(self, text: str) -> None: ...

    def do(self, verb: str, argument: str) -> None: ...

    def seen(self, what: str, name: str) -> str:
        return f"{what} {name}"


BOOT = [2, "1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
LISTED = """
  begins offline
< BootNotification
> {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 0}
< StatusNotification {}
"""


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ([2, "2", "StatusNotification", {"connectorId": 1}], "breaks its schema: 'errorCode' is a required"),
        ([2, "1", "StatusNotification", {}], "the id '1' was used before"),
        ([2, "x" * 37, "StatusNotification", {}], "is too long"),
        ([2, "2", "Nonsense", {}], "Nonsense is no message of OCPP 1.6"),
        ([3, "2", {}], "an answer to '2', which nobody asked"),
        ([4, "2", "InternalError", "", {}], "a CALLERROR to '2', which nobody asked"),
        ([2, "2", "StatusNotification"], "no OCPP-J frame"),
        ([5, "2", "StatusNotification", {}], "no OCPP-J frame"),
    ],
)
def test_an_unsound_frame_fails_although_it_is_listed(frame: list[Any], reason: str) -> None:
    with pytest.raises(ScenarioFailed, match=reason):
        play(written(LISTED), ScriptedChargePoint(BOOT, frame))


def test_two_calls_in_flight_fail() -> None:
    heartbeat = [2, "2", "Heartbeat", {}]
    silent = LISTED.replace(
        '> {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 0}', "> silence"
    )
    with pytest.raises(ScenarioFailed, match="Heartbeat while BootNotification is in flight"):
        play(written(silent), ScriptedChargePoint(BOOT, heartbeat))


def test_a_call_before_the_acceptance_fails() -> None:
    with pytest.raises(ScenarioFailed, match="Heartbeat before BootNotification was accepted"):
        play(written(LISTED), ScriptedChargePoint([2, "1", "Heartbeat", {}]))


BOOT_CONF = '{"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 0}'


class PromptedChargePoint(ScriptedChargePoint):
    """Says BootNotification, and one Heartbeat as soon as it is sent anything."""

    def __init__(self) -> None:
        super().__init__(BOOT)
        self.sent: list[str] = []

    def send(self, text: str) -> None:
        self.sent.append(text)
        if len(self.sent) == 1:
            self._arrivals.append(Said(json.dumps([2, "2", "Heartbeat", {}])))


def answered_raw(text: str) -> list[str]:
    """What was sent in all."""
    world = PromptedChargePoint()
    play(written(f"  begins offline\n< BootNotification\n> raw {text}\n< Heartbeat\n> silence"), world)
    return world.sent


def test_a_raw_frame_can_answer_the_last_call() -> None:
    assert answered_raw(f'[3, "$ID", {BOOT_CONF}]') == [f'[3, "1", {BOOT_CONF}]']


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[5, "$ID", {}]', "Heartbeat while BootNotification is in flight"),
        (f'[2, "$ID", "Reset", {BOOT_CONF}]', "Heartbeat while BootNotification is in flight"),
        (f'[3, "x-$ID", {BOOT_CONF}]', "Heartbeat while BootNotification is in flight"),
        (f'[3, "$ID", {BOOT_CONF[:-1]}', "Heartbeat before BootNotification was accepted"),
        ('[3, "$ID", {"status": "Accepted"}]', "Heartbeat before BootNotification was accepted"),
        ('[4, "$ID"]', "Heartbeat before BootNotification was accepted"),
    ],
)
def test_only_what_begins_as_an_answer_is_one(text: str, reason: str) -> None:
    with pytest.raises(ScenarioFailed, match=reason):
        answered_raw(text)


def test_the_id_of_a_call_that_was_never_sent_fails() -> None:
    said = failure('  begins offline\n> raw [3, "$ID", {}]')
    assert said == "t.scenario:3: $ID: the charge point has sent no CALL"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "t.scenario:2: no step"),
        ("car plugs in", "t.scenario:2: a line begins with"),
        ("  car flies", "t.scenario:2: car flies: must be .*car plugs in, ready; car plugs in;"),
        ("  wait 2", "t.scenario:2: wait 2: must be `wait N s`"),
        ("  expect contactor ajar", r"t.scenario:2: expect contactor ajar: must be open\|closed"),
        ("  expect weather fine", "t.scenario:2: expect weather: there are status, contactor"),
        (
            "< StatusNotification 1 Preparing\n  key A = 1",
            "t.scenario:3: key A = 1: stands above the first step",
        ),
        ("> {}", "t.scenario:2: an answer stands directly below"),
        ("< Authorize {}\n> {}\n> {}", "t.scenario:4: an answer stands directly below"),
        ("  begin charging with 04AABBCC\n> {}", "t.scenario:3: an answer stands directly below"),
        ("  begin charging with 04AABBCC {one}", "t.scenario:2: not JSON"),
        ("  begin charging", "t.scenario:2: begin charging: must be .*one of: begin charging with TAG;"),
        ("    wait 2 s", "t.scenario:2: a line of four blanks or more continues"),
        ("# A long remark with\n    more of it", "t.scenario:3: a line of four blanks or more continues"),
        ("> Reset {type}", "t.scenario:2: not JSON"),
        ("> Reset", "t.scenario:2: > Reset: must be `Action {json}`"),
        ("< CallError Whatever", "t.scenario:2: CallError Whatever: OCPP-J knows NotImplemented"),
        ("< a b c", "t.scenario:2: < a b c: must be a status"),
        ("# reel", "t.scenario:2: # reel: no such mark; there are cloud, native, real, real only"),
        (
            "  zaptec.mode = cloud",
            "t.scenario:2: zaptec.mode = cloud: allowed are zaptec.authorization_required",
        ),
        ("# real\n  wait 6 s", "t.scenario:3: wait 6 s: at most 5 s"),
        ("  quiet MeterValues\n< MeterValues {}", "t.scenario:3: MeterValues are declared quiet"),
    ],
)
def test_a_file_that_cannot_be_understood_says_where_and_what_is_allowed(body: str, reason: str) -> None:
    with pytest.raises(ScriptError, match=reason):
        written(body)


def test_the_title_names_the_file() -> None:
    with pytest.raises(ScriptError, match=r"t.scenario:1: the first line must be `# t.scenario   title`"):
        parse("t.scenario", "# other.scenario   A title\n  wait 1 s\n")


def test_every_scenario_has_a_name_of_its_own() -> None:
    assert len({path.name for path in FILES}) == len(FILES) >= 25


def test_a_long_frame_stands_on_several_lines() -> None:
    lines = [(path.name, line) for path in FILES for line in path.read_text(encoding="utf-8").splitlines()]
    frames = [(name, line) for name, line in lines if line.startswith(("> ", "< ", "    "))]
    assert [(name, line) for name, line in frames if len(line) > WIDTH and ", " in line] == []


def test_some_scenarios_run_in_both_worlds() -> None:
    assert sum(scenario.real and scenario.pure for scenario in SCENARIOS) >= 5


def test_the_scenarios_lie_where_they_are_looked_for() -> None:
    here = Path(__file__).parent
    assert sorted(here.rglob("*.scenario")) == FILES
