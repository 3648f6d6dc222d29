"""`evse-bridge profiles`: what a person reads off the words is what the core computes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.cli.profile_words import AHEAD_S, MOST_AHEAD, View, described
from bridge.core.charging_profile import ChargingProfile, Kind, Mains, Period, Recurrency
from bridge.core.limits.charging_schedule import Circumstances, composite, prevailing
from tests.bridge.core.limits import charging_model as model

DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
HEAD = re.compile(
    r"charging profile (?P<id>\d+) limits .* "
    r"\((?P<purpose>\w+), stack level (?P<level>\d+), connector (?P<connector>\d)\)"
)
SCHEDULE = re.compile(
    r"    (?P<begin>(?:from|each) .*?(?:session|UTC|session, without one .*? UTC)): (?P<rest>.*)"
)
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def seconds(text: str) -> int:
    sizes = {"d": 86_400, "h": 3600, "min": 60, "s": 1}
    words = text.split()
    return sum(int(number) * sizes[unit] for number, unit in zip(words[::2], words[1::2], strict=True))


def at_of(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC).timestamp())


def period_of(text: str) -> Period:
    after = re.match(r"after ([^:]*): ", text)
    limit = text[after.end() :] if after else text
    phases = re.search(r" W on (\d) phase", limit)
    number = float(limit.split()[0])
    return Period(seconds(after[1]) if after else 0, number, int(phases[1]) if phases else None)


def begin_of(text: str) -> tuple[Kind, Recurrency | None, int | None]:
    """As a reader understands it: kind, recurrency, and since when."""
    dates = re.findall(DATE, text)
    if text.startswith("from the start of the session"):
        return "Relative", None, at_of(dates[0]) if dates else None
    if text.startswith("from"):
        return "Absolute", None, at_of(dates[0])
    first = at_of(dates[-1])
    clock = re.match(r"each (\w+) at (\d\d:\d\d:\d\d) UTC", text)
    assert clock is not None
    begun = datetime.fromtimestamp(first, UTC)
    assert clock[2] == f"{begun:%H:%M:%S}"
    assert clock[1] in ("day", WEEKDAYS[begun.weekday()])
    return "Recurring", "Daily" if clock[1] == "day" else "Weekly", first


def read(lines: Sequence[str], view: View) -> list[ChargingProfile]:
    """The profiles that somebody would install who knows nothing but the words."""
    found: list[ChargingProfile] = []
    for line in lines:
        if head := HEAD.fullmatch(line):
            of_session = re.search(r"session (\d+) ", line)
            found.append(
                ChargingProfile(
                    profile_id=int(head["id"]),
                    connector_id=int(head["connector"]),
                    purpose=head["purpose"],  # type: ignore[arg-type]
                    stack_level=int(head["level"]),
                    kind="Absolute",
                    unit="A",
                    periods=(),
                    received_at=0,
                    row_id=int(of_session[1]) if of_session else None,
                )
            )
        elif line.startswith("    valid"):
            begin, end = re.search(f" from ({DATE})", line), re.search(f" until ({DATE})", line)
            validity: dict[str, Any] = {
                name: at_of(each[1]) for name, each in {"valid_from": begin, "valid_to": end}.items() if each
            }
            found[-1] = replace(found[-1], **validity)
        elif schedule := SCHEDULE.fullmatch(line):
            found[-1] = scheduled(found[-1], schedule)
    return found


def scheduled(profile: ChargingProfile, words: re.Match[str]) -> ChargingProfile:
    kind, recurrency, since = begin_of(words["begin"])
    received = kind == "Relative" or "its receipt" in words["begin"]
    *parts, last = words["rest"].split("; ")
    ends = re.fullmatch(r"ends after (.*)", last)
    periods = parts if ends else [*parts, last]
    return replace(
        profile, kind=kind, recurrency=recurrency, unit="W" if " W" in words["rest"] else "A",
        received_at=since or 0 if received else 0, start_at=None if received else since,
        duration_s=seconds(ends[1]) if ends else None,
        periods=tuple(map(period_of, periods)) or (Period(0, 0.0),),
    )  # fmt: skip


@st.composite
def views(draw: st.DrawFn) -> View:
    """Profiles of a running bridge, at any moment."""
    at, circumstances = draw(model.moments), draw(model.circumstances)
    return View(tuple(draw(model.installed(circumstances.row_id))), circumstances, at, of_bridge=True)


@pytest.mark.campaign
@settings(deadline=None, max_examples=100)
@given(view=views())
def test_whoever_reads_the_words_knows_the_schedule(view: View) -> None:
    """What is read off them limits, in every second that counts, as the profiles do."""
    circumstances, at = view.circumstances, view.at
    lines = list(described(view))
    understood = read(lines, view)
    assert [each.profile_id for each in understood] == [each.profile_id for each in view.profiles]
    for duration_s in (300, 3 * model.DAY_S, 2 * model.WEEK_S):
        assert (
            composite(understood, circumstances, at, duration_s).steps
            == composite(view.profiles, circumstances, at, duration_s).steps
        )


LIMIT = re.compile(
    rf"limit (?:now|from (?P<at>{DATE})): (?P<limit>[\d.]+) A(?: \(no charging\))?, set by (?P<who>.*)"
)


def limits_of(lines: Sequence[str]) -> Iterator[tuple[int | None, float, str]]:
    for line in lines:
        if found := LIMIT.fullmatch(line):
            yield at_of(found["at"]) if found["at"] else None, float(found["limit"]), found["who"]


@pytest.mark.campaign
@settings(deadline=None, max_examples=100)
@given(view=views())
def test_the_limits_to_come_are_those_of_the_composite_schedule(view: View) -> None:
    circumstances, at = view.circumstances, view.at
    lines = list(described(view))
    said = list(limits_of(lines))
    merged = [
        each
        for each, before in zip(said, [None, *said], strict=False)
        if before is None or before[1] != each[1]
    ]
    wanted = [
        (at + step.start_s if step.start_s else None, step.limit_a)
        for step in composite(view.profiles, circumstances, at, AHEAD_S).steps
    ]
    assert [each[:2] for each in merged] == wanted[: len(merged)]
    assert len(merged) == len(wanted) or len(said) == MOST_AHEAD
    for begin, limit_a, who in said:
        ruling = prevailing(view.profiles, circumstances, begin or at)
        named = "the installation" if ruling.profile_id is None else f"charging profile {ruling.profile_id}"
        assert (limit_a, who) == (ruling.limit_a, named)


@pytest.mark.campaign
@settings(deadline=None, max_examples=100)
@given(view=views())
def test_the_one_that_is_called_the_limit_sets_it(view: View) -> None:
    """One profile, or none when the installation's limit is the lowest."""
    circumstances, at = view.circumstances, view.at
    limit_a = model.limit_a(view.profiles, circumstances, at)
    named = [
        int(head["id"])
        for head, block in blocks(list(described(view)))
        if any(line.endswith("it is the limit") for line in block)
    ]
    assert named or limit_a == circumstances.installation_a
    for profile in view.profiles:
        if profile.profile_id in named:
            period = model.says(profile, at, circumstances)
            assert period is not None
            assert model.amps(period, profile.unit, circumstances.mains) == limit_a


def blocks(lines: Sequence[str]) -> Iterator[tuple[re.Match[str], list[str]]]:
    heads = [number for number, line in enumerate(lines) if HEAD.fullmatch(line)]
    for head, following in pairwise([*heads, len(lines)]):
        found = HEAD.fullmatch(lines[head])
        assert found is not None
        yield found, list(lines[head:following])


# The words themselves

AT = model.BASE + 3600
CIRCUMSTANCES = Circumstances(7, model.BASE, 16.0, Mains(3, 230.0))
PROFILE = ChargingProfile(
    profile_id=5, connector_id=1, purpose="TxDefaultProfile", stack_level=0, kind="Absolute", unit="A",
    periods=(Period(0, 0.0),), received_at=model.BASE,
)  # fmt: skip


def words(*profiles: ChargingProfile, of_bridge: bool = True, at: int = AT) -> list[str]:
    return list(described(View(profiles, CIRCUMSTANCES, at, of_bridge=of_bridge)))


def test_one_that_was_left_behind_at_0_a() -> None:
    assert words(PROFILE) == [
        "charging profile 5 limits every session (TxDefaultProfile, stack level 0, connector 1)",
        "    from its receipt, 2026-01-01 00:00:00 UTC: 0 A (no charging)",
        "    now: 0 A (no charging); it is the limit",
        "limit now: 0 A (no charging), set by charging profile 5",
    ]


def test_watts_that_come_to_less_than_6_a() -> None:
    watts = replace(
        PROFILE, unit="W", periods=(Period(0, 2000.0), Period(7200, 3680.0, 1)), start_at=model.BASE
    )
    assert words(watts)[1:4] == [
        "    from 2026-01-01 00:00:00 UTC: 2000 W (2.8 A, no charging); after 2 h: 3680 W on 1 phase (16 A)",
        "    now: 2000 W (2.8 A, no charging) until 2026-01-01 02:00:00 UTC; it is the limit",
        "limit now: 2.8 A (no charging), set by charging profile 5",
    ]


def test_who_takes_whose_place() -> None:
    high = replace(
        PROFILE, profile_id=6, stack_level=1, periods=(Period(0, 10.0),), valid_to=model.BASE + 7200
    )
    whole = replace(
        high, profile_id=7, purpose="ChargePointMaxProfile", connector_id=0, periods=(Period(0, 13.0),)
    )
    of_box = replace(PROFILE, profile_id=8, connector_id=0)
    own = replace(PROFILE, profile_id=9, purpose="TxProfile", row_id=6)
    later = replace(PROFILE, profile_id=10, stack_level=2, start_at=model.BASE + 9000)
    over = replace(PROFILE, profile_id=11, stack_level=3, duration_s=60)
    now = [line for line in words(PROFILE, high, whole, of_box, own, later, over) if "now: " in line]
    assert [line.strip() for line in now] == [
        "now: 0 A (no charging); charging profile 6 takes its place",
        "now: 10 A until 2026-01-01 02:00:00 UTC; it is the limit",
        "now: 13 A until 2026-01-01 02:00:00 UTC; a lower limit counts",
        "now: 0 A (no charging); charging profile 6 takes its place",
        "now: nothing, its session has ended",
        "now: nothing, before 2026-01-01 02:30:00 UTC",
        "now: nothing, it has ended",
        "limit now: 10 A, set by charging profile 6",
    ]


def test_two_that_set_the_same_limit_both_do() -> None:
    """And the installation is named where it sets it too."""
    whole = replace(PROFILE, profile_id=7, purpose="ChargePointMaxProfile", connector_id=0)
    assert [line.endswith("it is the limit") for line in words(PROFILE, whole) if "now: " in line[:10]] == [
        True
    ] * 2
    as_high = replace(PROFILE, periods=(Period(0, 16.0),))
    assert words(as_high)[2:] == [
        "    now: 16 A; it is the limit", "limit now: 16 A, set by the installation",
    ]  # fmt: skip


def test_a_default_of_connector_1_takes_the_place_of_one_of_0_even_where_it_is_silent() -> None:
    silent = replace(PROFILE, profile_id=6, duration_s=60)
    assert (
        "now: 0 A (no charging); a default of connector 1 takes its place"
        in words(replace(PROFILE, connector_id=0), silent)[2]
    )


def test_without_a_bridge_nothing_is_said_of_what_only_the_box_knows() -> None:
    watts = replace(PROFILE, unit="W", periods=(Period(0, 2000.0),), start_at=model.BASE)
    assert words(watts, of_bridge=False)[1:] == [
        "    from 2026-01-01 00:00:00 UTC: 2000 W",
        "    now: 2000 W; it counts",
        "no bridge runs: it finds out which of these limits is the lowest when it starts",
    ]


def test_what_no_profile_sets_is_said_last() -> None:
    caps_a = {"the lost meter": 6.0, "fallback.central_system_lost_limit_a": 3.0}
    assert list(described(View((), CIRCUMSTANCES, AT, of_bridge=True, caps_a=caps_a))) == [
        "limit now: 16 A, set by the installation",
        "but at present at most 6 A, set by the lost meter",
        "but at present at most 3 A (no charging), set by fallback.central_system_lost_limit_a",
    ]


def test_the_example_of_the_page() -> None:
    daily = replace(
        PROFILE, kind="Recurring", recurrency="Daily", start_at=model.BASE - 26 * 3600,
        periods=(Period(0, 16.0), Period(8 * 3600, 0.0)),
    )  # fmt: skip
    whole = replace(
        PROFILE, profile_id=7, purpose="ChargePointMaxProfile", connector_id=0, unit="W", start_at=model.BASE,
        periods=(Period(0, 6900.0),), duration_s=12 * 3600, valid_to=model.BASE + 31 * model.DAY_S,
    )  # fmt: skip
    page = (Path(__file__).parents[2] / "docs" / "limits.md").read_text("utf-8")
    assert "\n".join(words(daily, whole)) == page.partition("at 01:00:\n\n```\n")[2].partition("\n```")[0]


def test_while_nobody_knows_the_time() -> None:
    daily = replace(PROFILE, kind="Recurring", recurrency="Daily", received_at=83, duration_s=3600)
    dated = replace(PROFILE, profile_id=6, start_at=model.BASE + 1, valid_to=253_402_300_799 + 60)
    said = words(daily, dated, at=90)
    assert (
        said[1]
        == "    each day, first from its receipt, 83 s after the boot: 0 A (no charging); ends after 1 h"
    )
    assert said[5] == "    valid until after the year 9999"
    assert said[6] == "    now: nothing, because nobody knows the time"
