"""The parts of `evse-bridge demo` without its programs: judge, timeline, screen, waiting."""

from __future__ import annotations

import asyncio
import io
import math
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bridge.central_system.frames import Call, CallError, CallResult, Frame
from bridge.demo.present import Present
from bridge.demo.screen import Screen
from bridge.demo.session import Stage, StepError
from bridge.demo.timeline import HOLD_S, Row, Timeline, changes, laid_out, said, widths
from bridge.demo.verdict import Evidence, verdict
from hal.contract import Card, Reading

RIGHT = Evidence(
    billed_wh=(2240,),
    received_wh=2245.8,
    statuses=("Available", "Preparing", "Charging", "Finishing", "Available"),
    frames=34,
    violations=(),
    pwm_violations=(),
)


def wrong(evidence: Evidence) -> list[str]:
    return [one.what for one in verdict(evidence) if not one.ok]


# The judge


@pytest.mark.parametrize(
    "fine",
    [
        {},
        {"billed_wh": (1000,), "received_wh": 1021.0},
        {"billed_wh": (1021,), "received_wh": 1000.0},
        {
            "statuses": ("Available", "Available", *RIGHT.statuses)
        },  # the link or an error, before the car came
    ],
)
def test_a_right_session_is_right(fine: dict[str, Any]) -> None:
    assert wrong(replace(RIGHT, **fine)) == []


STATUSES = RIGHT.statuses


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"billed_wh": (2240,), "received_wh": 2261.1}, "energy the car received"),
        ({"billed_wh": (2240,), "received_wh": 2218.9}, "energy the car received"),
        ({"billed_wh": (999,), "received_wh": 999.0}, "energy billed"),
        ({"billed_wh": ()}, "transactions"),
        ({"billed_wh": (None,)}, "transactions"),
        ({"billed_wh": (2240, 0)}, "transactions"),
        ({"statuses": ()}, "statuses"),
        ({"statuses": STATUSES[:-1]}, "statuses"),
        ({"statuses": (*STATUSES, "Available")}, "statuses"),
        ({"statuses": ("Available", "Charging", "Preparing", "Finishing", "Available")}, "statuses"),
        ({"statuses": ("Available", "Preparing", "Charging", "Charging", *STATUSES[3:])}, "statuses"),
        ({"statuses": ("Available", "Preparing", "SuspendedEV", *STATUSES[2:])}, "statuses"),
        ({"violations": ("StatusNotification.req: TypeConstraintViolation: x",)}, "OCPP frames"),
        ({"frames": 0}, "OCPP frames"),
        ({"pwm_violations": ("unmeant 0: duty 0 for 20 ms",)}, "pilot's PWM"),
    ],
)
def test_each_way_to_be_wrong_is_found(change: dict[str, Any], what: str) -> None:
    assert wrong(replace(RIGHT, **change)) == [what]


def test_a_finding_names_what_was_seen() -> None:
    found = " ".join(
        one.found for one in verdict(replace(RIGHT, violations=("a is no date",), received_wh=1.0))
    )
    assert "a is no date" in found
    assert "1.0 Wh: 2239.0 Wh apart" in found


# The timeline


def test_rows_come_in_the_order_of_their_moments() -> None:
    timeline = Timeline()
    timeline.add(Row(2.0, ocpp="effect"), Row(3.0, car="later"))
    timeline.add(Row(1.9, car="cause"))
    assert timeline.due(2.0) == []
    assert [row.at_s for row in timeline.due(2.0 + HOLD_S)] == [1.9, 2.0]
    assert [row.at_s for row in timeline.due(math.inf)] == [3.0]
    assert timeline.due(math.inf) == []


def reading(energy_wh: int, amps: float) -> Reading:
    return Reading(at_s=0, energy_wh=energy_wh, power_w=0, current_a=(amps,) * 3, voltage_v=(230.0,) * 3)


def rows_of(steps: list[dict[str, Any] | Reading | Card]) -> list[str]:
    present, told = Present(), []
    for step in steps:
        after = present.with_plant(step) if isinstance(step, dict) else present.with_message(step)
        told += changes(present, after, 0.0)
        present = after
    return [row.car or row.card or row.power for row in told]


def test_what_changes_is_told_once() -> None:
    card = Card(start_id="a", seq=1, at_s=0, id="0004AABBCC")
    assert rows_of(
        [
            {"ok": True, "car": "away", "pilot": "x1", "power": True},
            reading(12_345_000, 0.0),
            {"car": "plugged in"},
            {"car": "plugged in"},
            card,
            {"pilot": 16.0},
            {"car": "asks for energy"},
            {"contactor_closed": True},
            reading(12_345_000, 0.9),
            reading(12_345_250, 16.0),
            reading(12_345_500, 16.0),
            {"pilot": "x1"},
            {"car": "plugged in", "faults": ["weld"]},
            {"contactor_closed": False, "faults": []},
            {"car": "away"},
        ]
    ) == [
        "pilot: no offer", "car plugs in", "0004AABBCC", "pilot: 16 A", "car wants energy",
        "contactor CLOSES", "16.0 A 0.25 kWh", "pilot: no offer", "car stops", "breaks: weld", "mended: weld",
        "contactor OPENS", "car leaves",
    ]  # fmt: skip


def meter_values(*values: Any) -> dict[str, Any]:
    return {"meterValue": [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": list(values)}]}


POWER = {"value": "11040", "measurand": "Power.Active.Import", "unit": "W"}
FAULTED = {"connectorId": 1, "status": "Faulted", "errorCode": "OtherError"}
ENERGY = {"value": "12345.250", "measurand": "Energy.Active.Import.Register", "unit": "kWh"}


@pytest.mark.parametrize(
    ("frame", "by_us", "text"),
    [
        (Call("1", "Authorize", {"idTag": "0004AABBCC"}), True, "→ Authorize 0004AABBCC"),
        (
            Call("1", "StatusNotification", FAULTED),
            True,
            "→ StatusNotification 1 Faulted (OtherError)",
        ),
        (Call("1", "MeterValues", meter_values(POWER, ENERGY)), True, "→ MeterValues 12345.250 kWh"),
        (Call("1", "StopTransaction", {"meterStop": 12}), True, "→ StopTransaction 12 Wh, Local"),
        (Call("1", "Heartbeat", {}), True, "→ Heartbeat"),
        (Call("1", "Reset", {"type": "Soft"}), False, "← Reset"),
        (CallResult("1", {"status": "Accepted", "interval": 300}), False, "← Accepted, every 300 s"),
        (
            CallResult("1", {"transactionId": 7, "idTagInfo": {"status": "Blocked"}}),
            False,
            "← transaction 7, Blocked",
        ),
        (CallError("1", "NotSupported"), True, "→ Reset: NotSupported"),
        (None, True, "→ (not readable)"),
        (Call("1", "StatusNotification", {"connectorId": 1}), True, "→ StatusNotification (not readable)"),
        (Call("1", "MeterValues", meter_values("12")), True, "→ MeterValues (not readable)"),
    ],
)  # fmt: skip
def test_a_frame_in_short(frame: Frame | None, by_us: bool, text: str) -> None:
    row = said(0.0, frame, "Reset", by_us=by_us, present=Present())
    assert row is not None
    assert row.ocpp == text


def test_an_answer_that_only_says_yes_is_no_row() -> None:
    assert said(0.0, CallResult("1", {}), "StatusNotification", by_us=False, present=Present()) is None


words = st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=60)


@given(st.tuples(words, words, words, words, words), st.integers(80, 160))
def test_columns_stand_below_each_other_and_lose_nothing(texts: tuple[str, ...], columns: int) -> None:
    lines = laid_out(texts, columns)
    assert sum(widths(columns)) <= columns
    for number, text in enumerate(texts):
        assert {len(cells[number]) for cells in lines} == {len(lines[0][number])}
        assert "".join("".join(cells[number].split()) for cells in lines) == "".join(text.split())
    assert all(len("".join(cells).rstrip()) <= columns for cells in lines)


# The screen


@pytest.mark.parametrize("columns", [80, 100])
def test_a_terminal_shows_the_present_below_and_says_mock_everywhere(columns: int) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=columns, legacy_windows=False, _environ={})
    screen = Screen(console, zero_s=10.0)
    screen.head()
    with screen:
        screen.rows([Row(12.0, power="contactor CLOSES"), Row(12.1, ocpp="→ StatusNotification 1 Charging")])
        screen.now(Present(), "the lock locks", now_s=13.0)
    screen.verdict(verdict(RIGHT))
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.getvalue()).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) <= columns
    assert sum("MOCK" in line for line in lines) >= 3  # banner, present, verdict
    assert any("  2.0 " in line and "contactor CLOSES" in line for line in lines)
    assert any("3 s, next: the lock locks" in line for line in lines)


# The stage


async def test_a_step_that_does_not_happen_is_told_by_name() -> None:
    with pytest.raises(StepError, match="the lock locks: did not happen within"):
        await Stage().until("the lock locks", lambda: False, 0.01)


async def test_programs_that_end_are_told_at_once() -> None:
    stage = Stage()
    waiting = asyncio.create_task(stage.until("the lock locks", lambda: False, math.inf))
    await asyncio.sleep(0)
    stage.fell("`evse-bridge run` ended with 2")
    with pytest.raises(StepError, match="the lock locks: `evse-bridge run` ended with 2"):
        await waiting
