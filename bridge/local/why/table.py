"""PURE: the chain of hindrances as a table: in its order each must be gone before current flows.

A row holds by what the State says, and names what to do. The last one holds whenever nothing else explains
why no current flows: then it is about to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.core.limits import absence, dimming, main_fuse, owner_limit, surplus
from bridge.core.limits.cap import LEAST_A
from bridge.local.state.state import FaultSeen, Limit, State
from bridge.local.why.reason import (
    CarMustAsk,
    CheckCable,
    CheckHouseMeter,
    FreeDisk,
    LightenHouse,
    NothingToDo,
    PlugIn,
    PlugInAgain,
    PresentCard,
    RaiseLimit,
    RaiseOwnLimit,
    Register,
    ReleaseCable,
    ReleaseStopButton,
    Remedy,
    RemoveFault,
    RestoreLink,
    RunDoctor,
    SetOperative,
    StartProgram,
    SwitchMainsOn,
    Value,
    Wait,
    WaitForGrid,
    WaitForSun,
)

DEAD_V = 50.0  # less on every phase: the meter, and so the box, has no mains
OF_METER = "the lost meter"  # a cap's name
OF_HOUSE = (main_fuse.NAME, main_fuse.STARTING_NAME, main_fuse.QUIET_NAME, dimming.NAME, surplus.NAME)
OWN_ROW = ("profile", "installation", "temperature", owner_limit.NAME, absence.NAME, OF_METER, *OF_HOUSE)
MISSING = ("state_kept", "real_time", "hang_guard")  # what a person must bring about
CAR_WAKES_S = 10.0  # a car takes some seconds to ask
NO_CURRENT_YET_S = 30.0  # from all being well to current: pauses of the pilot, lock, contactor


def _nothing(_: State) -> dict[str, Value]:
    return {}


@dataclass(frozen=True, slots=True)
class Row:
    """One hindrance. `values` are those that its sentences name; `until` is when it ends by itself."""

    id: str
    holds: Callable[[State], bool]
    remedy: Callable[[State], Remedy]
    values: Callable[[State], dict[str, Value]] = _nothing
    until: Callable[[State], str | None] = lambda _: None


def _do(remedy: Remedy) -> Callable[[State], Remedy]:
    """Makes a remedy that is always the same."""
    return lambda _: remedy


# Words of the conditions.


def _runs(state: State) -> bool:
    """Says whether a transaction runs whose end nobody has decided."""
    return state.connector.step == "Transaction" and state.connector.stopping is None


def _may_run(state: State) -> bool:
    """Says whether somebody may charge already: the car, the box and the limits are what counts."""
    return state.connector.step == "Authorized" or (_runs(state) and not state.connector.deauthorized)


def _at_rest(state: State) -> bool:
    return state.connector.step in ("Idle", "Finishing")


def _new(state: State) -> bool:
    """Says whether a session would have to begin first."""
    return state.connector.step != "Transaction"


def _withheld(condition: str) -> Callable[[State], bool]:
    return lambda state: condition in state.box.withheld_by


def _refused(state: State) -> bool:
    connector = state.connector
    return connector.refusal is not None and _at_rest(state) and not connector.free_charging


def _refusal(state: State) -> dict[str, Value]:
    refusal = state.connector.refusal
    return {} if refusal is None else {"id_tag": refusal.id_tag, "why": refusal.why}


def _fault(fault_id: str) -> Callable[[State], Remedy]:
    """Makes the remedy of a fault that need not be found yet."""

    def remedy(state: State) -> Remedy:
        fault = state.box.fault(fault_id)
        return RemoveFault(fault=fault_id, clears=fault.clears if fault is not None else "itself")

    return remedy


def _opening(state: State) -> Remedy:
    fault = state.box.opening_fault
    return RemoveFault(fault=fault.id, clears=fault.clears) if fault is not None else RunDoctor()


def _awaits_unplug(state: State) -> FaultSeen | None:
    """Returns the oldest fault that ends only when the plug leaves the socket."""
    if not state.box.socket:
        return None
    return next((fault for fault in state.box.faults if fault.opens and fault.clears == "unplug"), None)


def _id_of(fault: FaultSeen | None) -> str:
    return fault.id if fault is not None else ""


def _holding(state: State, *names: str) -> Limit | None:
    """Returns the least limit of these names that allows no charging."""
    return next((each for each in state.limits if each.name in names and each.limit_a < LEAST_A), None)


def _other(state: State) -> Limit | None:
    """Likewise, of a name without a row of its own."""
    return next((each for each in state.limits if each.name not in OWN_ROW and each.limit_a < LEAST_A), None)


def _profile(state: State) -> Limit | None:
    return _holding(state, "profile")


def _of(limit: Limit | None) -> dict[str, Value]:
    if limit is None:
        return {}
    number = {} if limit.profile_id is None else {"profile_id": limit.profile_id}
    return {"name": limit.name, "limit_a": limit.limit_a, **number}


def _raise(limit: Limit | None) -> Remedy:
    return NothingToDo() if limit is None else RaiseLimit(name=limit.name, profile_id=limit.profile_id)


def _until(limit: Limit | None) -> str | None:
    return limit.until if limit is not None else None


def _no_mains(state: State) -> bool:
    meter = state.meter
    return meter is not None and meter.fresh and max(meter.voltage_v) < DEAD_V


HINDRANCES: tuple[Row, ...] = (
    # The programs and what they stand on.
    Row("reflexes_silent", lambda state: not state.box.alive, _do(StartProgram(program="hal.safety"))),
    Row(
        "disk_refuses",
        lambda state: not state.service.recorded and (_new(state) or state.service.start_unrecorded),
        _do(FreeDisk()),
    ),
    Row(
        "disk_slow",
        lambda state: state.service.recorded and state.service.start_unrecorded,
        _do(Wait(most_s=11.0)),  # after 10 s the disk counts as one that refuses
    ),
    Row(
        "never_registered_offline",
        lambda state: not state.service.accepted and _new(state) and not state.link.connected,
        _do(RestoreLink()),
    ),
    Row(
        "never_registered",
        lambda state: not state.service.accepted and _new(state) and state.link.connected,
        _do(Register()),
        lambda state: {"standing": state.link.standing},
    ),
    # What holds for the whole box.
    Row(
        "trial",
        lambda state: bool(state.service.trial),
        _do(Wait(most_s=300.0)),  # a version proves itself within five minutes, or goes
        lambda state: {"trial": state.service.trial},
    ),
    Row("restarting", lambda state: state.service.restarting and _new(state), _do(Wait(most_s=60.0))),
    Row("updating", lambda state: state.service.updating and _new(state), _do(Wait(most_s=600.0))),
    Row("inoperative", lambda state: not state.service.operative and _new(state), _do(SetOperative())),
    # The connector, before anybody is asked who they are.
    Row(
        "cable_kept",
        lambda state: state.connector.kept_for is not None,
        lambda state: PresentCard(id_tag=state.connector.kept_for),
        lambda state: {"id_tag": state.connector.kept_for or ""},
    ),
    Row(
        "reserved",
        lambda state: state.connector.reserved_for is not None and _at_rest(state),
        lambda state: PresentCard(id_tag=state.connector.reserved_for),
        lambda state: {"id_tag": state.connector.reserved_for or ""},
        lambda state: state.connector.reserved_until,
    ),
    Row(
        "locked_for_good",
        lambda state: (
            _awaits_unplug(state) is not None
            and state.connector.locked_for_good
            and state.box.lock == "locked"
        ),
        _do(ReleaseCable()),
        lambda state: {"fault": _id_of(_awaits_unplug(state))},
    ),
    Row(
        "plug_stuck",
        lambda state: _awaits_unplug(state) is not None and state.box.fault("unlock_failed") is not None,
        _fault("unlock_failed"),
        lambda state: {"fault": _id_of(_awaits_unplug(state))},
    ),
    Row(
        "fault",
        lambda state: state.box.opening_fault is not None,
        _opening,
        lambda state: {"fault": _id_of(state.box.opening_fault)},
    ),
    Row("stop_button", _withheld("stop_button"), _do(ReleaseStopButton())),
    Row(
        "ending",
        lambda state: state.connector.stopping is not None,
        _do(Wait(most_s=15.0)),  # 6 s until the contactor opens, 5 s for the meter
        lambda state: {"reason": state.connector.stopping or ""},
    ),
    Row(
        "pilot_unclear",
        lambda state: state.box.car_in_doubt or state.box.vehicle in ("E", "F"),
        _do(Wait(most_s=5.0)),  # by then it is a car, none, or a fault
    ),
    Row("no_car", lambda state: state.box.vehicle == "A" and not state.box.car, _do(PlugIn())),
    # Who may charge.
    Row(
        "deauthorized",
        lambda state: _runs(state) and state.connector.deauthorized,
        _do(PlugInAgain()),
        lambda state: {"id_tag": state.connector.id_tag or ""},
    ),
    Row(
        "asking",
        lambda state: state.connector.step == "Authorizing",
        _do(Wait(most_s=11.0)),  # then the offline rules decide
        lambda state: {"id_tag": state.connector.id_tag or ""},
    ),
    Row(
        "refused_offline",
        lambda state: _refused(state) and not state.link.registered,
        _do(RestoreLink()),
        _refusal,
    ),
    Row("refused", lambda state: _refused(state) and state.link.registered, _do(PresentCard()), _refusal),
    Row(
        "session_over_free",
        lambda state: (
            state.connector.step == "Finishing"
            and state.connector.free_charging
            and not state.connector.goes_on
        ),
        _do(PlugInAgain()),
    ),
    Row(
        "session_over",
        lambda state: (
            state.connector.step == "Finishing" and not state.connector.free_charging and not _refused(state)
        ),
        _do(PresentCard()),
    ),
    Row(
        "not_authorized",
        lambda state: (
            state.connector.step == "Idle" and not state.connector.free_charging and not _refused(state)
        ),
        _do(PresentCard()),
    ),
    # Cable, meter.
    Row("unlocking", lambda state: state.connector.unlocking and _new(state), _do(Wait(most_s=30.0))),
    Row("unlocked", lambda state: state.connector.unlocked and _new(state), _do(PlugInAgain())),
    Row(
        "no_rating",
        lambda state: _may_run(state) and state.box.car and state.box.cable_rating_a is None,
        _do(CheckCable()),
    ),
    Row(
        "not_locked",
        lambda state: _may_run(state) and state.box.car and not state.box.locked,
        _do(Wait(most_s=30.0)),  # its retries; then it is a fault
    ),
    Row(
        "meter_lost",
        lambda state: state.connector.step == "Authorized" and state.box.fault("meter_lost") is not None,
        _fault("meter_lost"),
    ),
    Row(
        "thermometer_lost",
        lambda state: (
            state.connector.step == "Authorized" and state.box.fault("thermometer_lost") is not None
        ),
        _fault("thermometer_lost"),
    ),
    Row(
        "no_reading",
        lambda state: state.connector.step == "Authorized" and not (state.meter and state.meter.fresh),
        _do(Wait(most_s=10.0)),  # by then there is one, or it is a fault
    ),
    # Limits that allow no charging, each by its name.
    Row(
        "profile_limit",
        lambda state: _profile(state) is not None,
        lambda state: _raise(_profile(state)),
        lambda state: _of(_profile(state)),
        lambda state: _until(_profile(state)),
    ),
    Row(
        "owner_limit",
        lambda state: _holding(state, owner_limit.NAME) is not None,
        _do(RaiseOwnLimit()),
        lambda state: _of(_holding(state, owner_limit.NAME)),
    ),
    Row(
        "meter_limit",
        lambda state: _holding(state, OF_METER) is not None,
        _fault("meter_lost"),
        lambda state: _of(_holding(state, OF_METER)),
    ),
    Row(
        "absence_limit",
        lambda state: _holding(state, absence.NAME) is not None,
        _do(RestoreLink()),
        lambda state: _of(_holding(state, absence.NAME)),
    ),
    Row(
        "fuse_limit",
        lambda state: _holding(state, main_fuse.NAME) is not None,
        _do(LightenHouse()),
        lambda state: _of(_holding(state, main_fuse.NAME)),
        lambda state: _until(_holding(state, main_fuse.NAME)),
    ),
    Row(
        "house_unread_limit",
        lambda state: _holding(state, main_fuse.STARTING_NAME) is not None,
        _do(Wait(most_s=main_fuse.START_S + 5.0)),
        lambda state: _of(_holding(state, main_fuse.STARTING_NAME)),
        lambda state: _until(_holding(state, main_fuse.STARTING_NAME)),
    ),
    Row(
        "house_quiet_limit",
        lambda state: _holding(state, main_fuse.QUIET_NAME) is not None,
        _do(CheckHouseMeter()),
        lambda state: _of(_holding(state, main_fuse.QUIET_NAME)),
    ),
    Row(
        "dimming_limit",
        lambda state: _holding(state, dimming.NAME) is not None,
        _do(WaitForGrid()),
        lambda state: _of(_holding(state, dimming.NAME)),
    ),
    Row(
        "surplus_limit",
        lambda state: _holding(state, surplus.NAME) is not None,
        _do(WaitForSun()),
        lambda state: _of(_holding(state, surplus.NAME)),
        lambda state: _until(_holding(state, surplus.NAME)),
    ),
    Row(
        "thermometer_limit",
        lambda state: (
            _holding(state, "temperature") is not None and state.box.fault("thermometer_lost") is not None
        ),
        _fault("thermometer_lost"),
        lambda state: _of(_holding(state, "temperature")),
    ),
    Row(
        "heat_limit",
        lambda state: (
            _holding(state, "temperature") is not None and state.box.fault("thermometer_lost") is None
        ),
        _fault("overheated"),
        lambda state: _of(_holding(state, "temperature")),
    ),
    Row(
        "other_limit",
        lambda state: _other(state) is not None,
        lambda state: _raise(_other(state)),
        lambda state: _of(_other(state)),
        lambda state: _until(_other(state)),
    ),
    # The contactor, and the car.
    Row("rests_after_fault", _withheld("after_fault"), _do(Wait(most_s=40.0))),  # contactor.after_fault_s
    Row("rests_after_many", _withheld("closings"), _do(Wait(most_s=700.0))),  # contactor.closings_window_s
    Row("self_test", _withheld("rcm_tested"), _do(Wait(most_s=30.0))),
    Row("rests", _withheld("min_off"), _do(Wait(most_s=15.0))),  # contactor.min_off_s
    Row(
        "box_lacks",
        lambda state: any(each in state.box.withheld_by for each in MISSING),
        _do(RunDoctor()),
        lambda state: {"what": next((each for each in state.box.withheld_by if each in MISSING), "")},
    ),
    Row("no_mains", lambda state: _runs(state) and _no_mains(state), _do(SwitchMainsOn())),
    Row(
        "car_does_not_ask",
        lambda state: (
            _runs(state) and state.box.vehicle == "B" and (state.box.offered_for_s or 0.0) >= CAR_WAKES_S
        ),
        _do(CarMustAsk()),
    ),
    Row(
        "car_draws_nothing",
        lambda state: (
            _runs(state) and state.box.contactor_closed and not state.charges and not _no_mains(state)
        ),
        _do(CarMustAsk()),
    ),
)

# Holds when no row does and no current flows.
BEGINS = Row("begins", lambda _: True, _do(Wait(most_s=NO_CURRENT_YET_S)))


def _least(state: State) -> Limit | None:
    return state.limits[0] if state.limits else None


def _measured_a(state: State) -> float:
    return max(state.meter.current_a) if state.meter is not None and state.meter.fresh else 0.0


# While current flows: first what limits it, then why it is less than that.
FLOWS: tuple[Row, ...] = (
    Row(
        "limited",
        lambda state: bool(state.limits),
        _do(NothingToDo()),
        lambda state: _of(_least(state)),
        lambda state: _until(_least(state)),
    ),
    Row(
        "car_takes_less",
        lambda state: 0.0 < _measured_a(state) < state.box.offered_a - 1.0,
        _do(NothingToDo()),
        lambda state: {"offered_a": state.box.offered_a, "taken_a": round(_measured_a(state), 1)},
    ),
)
