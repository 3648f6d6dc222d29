"""What charging profiles say, second by second: slow and obviously right. And profiles to try it with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal, get_args

from hypothesis import strategies as st

from bridge.core.charging_profile import ChargingProfile, Kind, Mains, Period, Purpose, RateUnit, Recurrency
from bridge.core.limits.charging_schedule import Circumstances

DAY_S, WEEK_S = 24 * 3600, 7 * 24 * 3600
BASE = 1_767_225_600  # 2026-01-01T00:00:00Z
ROW_ID = 7
PURPOSES: list[Purpose] = ["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]
KINDS: list[Kind] = ["Absolute", "Recurring", "Relative"]
End = Literal["validFrom", "validTo", "not begun", "over", "gap"]
ENDS: tuple[End, ...] = get_args(End)


def begin(profile: ChargingProfile, at: int, circumstances: Circumstances) -> int | None:
    """When the schedule that counts at `at` began; None: not yet."""
    if profile.kind == "Relative":
        box_alone = profile.purpose == "ChargePointMaxProfile" and circumstances.row_id is None
        first = min(at, profile.received_at if box_alone else circumstances.begins_at)
    elif profile.start_at is None:
        first = min(at, profile.received_at)
    else:
        first = profile.start_at
    if first > at:
        return None
    if profile.kind == "Recurring":
        every_s = DAY_S if profile.recurrency == "Daily" else WEEK_S
        while first + every_s <= at:
            first += every_s
    return first


def silent(profile: ChargingProfile, at: int, circumstances: Circumstances) -> End | None:
    """Why the profile says nothing; None: it says something."""
    if profile.valid_from is not None and at < profile.valid_from:
        return "validFrom"
    if profile.valid_to is not None and not at < profile.valid_to:
        return "validTo"
    began = begin(profile, at, circumstances)
    if began is None:
        return "not begun"
    if profile.duration_s is not None and at >= began + profile.duration_s:
        return "gap" if profile.kind == "Recurring" else "over"
    return None


def says(profile: ChargingProfile, at: int, circumstances: Circumstances) -> Period | None:
    began = begin(profile, at, circumstances)
    if silent(profile, at, circumstances) is not None or began is None:
        return None
    ruling = None
    for period in profile.periods:
        if at >= began + period.start_s:
            ruling = period
    return ruling


def amps(period: Period, unit: RateUnit, mains: Mains) -> float:
    if unit == "A":
        return period.limit
    phases = min(3 if period.number_phases is None else period.number_phases, mains.phases)
    tenths = Fraction(str(period.limit)) * 10 / (phases * Fraction(str(mains.voltage_v)))
    return int(tenths) / 10


def stack_a(stack: Sequence[ChargingProfile], circumstances: Circumstances, at: int) -> float | None:
    """What the highest level says that says something; None: none of them does."""
    speaking = [each for each in stack if says(each, at, circumstances) is not None]
    if not speaking:
        return None
    top = max(speaking, key=lambda each: each.stack_level)
    period = says(top, at, circumstances)
    assert period is not None
    return amps(period, top.unit, circumstances.mains)


def limit_a(profiles: Sequence[ChargingProfile], circumstances: Circumstances, at: int) -> float:
    whole = [each for each in profiles if each.purpose == "ChargePointMaxProfile"]
    own = [each for each in profiles if each.purpose == "TxProfile" and each.row_id == circumstances.row_id]
    default_1 = [each for each in profiles if each.purpose == "TxDefaultProfile" and each.connector_id == 1]
    default_0 = [each for each in profiles if each.purpose == "TxDefaultProfile" and each.connector_id == 0]
    of_transaction = stack_a(own, circumstances, at)
    if of_transaction is None:
        of_transaction = stack_a(default_1 or default_0, circumstances, at)
    limits = (circumstances.installation_a, stack_a(whole, circumstances, at), of_transaction)
    return min(limit for limit in limits if limit is not None)


def by_second(
    profiles: Sequence[ChargingProfile], circumstances: Circumstances, at: int, duration_s: int
) -> list[float]:
    return [limit_a(profiles, circumstances, at + second) for second in range(duration_s)]


recurrencies: st.SearchStrategy[Recurrency] = st.sampled_from(("Daily", "Weekly"))
near = st.integers(-90, 90)
starts = st.lists(st.integers(1, 120) | st.integers(DAY_S - 60, DAY_S + 60), max_size=4, unique=True)
spans = st.integers(0, 200) | st.integers(DAY_S - 60, DAY_S + 60) | st.integers(WEEK_S - 60, WEEK_S + 60)
beginnings = st.builds(
    lambda days, offset_s: BASE - days * DAY_S + offset_s, st.sampled_from([0, 1, 2, 7, 14]), near
)
moments = st.builds(lambda offset_s: BASE + offset_s, near)


def rarely(values: st.SearchStrategy[int]) -> st.SearchStrategy[int | None]:
    """Most profiles speak most of the time: else none is ever hidden by another."""
    return st.integers(0, 3).flatmap(lambda chance: values if chance == 3 else st.none())


@st.composite
def periods(draw: st.DrawFn, unit: RateUnit) -> tuple[Period, ...]:
    top = 200 if unit == "A" else 55_200
    tenths = st.integers(0, top).map(float) | st.integers(0, top * 10).map(lambda tenth: tenth / 10)
    return tuple(
        Period(start_s, draw(tenths), draw(st.sampled_from([None, 1, 3])))
        for start_s in (0, *sorted(draw(starts)))
    )


@st.composite
def charging_profiles(
    draw: st.DrawFn,
    row_id: int | None,
    units: Sequence[RateUnit] = ("A", "W"),
    purposes: Sequence[Purpose] = PURPOSES,
) -> ChargingProfile:
    """Within the bounds; a TxProfile is of `row_id`."""
    purpose: Purpose = draw(st.sampled_from(purposes))
    kind: Kind = draw(st.sampled_from(KINDS))
    unit = draw(st.sampled_from(units))
    recurs = kind == "Recurring"
    profile = ChargingProfile(
        profile_id=draw(st.integers(1, 9)),
        connector_id=0 if purpose == "ChargePointMaxProfile" else 1 if purpose == "TxProfile" else draw(
            st.integers(0, 1)
        ),
        purpose=purpose,
        stack_level=draw(st.integers(0, 3)),
        kind=kind,
        unit=unit,
        periods=draw(periods(unit)),
        received_at=draw(moments),
        start_at=draw(st.none() | beginnings),
        duration_s=draw(rarely(spans)),
        recurrency=draw(recurrencies) if recurs else None,
        valid_from=draw(rarely(moments)),
        valid_to=draw(rarely(moments)),
        row_id=row_id if purpose == "TxProfile" else None,
    )  # fmt: skip
    return draw(st.sampled_from(ENDS).flatmap(lambda end: ending(profile, end)) | st.just(profile))


@st.composite
def ending(draw: st.DrawFn, profile: ChargingProfile, end: End) -> ChargingProfile:
    """The same, but it begins or ends to say something in one of the seconds that are looked at."""
    duration_s = draw(st.integers(0, 90))
    absolute = replace(profile, kind="Absolute", recurrency=None)
    match end:
        case "validFrom":
            return replace(profile, valid_from=draw(moments))
        case "validTo":
            return replace(profile, valid_to=draw(moments))
        case "not begun":
            return replace(absolute, start_at=draw(moments))
        case "over":
            ends_by = draw(st.sampled_from([absolute, replace(absolute, kind="Relative")]))
            return replace(ends_by, start_at=draw(st.none() | moments), duration_s=duration_s)
        case "gap":
            recurrency = draw(recurrencies)
            start_at = draw(st.none() | beginnings)
            return replace(
                profile, kind="Recurring", recurrency=recurrency, start_at=start_at, duration_s=duration_s
            )


circumstances = st.builds(
    Circumstances,
    row_id=st.none() | st.just(ROW_ID),
    begins_at=moments,
    installation_a=st.sampled_from([16.0, 20.0, 32.0]),
    mains=st.builds(Mains, st.sampled_from([1, 3]), st.sampled_from([230.0, 231.7, 219.4])),
)


@st.composite
def installed(draw: st.DrawFn, row_id: int | None) -> list[ChargingProfile]:
    """As many as the rules of replacement leave, those of another transaction among them."""
    kept: list[ChargingProfile] = []
    another = st.integers(0, 4).map(lambda chance: row_id if chance else ROW_ID + 1)
    for profile in draw(st.lists(another.flatmap(charging_profiles), max_size=7)):
        kept = [each for each in kept if not profile.replaces(each)] + [profile]
    return kept
