"""What the doctor shows: lines on a screen, JSON, the sheet."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bridge.doctor import as_json, sheet
from bridge.doctor.check import TOPICS, Check, Examination, Patient, Result, Subject
from bridge.doctor.screen import MOCK_BANNER, Nobody, Screen, laid_out

LOCK = Subject("box.lock", "cable lock", "each within 3 s")
METER = Subject("senses.meter", "meter answers")
CONFIGURATION = Subject("configuration.wallbox", "wallbox.toml")
RESULTS: tuple[Result, ...] = ("ok", "warning", "fault", "not checked")


def examination(*checks: Check, mock: bool = False) -> Examination:
    """Of some box."""
    patient = Patient(mock, "0.1.0", "0123", ("socket, 3 phases, 16 A",), "CP1", "wss://a.example/ocpp")
    return Examination(datetime(2026, 7, 1, 12, tzinfo=UTC), patient, checks)


@pytest.mark.parametrize(
    ("checks", "result", "code", "summary"),
    [
        ((LOCK.ok("well"),), "ok", 0, "no fault, 1 ok"),
        ((LOCK.not_checked("no"), LOCK.warning("slow", "oil"), LOCK.ok("well")), "warning", 0,
         "no fault, 1 warning, 1 not checked, 1 ok"),
        ((LOCK.fault("jam", "mend"), LOCK.fault("jam", "mend")), "fault", 1, "2 faults"),
        ((CONFIGURATION.fault("bad", "mend"), LOCK.fault("jam", "mend")), "fault", 2, "2 faults"),
        ((CONFIGURATION.warning("odd", "look"),), "warning", 0, "no fault, 1 warning"),
    ],
)  # fmt: skip
def test_the_whole(checks: tuple[Check, ...], result: Result, code: int, summary: str) -> None:
    whole = examination(*checks)
    assert (whole.result, whole.exit_code, whole.summary) == (result, code, summary)


# Screen

checks = st.builds(
    Check,
    id=st.sampled_from(sorted(TOPICS)).map(lambda topic: f"{topic}.x"),
    what=st.text(min_size=1, max_size=40),
    result=st.sampled_from(RESULTS),
    measured=st.text(max_size=200),
    expected=st.text(max_size=60),
    do=st.text(max_size=200),
)


@given(check=checks, width=st.integers(80, 130))
def test_no_line_is_wider_than_the_screen(check: Check, width: int) -> None:
    lines = laid_out(check, width)
    assert lines
    assert max(len(line.plain) for line in lines) <= width


def test_one_line_when_all_is_short() -> None:
    (line,) = laid_out(LOCK.ok("locked in 0.22 s, unlocked in 0.04 s"), 100)
    assert line.plain.split("  ")[0] == " ✓ ok"
    assert line.plain.endswith("each within 3 s")
    assert len(laid_out(LOCK.fault("jam", "Mend it."), 100)) == 2


def screen(*, mock: bool, yes: bool = False, said: str = "") -> tuple[Screen, io.StringIO]:
    """Plain, with what somebody types."""
    out = io.StringIO()
    console = Console(file=out, width=100, highlight=False, emoji=False, markup=False)
    return Screen(console, mock=mock, yes=yes, attended=bool(said)), out


def test_mock_stands_at_every_place() -> None:
    shown, out = screen(mock=True)
    whole = examination(LOCK.ok("well"), METER.ok("well"), mock=True)
    shown.head("0.1.0")
    for check in whole.checks:
        shown.line(check)
    shown.foot(whole)
    text = out.getvalue()
    assert MOCK_BANNER in text
    assert "MOCK Pilot, cable" in text
    assert "MOCK Meter" in text
    assert "MOCK: no fault, 2 ok" in text
    assert "\x1b" not in text


def test_a_real_box_is_no_mock() -> None:
    shown, out = screen(mock=False)
    shown.head("0.1.0")
    shown.line(LOCK.ok("well"))
    shown.foot(examination(LOCK.ok("well")))
    assert "MOCK" not in out.getvalue()


def test_nobody_allows_nothing_but_what_was_said_before() -> None:
    assert not screen(mock=False)[0].allows("The bolt moves.")
    assert screen(mock=False, yes=True)[0].allows("The bolt moves.")
    assert not Nobody(yes=False).allows("The bolt moves.")
    assert Nobody(yes=True).allows("The bolt moves.")
    assert not Nobody(yes=True).saw("the lamp")


# JSON and the sheet

NASTY = "<script>alert('&\"')</script>"


def test_json_holds_everything_of_a_check() -> None:
    check = LOCK.warning("locked in 3.10 s", "Clean it.", {"locked_s": 3.1})
    told = json.loads(as_json.text(examination(check, mock=True)))
    assert (told["format"], told["mock"], told["result"], told["exit_code"]) == (1, True, "warning", 0)
    assert told["at"] == "2026-07-01T12:00:00+00:00"
    assert told["checks"] == [
        {
            "id": "box.lock", "topic": TOPICS["box"], "what": "cable lock", "result": "warning",
            "measured": "locked in 3.10 s", "expected": "each within 3 s", "do": "Clean it.",
            "values": {"locked_s": 3.1},
        }
    ]  # fmt: skip


def test_the_sheet_escapes_what_was_measured_and_fetches_nothing() -> None:
    patient = Patient(False, NASTY, NASTY, (NASTY,), NASTY, NASTY)
    checks = (Subject("box.lock", NASTY, NASTY).fault(NASTY, NASTY),)
    text = sheet.html(Examination(datetime(2026, 7, 1, tzinfo=UTC), patient, checks))
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(&#x27;&amp;&quot;&#x27;)&lt;/script&gt;") == 10
    assert not re.search(r"""\b(src|href)\s*=|url\(|@import|https?://""", text)
    assert "MOCK" not in text
    assert "FAULT FOUND" in text


def test_the_sheet_of_a_mock_cannot_be_taken_for_another() -> None:
    text = sheet.html(examination(LOCK.ok("well"), mock=True))
    assert "<title>MOCK Commissioning sheet</title>" in text
    assert "<h1>MOCK Commissioning sheet</h1>" in text
    assert 'class="watermark"' in text


def test_every_tag_of_the_sheet_is_closed() -> None:
    text = sheet.html(examination(LOCK.ok("well"), METER.fault("silent", "Mend it."), mock=True))
    for tag in ("html", "head", "body", "main", "table", "tbody", "tr", "td", "section", "div", "dl", "span"):
        assert len(re.findall(f"<{tag}[ >]", text)) == text.count(f"</{tag}>"), tag
