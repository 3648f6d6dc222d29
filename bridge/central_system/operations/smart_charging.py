"""PURE: the operations of OCPP 1.6's Smart Charging profile, and the profile that comes with a remote start.

What breaks a bound of this charge point is a CALLERROR; what OCPP allows, but what makes no sense here and
now (wrong connector, wrong transaction, a schedule without a beginning) is Rejected.
"""

from __future__ import annotations

from typing import assert_never

from bridge.central_system.operations.charging_profile import (
    charging_profile,
    check_rate_unit,
    check_within,
    is_sound,
)
from bridge.central_system.operations.question import Answer, Question, with_status
from bridge.central_system.schemas import Payload
from bridge.core.charging_profile import PHASES_WHEN_ABSENT, ChargingProfile, Mains
from bridge.core.limits.charging_schedule import CompositeSchedule
from bridge.core.limits.installed_profiles import Criteria
from bridge.core.now import timestamp
from bridge.core.rows import INT32_MAX
from bridge.core.session import CONNECTOR_ID, Transaction


def set_charging_profile(question: Question) -> Answer:
    """OCPP 1.6 5.16; in force at once, for a running transaction too. Raises OcppError."""
    wire, connector_id = question.payload["csChargingProfiles"], question.payload["connectorId"]
    profile = charging_profile(wire, connector_id, question)
    note = _note(profile, question)
    may = is_sound(profile) and _has_its_place(profile, wire, question)
    if not (may and question.charge_point.profiles.install(profile)):
        return with_status("Rejected")
    return Answer({"status": "Accepted"}, note=note)


def _has_its_place(profile: ChargingProfile, wire: Payload, question: Question) -> bool:
    """OCPP 1.6 3.13.1, 5.16.1: the box for the one purpose, a running transaction for another."""
    match profile.purpose:
        case "ChargePointMaxProfile":
            return profile.connector_id == 0
        case "TxDefaultProfile":
            return profile.connector_id in (0, CONNECTOR_ID)
        case "TxProfile":
            state = question.charge_point.state
            if not isinstance(state, Transaction) or state.stopping is not None:
                return False
            named = wire.get("transactionId", state.transaction_id)
            return profile.connector_id == CONNECTOR_ID and named == state.transaction_id
        case never:
            assert_never(never)


def _note(profile: ChargingProfile, question: Question) -> str:
    """Logs with the first such profile, not with each that takes its place."""
    phases = question.charge_point.box.supply.phases
    if phases == 1 or not profile.wants_one_phase or question.charge_point.profiles.want_one_phase:
        return ""
    return f"charging profile {profile.profile_id} asks for one phase: its limit counts on all {phases}"


def hold_profile_of_start(question: Question) -> Answer:
    """OCPP 1.6 5.11: becomes the TxProfile of that start, and dies with it. Rejected: nothing changed.

    A start without a profile takes the place of an earlier one with it. Raises OcppError.
    """
    wire: Payload | None = question.payload.get("chargingProfile")
    if wire is None:
        question.charge_point.profiles.hold(None)
        return with_status("Accepted")
    profile = charging_profile(wire, CONNECTOR_ID, question)
    note = _note(profile, question)
    may = profile.purpose == "TxProfile" and "transactionId" not in wire and is_sound(profile)
    if not (may and question.charge_point.profiles.hold(profile)):
        return with_status("Rejected")
    return Answer({"status": "Accepted"}, note=note)


def clear_charging_profile(question: Question) -> Answer:
    """OCPP 1.6 5.4: by id alone, or by all that is given."""
    asked = question.payload
    criteria = Criteria(
        profile_id=asked.get("id"),
        connector_id=asked.get("connectorId"),
        purpose=asked.get("chargingProfilePurpose"),
        stack_level=asked.get("stackLevel"),
    )
    return with_status("Accepted" if question.charge_point.profiles.clear(criteria) else "Unknown")


def get_composite_schedule(question: Question) -> Answer:
    """OCPP 1.6 5.7. Connector 0 is the box, which draws what its one connector draws. Raises OcppError."""
    asked, charge_point, now = question.payload, question.charge_point, question.now
    connector_id, duration_s = asked["connectorId"], asked["duration"]
    unit = asked.get("chargingRateUnit", "A")
    check_rate_unit(unit, question)
    check_within("duration", duration_s, 0, INT32_MAX)
    if connector_id not in (0, CONNECTOR_ID):
        return with_status("Rejected")
    found = charge_point.profiles.composite(charge_point.state, charge_point.box, duration_s, now)
    begins = {"scheduleStart": timestamp(now.utc)} if now.dated else {}
    answer = {"status": "Accepted", "connectorId": connector_id, **begins}
    if not found.steps:
        return Answer(answer)
    mains = charge_point.profiles.mains(charge_point.box, now)
    # OCPP 1.6 7.14: absent says 3; to who has asked for another number it is said in words.
    says_phases = mains.phases != PHASES_WHEN_ABSENT or charge_point.profiles.want_one_phase
    phases = {"numberPhases": mains.phases} if says_phases else {}
    return Answer({**answer, "chargingSchedule": _schedule(found, unit, mains, phases)})


def _schedule(found: CompositeSchedule, unit: str, mains: Mains, phases: Payload) -> Payload:
    """OCPP 1.6 7.13. Watts are what the amps that are applied come to on the wired phases."""
    watts_per_a = mains.phases * mains.voltage_v
    return {
        "duration": found.duration_s,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [
            {
                "startPeriod": step.start_s,
                "limit": step.limit_a if unit == "A" else round(step.limit_a * watts_per_a, 1),
                **phases,
            }
            for step in found.steps
        ],
    }
