"""PURE: a charging profile in words: whom it limits, to what, from when to when, and who wins now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from bridge.core.charging_profile import (
    FIRST_DATED,
    NEVER,
    RECURRENCY_S,
    ChargingProfile,
    Mains,
    Moment,
    Period,
)
from bridge.core.limits.cap import LEAST_A
from bridge.core.limits.charging_schedule import (
    Circumstances,
    Ruling,
    each_purpose,
    prevailing,
    relative_to,
    rulings,
)
from bridge.core.now import SINCE_BOOT, in_words

AHEAD_S = 86_400  # so far the limits to come are listed
MOST_AHEAD = 12  # of them
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class View:
    """All profiles at a moment. `of_bridge`: the circumstances are those of a running bridge; else amps from
    watts, and which limit is the lowest, are not known."""

    profiles: tuple[ChargingProfile, ...]
    circumstances: Circumstances
    at: Moment
    of_bridge: bool
    caps_a: Mapping[str, float] = field(default_factory=dict)  # set by no profile


def described(view: View) -> Iterator[str]:
    """Yields a block of lines for each profile, then the limit now and in the next day."""
    for profile in view.profiles:
        yield f"charging profile {profile.profile_id} {whom(profile)}"
        yield f"    {_schedule(profile, view)}"
        if valid := _validity(profile):
            yield f"    {valid}"
        yield f"    {_now(profile, view)}"
    if view.of_bridge:
        yield from _limits(view)
        for name, cap_a in view.caps_a.items():
            yield f"but at present at most {_amps(cap_a)}, set by {name}"
    else:
        yield "no bridge runs: it finds out which of these limits is the lowest when it starts"


def whom(profile: ChargingProfile) -> str:
    """Says whom it limits."""
    match profile.purpose:
        case "ChargePointMaxProfile":
            limits = "limits the whole box"
        case "TxDefaultProfile":
            limits = "limits every session"
        case "TxProfile" if profile.row_id is None:
            limits = "limits the session that was started remotely and waits for its car"
        case "TxProfile":
            limits = f"limits session {profile.row_id}"
        case never:
            assert_never(never)
    return (
        f"{limits} ({profile.purpose}, stack level {profile.stack_level}, connector {profile.connector_id})"
    )


# What it says of itself


def _schedule(profile: ChargingProfile, view: View) -> str:
    """Writes its whole schedule; what never comes, because it ends before, is left out."""
    every_s: float = NEVER
    if profile.recurrency is not None and profile.kind == "Recurring":
        every_s = RECURRENCY_S[profile.recurrency]
    length_s = every_s if profile.duration_s is None else min(profile.duration_s, every_s)
    mains = view.circumstances.mains if view.of_bridge else None
    parts = [
        f"{f'after {_span(period.start_s)}: ' if period.start_s else ''}{_limit(period, profile, mains)}"
        for period in profile.periods
        if period.start_s < length_s
    ]
    ends = [] if length_s == every_s else [f"ends after {_span(int(length_s))}"]
    return f"{_begin(profile)}: {'; '.join([*parts, *ends])}"


def _begin(profile: ChargingProfile) -> str:
    start = profile.received_at if profile.start_at is None else profile.start_at
    received = f"its receipt, {_when(profile.received_at)}"
    match profile.kind:
        case "Relative" if profile.purpose == "ChargePointMaxProfile":
            return f"from the start of the session, without one from {received}"
        case "Relative":
            return "from the start of the session"
        case "Absolute":
            return f"from {_when(start)}" if profile.start_at is not None else f"from {received}"
        case "Recurring":
            first = _when(start) if profile.start_at is not None else received
            return f"each {_recurrence(profile, start)}, first from {first}"
        case never:
            assert_never(never)


def _recurrence(profile: ChargingProfile, start: Moment) -> str:
    if start < FIRST_DATED:
        return "day" if profile.recurrency == "Daily" else "week"
    day = "day" if profile.recurrency == "Daily" else _WEEKDAYS[_date(start).weekday()]
    return f"{day} at {_date(start):%H:%M:%S} UTC"


def _limit(period: Period, profile: ChargingProfile, mains: Mains | None) -> str:
    """Writes amps as they are; watts with the amps that they come to, where the mains are known."""
    notes = []
    if profile.unit == "A":
        text, limit_a = f"{_number(period.limit)} A", period.limit
    else:
        text, limit_a = f"{_number(period.limit)} W", LEAST_A
        if period.number_phases in (1, 2):
            text += f" on {period.number_phases} phase{'s' * (period.number_phases > 1)}"
        if mains is not None:
            limit_a = period.limit_a(profile.unit, mains)
            notes.append(f"{_number(limit_a)} A")
    notes += ["no charging"] * (limit_a < LEAST_A)
    return f"{text} ({', '.join(notes)})" if notes else text


def _validity(profile: ChargingProfile) -> str:
    begin = "" if profile.valid_from is None else f" from {_when(profile.valid_from)}"
    end = "" if profile.valid_to is None else f" until {_when(profile.valid_to)}"
    return f"valid{begin}{end}" if begin or end else ""


# Who wins


def _now(profile: ChargingProfile, view: View) -> str:
    circumstances = view.circumstances
    if profile.purpose == "TxProfile" and profile.row_id != circumstances.row_id:
        return "now: nothing, its session has ended"
    span = profile.span(relative_to(profile, circumstances), view.at)
    if span.period is None:
        return f"now: nothing, {_silence(span.until, view.at)}"
    mains = circumstances.mains if view.of_bridge else None
    until = "" if span.until == NEVER else f" until {_when(span.until)}"
    return f"now: {_limit(span.period, profile, mains)}{until}; {_rank(profile, view)}"


def _silence(until: float, at: Moment) -> str:
    if until != NEVER:
        return f"before {_when(until)}"
    return "because nobody knows the time" if at < FIRST_DATED else "it has ended"


def _rank(profile: ChargingProfile, view: View) -> str:
    """Says what becomes of a limit that a profile sets now."""
    whole, transaction = each_purpose(view.profiles, view.circumstances, view.at)
    rival = whole if profile.purpose == "ChargePointMaxProfile" else transaction
    if rival.profile_id is None:
        return "a default of connector 1 takes its place"
    if rival.profile_id != profile.profile_id:
        return f"charging profile {rival.profile_id} takes its place"
    if not view.of_bridge:
        return "it counts"
    ruling = prevailing(view.profiles, view.circumstances, view.at)
    return "it is the limit" if rival.limit_a == ruling.limit_a else "a lower limit counts"


def _limits(view: View) -> Iterator[str]:
    """Yields the limit now and each that follows within AHEAD_S."""
    steps: list[tuple[int, Ruling]] = []
    for start_s, ruling in rulings(view.profiles, view.circumstances, view.at, AHEAD_S):
        if not steps or _source(steps[-1][1]) != _source(ruling):
            steps.append((start_s, ruling))
    for start_s, ruling in steps[:MOST_AHEAD]:
        yield f"limit {f'from {_when(view.at + start_s)}' if start_s else 'now'}: {_source(ruling)}"
    if len(steps) > MOST_AHEAD:
        yield f"and {len(steps) - MOST_AHEAD} more changes within {_span(AHEAD_S)}"


def _source(ruling: Ruling) -> str:
    who = "the installation" if ruling.profile_id is None else f"charging profile {ruling.profile_id}"
    return f"{_amps(ruling.limit_a)}, set by {who}"


# Numbers and times


def _amps(limit_a: float) -> str:
    return f"{_number(limit_a)} A{' (no charging)' * (limit_a < LEAST_A)}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _span(seconds: int) -> str:
    """Writes 1 d 2 h 3 min 4 s."""
    parts = []
    for unit, size_s in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        whole, seconds = divmod(seconds, size_s)
        parts += [f"{whole} {unit}"] * (whole > 0)
    return " ".join(parts) or "0 s"


def _date(at: float) -> datetime:
    """Raises OverflowError beyond the calendar."""
    return SINCE_BOOT + timedelta(seconds=at)


def _when(at: float) -> str:
    try:
        return in_words(_date(at))
    except OverflowError:
        return "after the year 9999"
