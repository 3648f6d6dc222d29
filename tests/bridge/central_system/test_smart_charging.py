"""SetChargingProfile with whatever its schema lets through: an answer or a CALLERROR, never more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.central_system.frames import OcppError, check_request
from bridge.central_system.operations import SUPPORTED, Answer, Question, answer
from bridge.core.charge_point import ChargePoint
from bridge.store.database import IN_MEMORY, Database
from tests.bridge.core.charge_points import at, charge_point

PERIOD: dict[str, Any] = {"startPeriod": 0, "limit": 10}
SCHEDULE: dict[str, Any] = {"chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD]}
PROFILE: dict[str, Any] = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": SCHEDULE,
}


def ask(core: ChargePoint, action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """As the conversation does. Raises OcppError."""
    payload = json.loads(json.dumps(payload))
    check_request(action, payload, SUPPORTED)
    return told(action, payload, core).payload


def told(action: str, payload: dict[str, Any], core: ChargePoint) -> Answer:
    """None of these operations answers later."""
    given = answer(action, Question(payload, core, pending=False, now=at(10)))
    assert isinstance(given, Answer)
    return given


def install(core: ChargePoint, profile: dict[str, Any], connector_id: int = 1) -> dict[str, Any]:
    return ask(core, "SetChargingProfile", {"connectorId": connector_id, "csChargingProfiles": profile})


whole = st.integers() | st.integers(-2, 10)
texts = st.sampled_from(
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00.999999999+01:00",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-02-30T00:00:00Z",
        "",
    ]
) | st.text(max_size=30)
limits = st.integers() | st.integers(-1, 60_000).map(lambda tenths: tenths / 10) | st.sampled_from([1e300, 0])
periods = st.fixed_dictionaries({"startPeriod": whole, "limit": limits}, optional={"numberPhases": whole})
schedules = st.fixed_dictionaries(
    {
        "chargingRateUnit": st.sampled_from("AW"),
        "chargingSchedulePeriod": st.lists(periods, max_size=3)
        | periods.map(lambda period: [{**period, "startPeriod": 0}]),
    },
    optional={"duration": whole, "startSchedule": texts, "minChargingRate": limits},
)
profiles = st.fixed_dictionaries(
    {
        "chargingProfileId": whole,
        "stackLevel": whole,
        "chargingProfilePurpose": st.sampled_from(["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]),
        "chargingProfileKind": st.sampled_from(["Absolute", "Recurring", "Relative"]),
        "chargingSchedule": schedules,
    },
    optional={
        "transactionId": whole,
        "recurrencyKind": st.sampled_from(["Daily", "Weekly"]),
        "validFrom": texts,
        "validTo": texts,
    },
)


@settings(deadline=None, max_examples=400)
@given(profile=profiles, connector_id=whole, duration_s=whole, mode=st.sampled_from(["cloud", "native"]))
def test_nothing_that_is_sent_upsets_it(
    profile: dict[str, Any], connector_id: int, duration_s: int, mode: Any
) -> None:
    core = charge_point(mode)
    core.drain()
    try:
        status = install(core, profile, connector_id)["status"]
    except OcppError as error:
        assert error.code != "InternalError"  # noqa: PT017 - what else must hold comes below
        status = "an error"
    changes = core.drain().changes
    assert bool(changes) == (status == "Accepted")
    store = Database(IN_MEMORY)
    store.apply(changes)
    assert len(store.charging_profiles()) == (status == "Accepted")
    store.close()
    try:
        schedule = ask(core, "GetCompositeSchedule", {"connectorId": 1, "duration": duration_s})
    except OcppError as error:
        assert error.code == "PropertyConstraintViolation"  # noqa: PT017 - the duration
    else:
        assert all(0 <= each["limit"] <= 16 for each in schedule.get("chargingSchedule", SCHEDULE)[
            "chargingSchedulePeriod"
        ])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:20Z", 20),
        ("2026-01-01T00:00:20.999Z", 20),
        ("2026-01-01T00:00:20.999999999Z", 20),
        ("2026-01-01T01:00:20+01:00", 20),
        ("2025-12-31T19:00:20-05:00", 20),
        ("2026-01-01T00:00:20", 20),  # no zone: UTC
    ],
)
def test_times_are_read_as_they_are_written_in_the_field(text: str, seconds: int) -> None:
    core = charge_point()
    assert install(core, {**PROFILE, "validFrom": text}) == {"status": "Accepted"}
    schedule = ask(core, "GetCompositeSchedule", {"connectorId": 1, "duration": 60})
    periods = schedule["chargingSchedule"]["chargingSchedulePeriod"]
    assert [(each["startPeriod"], each["limit"]) for each in periods] == [(0, 16.0), (seconds - 10, 10.0)]


@pytest.mark.parametrize(("phases", "numbers", "said"), [(3, 1, 1), (3, 3, 0), (3, None, 0), (1, 1, 0)])
def test_that_one_phase_cannot_be_chosen_is_said_once(phases: int, numbers: int | None, said: int) -> None:
    core = charge_point(phases=phases)
    period = PERIOD if numbers is None else {**PERIOD, "numberPhases": numbers}
    payload = {
        "connectorId": 1,
        "csChargingProfiles": {
            **PROFILE,
            "chargingSchedule": {**SCHEDULE, "chargingSchedulePeriod": [period]},
        },
    }
    notes = [told("SetChargingProfile", payload, core).note for _ in range(3)]
    assert sum(bool(note) for note in notes) == said


@pytest.mark.parametrize("mode", ["cloud", "native"])
@pytest.mark.parametrize("phases", [None, 1, 3, 2, 0, -1, 4])
def test_number_phases_is_1_or_3_and_counts_on_all_phases(mode: Any, phases: int | None) -> None:
    """The box of three phases switches none: its composite schedule says so to who asked for one."""
    core = charge_point(mode)
    period = PERIOD if phases is None else {**PERIOD, "numberPhases": phases}
    profile = {**PROFILE, "chargingSchedule": {**SCHEDULE, "chargingSchedulePeriod": [period]}}
    if phases not in (None, 1, 3):
        with pytest.raises(OcppError, match="PropertyConstraintViolation"):
            install(core, profile)
        return
    assert install(core, profile) == {"status": "Accepted"}
    schedule = ask(core, "GetCompositeSchedule", {"connectorId": 1, "duration": 60})["chargingSchedule"]
    said = {"numberPhases": 3} if phases == 1 else {}
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 10.0, **said}]


def test_that_one_phase_cannot_be_chosen_is_said_of_a_remote_start_too() -> None:
    core = charge_point()
    period = {**PERIOD, "numberPhases": 1}
    profile = {
        **PROFILE,
        "chargingProfilePurpose": "TxProfile",
        "chargingSchedule": {**SCHEDULE, "chargingSchedulePeriod": [period]},
    }
    notes = [
        told("RemoteStartTransaction", {"idTag": "04AABBCC", "chargingProfile": profile}, core).note
        for _ in range(2)
    ]
    assert notes == ["charging profile 1 asks for one phase: its limit counts on all 3", ""]


def test_an_error_names_the_place_the_value_and_what_is_allowed() -> None:
    schedule = {**SCHEDULE, "chargingSchedulePeriod": [PERIOD, {"startPeriod": 60, "limit": 81}]}
    with pytest.raises(OcppError, match=r"chargingSchedulePeriod\[1\].limit = 81.0 A: 0 to 80 A are allowed"):
        install(charge_point(), {**PROFILE, "chargingSchedule": schedule})
