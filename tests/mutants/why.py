"""Mutants of why it charges or does not: a row's condition, its place in the chain, its remedy."""

from __future__ import annotations

from tests.mutants.shell import Mutant

TABLE, DRAWING = "bridge/local/why/table.py", "bridge/local/state/drawing.py"
PLAYED = "tests/scenarios/test_scenarios.py::test_in_the_pure_world[why_{}.scenario-cloud]"
STORY = "tests/scenarios/test_why.py::test_a_story_ends_with_current[{}]"
ROW = "tests/bridge/local/why/test_table.py::test_"
DRAWN = "tests/bridge/local/state/test_drawing.py::test_"
FIRST_ROW = "HINDRANCES: tuple[Row, ...] = (\n"


def _without(row: str, condition: str, test: str) -> Mutant:
    """The row never holds."""
    return Mutant(
        f"why: {row} never holds",
        TABLE,
        condition,
        condition.replace("lambda state:", "lambda state: False and"),
        test,
    )


def _first(row: str, test: str) -> Mutant:
    """The row stands first in the chain, whatever holds besides."""
    return Mutant(
        f"why: {row.split(chr(34))[1]} stands first", TABLE, FIRST_ROW, f"{FIRST_ROW}    {row},\n", test
    )


WHY = (
    _without(
        "out of service",
        "lambda state: not state.service.operative and _new(state)",
        PLAYED.format("inoperative"),
    ),
    _without(
        "reserved",
        "lambda state: state.connector.reserved_for is not None and _at_rest(state)",
        PLAYED.format("reserved"),
    ),
    _without("trial", "lambda state: bool(state.service.trial)", PLAYED.format("trial")),
    _without(
        "unlocked from afar",
        "lambda state: state.connector.unlocked and _new(state)",
        STORY.format("unlocked from afar"),
    ),
    _without("no mains", "lambda state: _runs(state) and _no_mains(state)", STORY.format("a weld")),
    _first(
        'Row("rests_after_fault", _withheld("after_fault"), _do(Wait(most_s=40.0)))',
        STORY.format("a short of the pilot"),
    ),
    _first(
        'Row("not_authorized", lambda state: state.connector.step == "Idle", _do(PresentCard()))',
        PLAYED.format("profile"),
    ),
    Mutant(
        "why: who was refused afterwards is to wait",
        TABLE,
        "lambda state: _runs(state) and state.connector.deauthorized,\n        _do(PlugInAgain()),",
        "lambda state: _runs(state) and state.connector.deauthorized,\n        _do(Wait(most_s=60.0)),",
        STORY.format("refused afterwards"),
    ),
    Mutant(
        "why: a kept cable wants any card",
        TABLE,
        "lambda state: PresentCard(id_tag=state.connector.kept_for),",
        "lambda state: PlugIn(),",
        STORY.format("the cable kept for its owner"),
    ),
    Mutant(
        "why: a lost meter is to be waited for",
        TABLE,
        '        lambda state: _holding(state, OF_METER) is not None,\n        _fault("meter_lost"),',
        "        lambda state: _holding(state, OF_METER) is not None,\n        _do(Wait(most_s=60.0)),",
        STORY.format("no meter"),
    ),
    Mutant(
        "why: 6 A hold a car",
        TABLE,
        "if each.name in names and each.limit_a < LEAST_A), None)",
        "if each.name in names and each.limit_a <= LEAST_A), None)",
        f"{ROW}a_limit_under_which_a_car_can_charge_is_no_hindrance",
    ),
    Mutant(
        "why: a profile ends with its next change",
        "bridge/core/limits/installed_profiles.py",
        "for start_s, each in coming if each.limit_a >= least_a), NEVER)",
        "for start_s, each in coming if start_s), NEVER)",
        PLAYED.format("profile"),
    ),
    Mutant(
        "state: a closed contactor is current",
        DRAWING,
        "return max(meter.current_a) >= NO_CURRENT_A",
        "return True",
        f"{DRAWN}a_closed_contactor_without_current_is_no_charging",
    ),
    Mutant(
        "state: whoever looks finds the voltage anew",
        "bridge/core/limits/installed_profiles.py",
        "self._found_voltage(box, now)[0]",
        "self.mains(box, now).voltage_v",
        f"{DRAWN}whoever_looks_changes_no_voltage",
    ),
    Mutant(
        "state: each that asks has it drawn",
        "bridge/local/kept.py",
        "now_s - self._kept[0] >= self._for_s",
        "now_s - self._kept[0] >= 0.0",
        "tests/bridge/local/test_kept.py::test_it_is_kept_for_its_time",
    ),
)
