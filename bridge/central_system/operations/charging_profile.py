"""PURE: a charging profile from the wire, within the bounds of this charge point."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from bridge.central_system.frames import OcppError
from bridge.central_system.operations.question import Question
from bridge.central_system.schemas import Payload
from bridge.core.charging_profile import ChargingProfile, Moment, Period, moment
from bridge.core.rows import INT32_MAX
from bridge.core.session import Transaction
from bridge.core.zaptec import MOST_A, MOST_PERIODS, TOP_STACK_LEVEL


def charging_profile(wire: Payload, connector_id: int, question: Question) -> ChargingProfile:
    """OCPP 1.6 7.8 csChargingProfiles within the bounds of this charge point. Raises OcppError."""
    schedule, state = wire["chargingSchedule"], question.charge_point.state
    of_transaction = wire["chargingProfilePurpose"] == "TxProfile"
    check_rate_unit(schedule["chargingRateUnit"], question)
    check_within("stackLevel", wire["stackLevel"], 0, TOP_STACK_LEVEL)
    check_within("chargingProfileId", wire["chargingProfileId"], -INT32_MAX, INT32_MAX)
    check_within("duration", schedule.get("duration", 0), 0, INT32_MAX)
    if wire["chargingProfileKind"] == "Relative" and "startSchedule" in schedule and _is_native(question):
        raise OcppError("PropertyConstraintViolation", "startSchedule: a Relative profile must not have it")
    profile = ChargingProfile(
        profile_id=wire["chargingProfileId"],
        connector_id=connector_id,
        purpose=wire["chargingProfilePurpose"],
        stack_level=wire["stackLevel"],
        kind=wire["chargingProfileKind"],
        unit=schedule["chargingRateUnit"],
        periods=_periods(schedule["chargingSchedulePeriod"]),
        received_at=moment(question.now.utc),
        start_at=_moment("startSchedule", schedule),
        duration_s=schedule.get("duration"),
        recurrency=wire.get("recurrencyKind"),
        valid_from=_moment("validFrom", wire),
        valid_to=_moment("validTo", wire),
        min_rate=schedule.get("minChargingRate"),
        row_id=state.row_id if of_transaction and isinstance(state, Transaction) else None,
    )
    _check_limits(profile, question)
    return profile


def _periods(wire: Sequence[Payload]) -> tuple[Period, ...]:
    if not 1 <= len(wire) <= MOST_PERIODS:
        raise OcppError(
            "OccurenceConstraintViolation",
            f"chargingSchedulePeriod: {len(wire)} periods; 1 to {MOST_PERIODS} are allowed",
        )
    for each in wire:
        check_within("startPeriod", each["startPeriod"], -INT32_MAX, INT32_MAX)
    return tuple(Period(each["startPeriod"], float(each["limit"]), each.get("numberPhases")) for each in wire)


def _check_limits(profile: ChargingProfile, question: Question) -> None:
    mains = question.charge_point.profiles.mains(question.charge_point.box, question.now)
    for number, period in enumerate(profile.periods):
        where = f"chargingSchedulePeriod[{number}]"
        if period.number_phases not in (None, 1, 3):
            text = f"{where}.numberPhases = {period.number_phases}: 1 or 3 is allowed"
            raise OcppError("PropertyConstraintViolation", text)
        if not 0 <= period.limit_a(profile.unit, mains) <= MOST_A:
            text = f"{where}.limit = {period.limit} {profile.unit}: 0 to {MOST_A:g} A are allowed"
            raise OcppError("PropertyConstraintViolation", text)


def is_sound(profile: ChargingProfile) -> bool:
    """OCPP 1.6 7.13, 7.14: the first period begins at 0, each after the one before; what recurs needs to know
    how often (without startSchedule it recurs from its receipt)."""
    starts = [period.start_s for period in profile.periods]
    rising = all(one < other for one, other in pairwise(starts))
    return starts[0] == 0 and rising and (profile.kind != "Recurring" or profile.recurrency is not None)


def check_rate_unit(unit: str, question: Question) -> None:
    """Refuses watts where a Zaptec that speaks OCPP itself knows none."""
    if unit == "W" and "Power" not in question.charge_point.provisioning.behaviour.rate_units.split(","):
        raise OcppError("NotSupported", "chargingRateUnit W: only A is supported")


def _is_native(question: Question) -> bool:
    return question.charge_point.provisioning.behaviour.mode == "native"


def check_within(name: str, value: int, least: int, most: int) -> None:
    """Raises OcppError: both bounds are allowed."""
    if not least <= value <= most:
        raise OcppError("PropertyConstraintViolation", f"{name} = {value}: {least} to {most} is allowed")


def _moment(name: str, wire: Payload) -> Moment | None:
    """RFC 3339; a time without a zone is taken for UTC."""
    text: str | None = wire.get(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return moment(at if at.tzinfo is not None else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise OcppError("PropertyConstraintViolation", f"{name} = {text[:40]!r}: no date and time") from None
