"""Heat lowers the offer, then opens; a thermometer that is gone does so too."""

from __future__ import annotations

from dataclasses import replace

from hal.core.supervision.thermal import Thermal
from tests.hal.core.bench import QUICK, Bench

RULES = replace(QUICK, has_thermometer=True)


def warm(contacts_c: float | None = 40.0) -> Bench:
    bench = Bench(RULES)
    bench.contacts_c = contacts_c
    bench.limit_a = 32.0
    return bench


def test_85_degrees_stop_gently_and_are_a_fault_once_it_is_open() -> None:
    bench = warm().charging()
    bench.contacts_c = 85.0
    bench.run(5.9)
    assert bench.pilot() == "x1"
    assert bench.closed()
    assert bench.faults == ["over_temperature"]
    bench.run(0.2)
    assert not bench.closed()
    assert bench.faults == ["over_temperature", "overheated"]
    bench.contacts_c = 80.5
    bench.run(2.0)
    assert "overheated" in bench.faults
    bench.contacts_c = 79.9
    bench.run(1.1)
    assert bench.faults == ["over_temperature"]


def test_90_degrees_open_at_once() -> None:
    bench = warm().charging()
    bench.contacts_c = 89.9
    bench.run(1.0)
    assert bench.closed()
    bench.contacts_c = 90.0
    bench.tick()
    assert not bench.closed()
    assert "overheated" in bench.faults


def test_without_a_value_6_a_at_once_and_nothing_after_a_minute() -> None:
    bench = warm().charging()
    bench.contacts_c = None
    assert bench.tick().pilot == 6.0
    assert bench.faults == ["thermometer_lost"]
    assert bench.view().limited_by == "temperature"
    bench.run(59.5, dt_s=0.02)
    assert bench.pilot() == 6.0
    assert bench.closed()
    bench.run(1.0)
    assert bench.pilot() == "x1"


def test_10_s_of_values_bring_the_former_limit_back() -> None:
    bench = warm().charging()
    bench.contacts_c = None
    bench.run(5.0)
    bench.contacts_c = 40.0
    bench.run(9.9)
    assert bench.pilot() == 6.0
    assert bench.faults == ["thermometer_lost"]
    bench.run(1.2)
    assert bench.pilot() == 32.0
    assert bench.faults == []


def test_a_value_in_between_does_not_restart_the_minute() -> None:
    bench = warm().charging()
    bench.contacts_c = None
    bench.run(55.0, dt_s=0.02)
    bench.contacts_c = 40.0
    bench.run(3.0)
    bench.contacts_c = None
    bench.run(2.5)
    assert bench.pilot() == "x1"


def test_a_thermometer_that_was_never_there_is_missed_after_30_s() -> None:
    bench = warm(None).plug_in()
    bench.run(29.5, dt_s=0.02)
    assert bench.pilot() == 6.0
    assert bench.faults == []
    bench.run(1.0)
    assert bench.faults == ["thermometer_lost"]


def test_the_first_value_is_believed_at_once() -> None:
    bench = warm(None).run(5.0)
    bench.contacts_c = 40.0
    bench.plug_in().run(1.0)
    assert bench.pilot() == 32.0
    assert bench.faults == []


def test_a_stop_is_remembered_without_values() -> None:
    thermal = Thermal(RULES, 0.0)
    thermal.feed(86.0, 0.0)
    thermal.feed(None, 1.0)
    assert thermal.limit_a == 0.0
    assert set(thermal.causes(commanded=False, now_s=1.0)) == {"overheated", "thermometer_lost"}


def test_a_box_without_thermometer_has_no_such_limit() -> None:
    bench = Bench().run(40.0, dt_s=0.02)
    assert "temperature" not in bench.view().limits_a
    assert bench.faults == []
