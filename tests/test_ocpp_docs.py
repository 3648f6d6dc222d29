"""docs/ocpp.md says which scenarios prove each operation: they must be there, and show what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bridge.central_system.operations import SUPPORTED
from tests.docs.pages import named_scenarios, table
from tests.scenarios.script import Answered, Asked, Call, Error, LateReply, Mode, Result, Scenario, Silence
from tests.scenarios.test_scenarios import FILES, SCENARIOS

HEADING = "| operation | from | mode | effect | refusal | malformed |"
BY_PATH = dict(zip(FILES, SCENARIOS, strict=True))
MODES: dict[str, tuple[Mode, ...]] = {"both": ("cloud", "native"), "cloud": ("cloud",), "native": ("native",)}
BROKEN = (
    "FormationViolation", "OccurenceConstraintViolation", "PropertyConstraintViolation", "ProtocolError",
    "TypeConstraintViolation",
)  # fmt: skip
GRANTED = ("Accepted", "Scheduled", "Unlocked")


@dataclass(frozen=True)
class Row:
    """One of the table."""

    operation: str
    ours: bool
    modes: tuple[Mode, ...]
    cells: dict[str, list[Scenario]]


def rows() -> list[Row]:
    found = []
    for operation, sender, mode, *cells in table("docs/ocpp.md", HEADING):
        named = [[BY_PATH[path] for path in named_scenarios(cell)] for cell in cells]
        shown = dict(zip(("effect", "refusal", "malformed"), named, strict=True))
        found.append(Row(operation, sender == "us", MODES[mode], shown))
    return found


def names(row: Row) -> str:
    return f"{row.operation}-{'-'.join(row.modes)}"


ROWS = rows()


def ours() -> set[str]:
    """Whatever any scenario hears from the charge point."""
    return {step.action for scenario in SCENARIOS for step in scenario.steps if isinstance(step, Asked)}


def test_every_operation_has_its_rows() -> None:
    wanted = [(action, True) for action in ours()] + [(action, False) for action in SUPPORTED]
    for mode in MODES["both"]:
        there = [(row.operation, row.ours) for row in ROWS if mode in row.modes]
        assert sorted(there) == sorted(wanted)


@pytest.mark.parametrize("row", ROWS, ids=names)
def test_each_cell_names_scenarios_that_show_it(row: Row) -> None:
    for mode in row.modes:
        for what, scenarios in row.cells.items():
            assert [each.name for each in scenarios if mode in each.modes], f"{what} in {mode}: no scenario"
    for what, scenarios in row.cells.items():
        for scenario in scenarios:
            assert set(scenario.modes) & set(row.modes), f"{scenario.name} is not played in {row.modes}"
            assert shows(scenario, row, what), f"{scenario.name} shows no {what} of {row.operation}"


def shows(scenario: Scenario, row: Row, what: str) -> bool:
    """Whether the file has what it is named for."""
    if row.ours:
        replies = list(_replies(scenario, row.operation))
        if what == "effect":
            return bool(replies)
        return any((_is_unsound if what == "malformed" else _is_denied)(reply) for reply in replies)
    if (row.operation, what) == ("UpdateFirmware", "refusal") and _ends_in_vain(scenario):
        return True
    answers = list(_answers(scenario, row.operation))
    if what == "malformed":
        return any(isinstance(reply, Error) and reply.code in BROKEN for reply in answers)
    return bool(answers) if what == "effect" else any(_is_refused(reply) for reply in answers)


def _ends_in_vain(scenario: Scenario) -> bool:
    """UpdateFirmware.conf is empty: a refusal comes as a status."""
    told = [step.fields.get("status") for step in scenario.steps if isinstance(step, Asked)]
    return "DownloadFailed" in told or "InstallationFailed" in told


def _replies(scenario: Scenario, action: str) -> Iterator[Result | Error | Silence | None]:
    """What the Central System says to our `action`, at once or later."""
    for step in scenario.steps:
        if isinstance(step, Asked | LateReply) and step.action == action:
            yield _usual(scenario, step) if isinstance(step, Asked) and step.reply is None else step.reply


def _usual(scenario: Scenario, step: Asked) -> Result | None:
    tag = scenario.tags.get(step.fields.get("idTag", ""))
    return Result({"idTagInfo": {"status": tag.status}}) if tag is not None else None


def _is_unsound(reply: Result | Error | Silence | None) -> bool:
    return isinstance(reply, Result) and not reply.sound


def _is_denied(reply: Result | Error | Silence | None) -> bool:
    if not isinstance(reply, Result):
        return isinstance(reply, Error | Silence)
    said = reply.payload.get("idTagInfo", reply.payload)
    return isinstance(said, dict) and said.get("status", "Accepted") != "Accepted"


def _answers(scenario: Scenario, action: str) -> Iterator[Result | Error | None]:
    """What we say to `action`; None: nothing at all."""
    for index, step in enumerate(scenario.steps):
        if isinstance(step, Call) and step.action == action:
            following = scenario.steps[index + 1 :]
            until = next((n for n, each in enumerate(following) if isinstance(each, Call)), len(following))
            said = [each.reply for each in following[:until] if isinstance(each, Answered)]
            yield said[0] if said else None


def _is_refused(reply: Result | Error | None) -> bool:
    """A CALLERROR, silence, another status than a granting one, a list that is off, or nothing to give."""
    if not isinstance(reply, Result):
        return True
    payload = reply.payload
    if "status" in payload:
        return payload["status"] not in GRANTED
    nothing = any(name in payload and payload[name] is None for name in ("fileName",))
    return nothing or payload.get("listVersion") == -1 or bool(payload.get("unknownKey"))
