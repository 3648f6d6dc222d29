"""What outlasts the process: latched faults, counters, moves of the lock, starts with a car in C."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from hal.contract import FaultRef
from hal.core.persistent_state import PersistentState
from hal.core.rules import LockRules
from tests.hal.core.bench import NO_PLUG_OHM, QUICK, Bench

NOW_S = 1000.0  # of a new bench


def again(bench: Bench) -> Bench:
    """The next process, through the file's JSON."""
    return Bench(
        bench.rules,
        msgspec.json.decode(msgspec.json.encode(bench.evse.persistent_state()), type=PersistentState),
    )


def welded() -> Bench:
    bench = Bench().charging()
    bench.mirror_follows = False
    bench.car = "B"
    bench.run(1.0)
    assert bench.faults == ["welded"]
    return bench


def test_a_weld_stands_after_a_restart_until_a_person_clears_it() -> None:
    bench = again(welded()).offered_nothing()
    assert bench.faults == ["welded"]
    bench.car = "C"
    bench.run(60.0, dt_s=0.02)
    assert not bench.closed()
    assert not bench.drive.trip  # the contactor reads open: the breaker may be switched on again
    assert bench.drive.lock_motor is None
    bench.asks = bench.clearing("welded", 1)
    bench.tick()
    assert bench.faults == []


def test_a_weld_trips_the_breaker_while_it_lasts() -> None:
    bench = welded()
    assert bench.tick().trip
    bench.mirror_closed = False
    assert not bench.tick().trip
    assert bench.faults == ["welded"]


def test_a_weld_of_before_the_restart_trips_at_the_first_tick() -> None:
    bench = again(welded())
    bench.mirror_closed, bench.mirror_follows = True, False
    assert bench.tick().trip


def test_a_weld_seen_by_its_current_trips_too() -> None:
    bench = Bench().charging()
    bench.current_a = 16.0
    bench.car = "B"
    bench.run(3.2)
    assert bench.drive.trip


def test_occurrences_go_on() -> None:
    bench = again(welded())
    bench.asks = bench.clearing("welded", 1)
    bench.run(0.1)
    bench = again(bench)
    bench.mirror_closed, bench.mirror_follows = True, False
    bench.run(0.5)
    assert [(fault.id, fault.occurrence) for fault in bench.view().faults] == [("welded", 2)]


def test_faults_that_end_by_unplugging_wait_for_it() -> None:
    bench = again(Bench().charging().residual_current())
    bench.rcm_healthy = True
    bench.car = "B"
    bench.run(1.0)
    assert bench.faults == ["rcm_trip"]
    bench.unplug().run(0.2)
    assert bench.faults == []


def test_faults_that_clear_themselves_are_not_kept() -> None:
    bench = Bench().charging()
    bench.late_s = 0.5
    bench.tick()
    assert bench.faults == ["loop_late"]
    assert bench.evse.persistent_state().faults == ()
    assert bench.evse.persistent_state().occurrences == {"loop_late": 1}


def test_a_fault_of_another_version_is_left_out() -> None:
    assert Bench(stored=PersistentState(faults=(FaultRef("of_a_newer_version", 3),))).run(0.1).faults == []


def test_counters_are_for_life() -> None:
    bench = Bench().charging()
    bench.limit_a = 0.0
    bench.run(6.5)
    bench = again(bench)
    assert bench.run(0.1).view().counters.closings == 1
    assert bench.view().counters.openings_under_load == 1
    bench.charging()
    assert bench.view().counters.closings == 2


@pytest.mark.parametrize("late_s", [0.0, 0.016])
def test_a_start_does_not_take_a_plug_it_has_not_looked_for_as_pulled(late_s: float) -> None:
    """The cable was left in the socket, or its pilot is broken: the pilot reads A, the plug is there."""
    bench = Bench(QUICK, PersistentState(faults=(FaultRef("plug_lost", 1),), occurrences={"plug_lost": 1}))
    bench.pp_ohm, bench.lock_closed, bench.late_s = 220.0, True, late_s
    assert bench.run(3.0, 0.02).faults == ["plug_lost"]
    bench.pp_ohm, bench.late_s = NO_PLUG_OHM, 0.0
    assert bench.run(0.3, 0.02).faults == []


def test_moves_of_the_lock_count_across_restarts() -> None:
    rules = replace(QUICK, lock=LockRules(pulse_s=0.1, retry_wait_s=0.1))
    moves_s = tuple(NOW_S - 50.0 + i for i in range(10))
    bench = Bench(rules, PersistentState(lock_moves_s=moves_s)).plug_in()
    bench.run(9.9)
    assert bench.view().lock == "unlocked"
    bench.run(0.3)
    assert bench.view().lock == "locked"
    assert len(bench.evse.persistent_state().lock_moves_s) == 10


def test_after_a_boot_the_times_are_moved() -> None:
    stored = PersistentState(lock_moves_s=(10.0,), starts_s=(20.0, 30.0), closings=3)
    assert stored.after_boot(1.0, -5.0) == replace(stored, lock_moves_s=(11.0,), starts_s=(15.0, 25.0))


def test_a_contactor_that_fell_with_the_mains_is_no_fault_after_the_boot() -> None:
    bench = Bench().charging()
    bench.mirror_follows = bench.mirror_closed = False  # the coil has lost the mains, the box has not yet
    bench.run(0.05)
    assert bench.faults == ["did_not_close"]
    stored = bench.evse.persistent_state()
    assert [fault.id for fault in stored.faults] == ["did_not_close"]  # for another life in the same boot
    assert stored.after_boot(0.0, 0.0).faults == ()


@pytest.mark.parametrize(
    ("starts_s", "in_c_before", "car", "needs"),
    [
        ((), True, "A", False),
        ((NOW_S - 400,), True, "A", False),
        ((NOW_S - 400, NOW_S - 200), True, "A", True),
        ((NOW_S - 400, NOW_S - 200), False, "C", True),
        ((NOW_S - 400, NOW_S - 200), False, "B", False),
        ((NOW_S - 600, NOW_S - 200), True, "C", False),
        ((NOW_S - 599, NOW_S - 200), True, "C", True),
    ],
)
def test_the_third_start_with_a_car_in_c_in_10_minutes_needs_a_person(
    starts_s: tuple[float, ...], in_c_before: bool, car: str, needs: bool
) -> None:
    bench = Bench(stored=PersistentState(starts_s=starts_s, car_in_c=in_c_before))
    bench.car = "A" if car == "A" else "B" if car == "B" else "C"
    bench.run(0.5)
    assert ("hal_restarting" in bench.faults) == needs
    bench.run(100.0, dt_s=0.02)
    assert ("hal_restarting" in bench.faults) == needs
    if needs:
        bench.asks = bench.clearing("hal_restarting", 1)
        bench.tick()
        assert bench.faults == []


def test_a_car_that_comes_to_c_later_is_no_start_with_a_car_in_c() -> None:
    bench = Bench(stored=PersistentState(starts_s=(NOW_S - 400, NOW_S - 200)))
    bench.run(1.1)
    bench.car = "C"
    bench.run(1.0)
    assert bench.faults == []
    assert bench.evse.persistent_state().starts_s == (NOW_S - 400, NOW_S - 200)
    assert bench.evse.persistent_state().car_in_c


def test_this_start_is_kept() -> None:
    bench = Bench(stored=PersistentState(car_in_c=True, starts_s=(NOW_S - 700, NOW_S - 1))).run(0.1)
    assert bench.evse.persistent_state().starts_s == (NOW_S - 1, NOW_S)


def test_a_lost_state_needs_a_person() -> None:
    bench = Bench(stored=PersistentState(lost=True)).offered_nothing()
    assert bench.faults == ["lost_state"]
    bench.run(40.0, dt_s=0.02)
    assert bench.faults == ["lost_state"]
    assert bench.evse.persistent_state().faults == (FaultRef("lost_state", 1),)
    assert not bench.evse.persistent_state().lost
    bench.asks = bench.clearing("lost_state", 1)
    bench.tick()
    assert bench.faults == []
