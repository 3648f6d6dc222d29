"""Each row of the chain: when it holds, what it names, what to do; and their order."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.local.state.state import FaultSeen, Limit, Refusal, State
from bridge.local.why import reason as remedies
from bridge.local.why.reason import Remedy, Wait
from bridge.local.why.table import BEGINS, FLOWS, HINDRANCES
from bridge.local.why.why import why
from hal.contract import Clears
from tests.bridge.local.states import CHARGING, INSTALLATION, READY, WELL, changed

IDLE = changed(WELL, connector={"status": "Preparing"}, box={"vehicle": "B", "car": True})
AUTHORIZED = changed(
    IDLE,
    connector={"step": "Authorized", "id_tag": "04AABBCC"},
    box={"lock": "locked", "cable_rating_a": 32.0},
)
REFUSAL = Refusal(id_tag="04111111", why="Blocked", ago_s=2.0, online=True)


def fault(name: str, *, opens: bool = True, clears: Clears = "unplug") -> FaultSeen:
    return FaultSeen(id=name, occurrence=1, for_s=3.0, clears=clears, opens=opens)


def limited(name: str, limit_a: float = 0.0, **more: Any) -> State:
    return changed(
        READY, limits=(Limit(name=name, limit_a=limit_a, **more), INSTALLATION), box={"offered_a": 0.0}
    )


# Row -> a state in which it is first, and its remedy.
FIRST: dict[str, tuple[State, Remedy]] = {
    "reflexes_silent": (changed(READY, box={"alive": False}), remedies.StartProgram(program="hal.safety")),
    "disk_refuses": (changed(IDLE, service={"recorded": False}), remedies.FreeDisk()),
    "disk_slow": (changed(READY, service={"start_unrecorded": True}), Wait(most_s=11.0)),
    "never_registered_offline": (
        changed(IDLE, service={"accepted": False}, link={"connected": False}),
        remedies.RestoreLink(),
    ),
    "never_registered": (changed(IDLE, service={"accepted": False}), remedies.Register()),
    "trial": (changed(READY, service={"trial": "version 2 is on trial"}), Wait(most_s=300.0)),
    "restarting": (changed(IDLE, service={"restarting": True}), Wait(most_s=60.0)),
    "updating": (changed(IDLE, service={"updating": True}), Wait(most_s=600.0)),
    "inoperative": (changed(IDLE, service={"operative": False}), remedies.SetOperative()),
    "cable_kept": (
        changed(WELL, connector={"step": "Finishing", "kept_for": "04AABBCC"}),
        remedies.PresentCard(id_tag="04AABBCC"),
    ),
    "reserved": (
        changed(IDLE, connector={"reserved_for": "04DDEEFF", "reserved_until": "2026-05-01T20:00:00Z"}),
        remedies.PresentCard(id_tag="04DDEEFF"),
    ),
    "locked_for_good": (
        changed(
            READY, connector={"locked_for_good": True}, box={"lock": "locked", "faults": (fault("rcm_trip"),)}
        ),
        remedies.ReleaseCable(),
    ),
    "plug_stuck": (
        changed(
            READY,
            box={
                "lock": "locked",
                "faults": (fault("pilot_circuit"), fault("unlock_failed", opens=False, clears="itself")),
            },
        ),
        remedies.RemoveFault(fault="unlock_failed", clears="itself"),
    ),
    "fault": (
        changed(READY, box={"faults": (fault("reader_lost", opens=False), fault("diode_missing"))}),
        remedies.RemoveFault(fault="diode_missing", clears="unplug"),
    ),
    "stop_button": (changed(READY, box={"withheld_by": ("stop_button",)}), remedies.ReleaseStopButton()),
    "ending": (changed(READY, connector={"stopping": "Local"}), Wait(most_s=15.0)),
    "pilot_unclear": (changed(READY, box={"vehicle": "A", "car_in_doubt": True}), Wait(most_s=5.0)),
    "no_car": (WELL, remedies.PlugIn()),
    "deauthorized": (changed(READY, connector={"deauthorized": True}), remedies.PlugInAgain()),
    "asking": (changed(IDLE, connector={"step": "Authorizing", "id_tag": "04AABBCC"}), Wait(most_s=11.0)),
    "refused_offline": (
        changed(IDLE, connector={"refusal": REFUSAL}, link={"registered": False}),
        remedies.RestoreLink(),
    ),
    "refused": (changed(IDLE, connector={"refusal": REFUSAL}), remedies.PresentCard()),
    "session_over_free": (
        changed(IDLE, connector={"step": "Finishing", "free_charging": True}),
        remedies.PlugInAgain(),
    ),
    "session_over": (changed(IDLE, connector={"step": "Finishing"}), remedies.PresentCard()),
    "not_authorized": (IDLE, remedies.PresentCard()),
    "unlocking": (changed(AUTHORIZED, connector={"unlocking": True}), Wait(most_s=30.0)),
    "unlocked": (changed(AUTHORIZED, connector={"unlocked": True}), remedies.PlugInAgain()),
    "no_rating": (changed(AUTHORIZED, box={"cable_rating_a": None}), remedies.CheckCable()),
    "not_locked": (changed(AUTHORIZED, box={"lock": "moving"}), Wait(most_s=30.0)),
    "meter_lost": (
        changed(AUTHORIZED, box={"faults": (fault("meter_lost", opens=False),)}),
        remedies.RemoveFault(fault="meter_lost", clears="unplug"),
    ),
    "thermometer_lost": (
        changed(AUTHORIZED, box={"faults": (fault("thermometer_lost", opens=False),)}),
        remedies.RemoveFault(fault="thermometer_lost", clears="unplug"),
    ),
    "no_reading": (changed(AUTHORIZED, meter={"fresh": False}), Wait(most_s=10.0)),
    "profile_limit": (
        limited("profile", 5.9, profile_id=12, until="2026-05-01T22:00:00Z"),
        remedies.RaiseLimit(name="profile", profile_id=12),
    ),
    "owner_limit": (limited("owner", 5.9), remedies.RaiseOwnLimit()),
    "meter_limit": (limited("the lost meter"), remedies.RemoveFault(fault="meter_lost", clears="itself")),
    "absence_limit": (limited("fallback.central_system_lost_limit_a"), remedies.RestoreLink()),
    "fuse_limit": (limited("the main fuse", until="2026-05-01T18:02:00Z"), remedies.LightenHouse()),
    "house_unread_limit": (limited("the house meter, which was not read yet"), Wait(most_s=65.0)),
    "house_quiet_limit": (limited("the quiet house meter"), remedies.CheckHouseMeter()),
    "dimming_limit": (limited("dimming by the grid operator", 4.5), remedies.WaitForGrid()),
    "surplus_limit": (limited("solar surplus"), remedies.WaitForSun()),
    "thermometer_limit": (
        changed(limited("temperature"), box={"faults": (fault("thermometer_lost", opens=False),)}),
        remedies.RemoveFault(fault="thermometer_lost", clears="unplug"),
    ),
    "heat_limit": (limited("temperature"), remedies.RemoveFault(fault="overheated", clears="itself")),
    "other_limit": (limited("house meter"), remedies.RaiseLimit(name="house meter")),
    "rests_after_fault": (changed(READY, box={"withheld_by": ("min_off", "after_fault")}), Wait(most_s=40.0)),
    "rests_after_many": (changed(READY, box={"withheld_by": ("closings",)}), Wait(most_s=700.0)),
    "self_test": (changed(READY, box={"withheld_by": ("rcm_tested",)}), Wait(most_s=30.0)),
    "rests": (changed(READY, box={"withheld_by": ("min_off",)}), Wait(most_s=15.0)),
    "box_lacks": (changed(READY, box={"withheld_by": ("real_time",)}), remedies.RunDoctor()),
    "no_mains": (changed(READY, meter={"voltage_v": (0.0, 0.0, 0.0)}), remedies.SwitchMainsOn()),
    "car_does_not_ask": (READY, remedies.CarMustAsk()),
    "car_draws_nothing": (
        changed(READY, box={"vehicle": "C", "contactor_closed": True, "withheld_by": ()}),
        remedies.CarMustAsk(),
    ),
    "begins": (changed(READY, box={"vehicle": "C"}), Wait(most_s=30.0)),
}  # fmt: skip


def test_every_row_is_shown_first_once() -> None:
    assert list(FIRST) == [row.id for row in (*HINDRANCES, BEGINS)]


@pytest.mark.parametrize("row", FIRST)
def test_a_row_decides_and_says_what_to_do(row: str) -> None:
    state, remedy = FIRST[row]
    first = why(state)[0]
    assert (first.id, first.remedy) == (row, remedy)


@pytest.mark.parametrize(
    "rows",
    [
        ("reflexes_silent", "disk_refuses"), ("disk_refuses", "never_registered"),
        ("never_registered", "trial"),
        ("trial", "inoperative"), ("inoperative", "reserved"), ("reserved", "fault"), ("fault", "no_car"),
        ("no_car", "not_authorized"), ("not_authorized", "profile_limit"), ("profile_limit", "rests"),
    ],
)  # fmt: skip
def test_the_chain_has_the_order_in_which_it_must_be_gone(rows: tuple[str, str]) -> None:
    ids = [row.id for row in HINDRANCES]
    assert ids.index(rows[0]) < ids.index(rows[1])


def test_the_whole_chain_is_told_in_order() -> None:
    state = changed(
        WELL,
        limits=(
            Limit(name="profile", limit_a=0.0, profile_id=12, until="2026-05-01T22:00:00Z"),
            INSTALLATION,
        ),
        connector={"reserved_for": "04DDEEFF"},
    )
    assert [each.id for each in why(state)] == ["reserved", "no_car", "not_authorized", "profile_limit"]


@pytest.mark.parametrize("limit_a", [6.0, 16.0])
def test_a_limit_under_which_a_car_can_charge_is_no_hindrance(limit_a: float) -> None:
    state = changed(READY, limits=(Limit(name="profile", limit_a=limit_a, profile_id=1),))
    assert [each.id for each in why(state)] == ["car_does_not_ask"]


@pytest.mark.parametrize(
    ("box", "faults"),
    [
        ({"lock": "unlocked"}, (fault("lock_failed"),)),  # the plug can be pulled
        ({"lock": None, "socket": False}, (fault("rcm_trip"),)),  # a fixed cable: the car leaves
        ({}, (fault("rcm_trip", clears="person"),)),
    ],
)
def test_a_plug_that_can_leave_or_need_not_is_not_locked_for_good(
    box: dict[str, Any], faults: tuple[FaultSeen, ...]
) -> None:
    state = changed(READY, connector={"locked_for_good": True}, box={"faults": faults, **box})
    assert why(state)[0].id == "fault"


@pytest.mark.parametrize(
    "state",
    [
        changed(READY, service={"recorded": False}),
        changed(READY, service={"accepted": False}),
        changed(READY, service={"operative": False}),
        changed(READY, service={"updating": True}),
    ],
)
def test_what_only_hinders_a_start_does_not_hinder_a_session_that_runs(state: State) -> None:
    assert why(state)[0].id == "car_does_not_ask"


def test_a_car_that_charges_is_limited_by_the_least_and_told_until_when() -> None:
    profile = Limit(name="profile", limit_a=10.0, profile_id=12, until="2026-05-01T22:00:00Z")
    (limit, less) = why(changed(CHARGING, limits=(profile, INSTALLATION)))
    assert (limit.id, limit.until) == ("limited", "2026-05-01T22:00:00Z")
    assert limit.values == {"name": "profile", "limit_a": 10.0, "profile_id": 12}
    assert less.values == {"offered_a": 16.0, "taken_a": 10.7}
    assert limit.remedy == less.remedy == remedies.NothingToDo()


def test_a_car_that_takes_all_is_told_only_the_limit() -> None:
    assert [each.id for each in why(changed(CHARGING, box={"offered_a": 11.0}))] == ["limited"]


def test_no_two_rows_have_one_name() -> None:
    ids = [row.id for row in (*HINDRANCES, BEGINS, *FLOWS)]
    assert len(set(ids)) == len(ids)
