"""What is known of the wallbox: ages, a lost meter, a car that has left."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.box_view import BoxView, PlugIn
from bridge.core.limits.caps import of_meter
from bridge.core.reporting.faults import error
from bridge.core.service import Service
from tests.bridge.core.messages import BOX, fault, reading, status

FIT = Service(accepted=True, operative=True)


def view(at_s: float = 100.0, **facts: Any) -> BoxView:
    box = BoxView()
    box.feed(status(at_s, **facts), at_s)
    return box


def test_hal_safety_is_alive_for_3_s_after_its_word() -> None:
    box = view(100.0)
    assert box.alive(103.0)
    assert not box.alive(103.1)
    assert box.silent_s(160.0) == 60.0


def test_never_heard_is_silent_since_the_first_step_and_no_fault_of_the_meter() -> None:
    box = BoxView()
    assert not box.alive(0.0)
    assert box.silent_s(1e6) == 0.0
    box.watch(100.0)
    box.watch(160.0)
    assert box.silent_s(160.0) == 60.0
    assert of_meter(box, 160.0) is None


@pytest.mark.parametrize(
    ("lost_since_s", "cap_a"), [(None, None), (100.0, 6.0), (40.1, 6.0), (40.0, 0.0), (-900.0, 0.0)]
)
def test_without_a_meter_6_a_then_nothing(lost_since_s: float | None, cap_a: float | None) -> None:
    faults = () if lost_since_s is None else (fault("meter_lost", lost_since_s, opens=False),)
    cap = of_meter(view(100.0, faults=faults), 100.0)
    assert (cap and cap.limit_a) == cap_a


@pytest.mark.parametrize("read_at_s", [None, 10.0, 100.0])
@pytest.mark.parametrize("lost", [True, False])
def test_that_the_meter_is_lost_is_the_word_of_hal_safety_alone(lost: bool, read_at_s: float | None) -> None:
    """Whatever the age of the readings that reached the bridge."""
    box = view(100.0, faults=(fault("meter_lost", 90.0, opens=False),) if lost else ())
    if read_at_s is not None:
        box.feed(reading(read_at_s, 1000), 100.0)
    cap = of_meter(box, 100.0)
    assert (cap and cap.limit_a) == (6.0 if lost else None)
    assert error(box, FIT).error_code == ("PowerMeterFailure" if lost else "NoError")


def test_a_new_start_of_hal_safety_is_not_believed_for_3_s_that_the_car_has_left() -> None:
    box = view(100.0)
    assert not box.car_left(102.9)
    box.feed(status(103.0), 103.0)
    assert box.car_left(103.0)
    box.feed(status(110.0, start_id="start-2"), 110.0)
    assert not box.car_left(110.0)


@pytest.mark.parametrize(
    ("start_id", "plug_ins", "anew"),
    [
        ("start-1", 3, False),
        ("start-1", 4, True),
        ("start-2", 0, False),  # it has not looked yet
        ("start-2", 1, False),  # the car that it found
        ("start-2", 2, True),
    ],
)
def test_whether_the_plug_was_out_since(start_id: str, plug_ins: int, anew: bool) -> None:
    since = view(plug_ins=3).plug_in
    assert since == PlugIn("start-1", 3)
    assert view(start_id=start_id, plug_ins=plug_ins).plugged_anew(since) == anew
    assert not view(plug_ins=9).plugged_anew(None)


@pytest.mark.parametrize(
    ("vehicle", "connected"), [("A", False), ("B", True), ("C", True), ("D", True), ("E", False)]
)
def test_a_car_is_b_c_or_d(vehicle: str, connected: bool) -> None:
    assert view(vehicle=vehicle).car_connected == connected


@pytest.mark.parametrize(("offer", "amps"), [("x1", 0.0), ("F", 0.0), (16.0, 16.0)])
def test_the_offer_in_amps(offer: object, amps: float) -> None:
    assert view(pilot_offer=offer).offered_a == amps


@pytest.mark.parametrize(
    ("lock", "locked"), [("locked", True), ("unlocked", False), ("moving", False), (None, True)]
)
def test_a_fixed_cable_counts_as_locked(lock: str | None, locked: bool) -> None:
    assert view(lock=lock).cable_locked == locked


@pytest.mark.parametrize(
    ("facts", "opened_at_s"),
    [
        ({"contactor_changed_at_s": 90.0}, 90.0),
        ({"contactor_changed_at_s": 90.0, "contactor_closed": True}, None),
        ({"contactor_changed_at_s": 90.0, "contactor_commanded": True}, None),
    ],
)
def test_when_the_contactor_opened(facts: dict[str, Any], opened_at_s: float | None) -> None:
    assert view(**facts).opened_at_s == opened_at_s


def test_until_the_box_has_said_what_it_is() -> None:
    box = view()
    assert (box.supply.phases, box.supply.nominal_voltage_v) == (3, 230.0)
    box.box = BOX
    assert box.supply.nominal_voltage_v == 230.0
