"""What is known of the wallbox: ages, a lost meter, a car that has left."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.box_view import BoxView, MeterWatch, PlugIn
from bridge.core.limits.limit import meter_cap_a
from tests.bridge.core.messages import BOX, status


def watched(until_s: int, good: set[int]) -> MeterWatch:
    """Observed each second; a reading was taken at each second of `good`."""
    watch, last_s = MeterWatch(), None
    for at_s in range(until_s + 1):
        last_s = float(at_s) if at_s in good else last_s
        watch.observe(last_s, float(at_s))
    return watch


@pytest.mark.parametrize(
    ("until_s", "good", "cap_a"),
    [
        (3, set(), None),  # the first reading may take as long as any other
        (4, set(), 6.0),
        (103, set(range(101)), None),
        (104, set(range(101)), 6.0),  # three polls have failed
        (163, set(range(101)), 6.0),
        (164, set(range(101)), 0.0),  # for a minute
        (209, {*range(101), *range(200, 300)}, 0.0),  # back, but not for 10 s yet
        (210, {*range(101), *range(200, 300)}, None),
    ],
)
def test_without_a_meter_6_a_then_nothing(until_s: int, good: set[int], cap_a: float | None) -> None:
    assert meter_cap_a(watched(until_s, good), float(until_s)) == cap_a


def test_a_meter_that_comes_and_goes_has_to_be_well_for_10_s_in_a_row() -> None:
    good = {*range(101), *range(110, 117)}
    assert watched(130, good).lost_s(130.0) == 26.0  # since 104, through the good spell


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
    box.watch_meter(100.0)
    box.watch_meter(160.0)
    assert box.silent_s(160.0) == 60.0
    assert box.meter.lost_s(160.0) is None


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
