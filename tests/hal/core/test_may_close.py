"""Each condition of *may close*, alone: everything else invites to close."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests.hal.core.bench import FIXED, QUICK, SOCKET, TICK_S, Bench, wish


def test_closes_within_3_s_of_c2_when_everything_holds() -> None:
    """IEC 61851-1 Table A.6 sequence 4."""
    bench = Bench().offered()
    bench.car = "C"
    assert bench.until(lambda b: b.closed(), 3.0) < 0.6
    assert bench.view().withheld_by == ()


def test_nothing_closes_or_is_offered_while_the_machine_lacks_something() -> None:
    """A real box without real-time priority, or with nobody who ends a hang of its kernel."""
    bench = Bench(replace(QUICK, lacks=("real_time", "hang_guard")))
    bench.car = "C"
    bench.run(5.0)
    assert not bench.closed()
    assert bench.pilot() == "x1"
    assert {"real_time", "hang_guard"} <= set(bench.view().withheld_by)


def test_c2_must_be_stable_for_500_ms() -> None:
    bench = Bench().offered()
    bench.car = "C"
    bench.run(0.5)
    assert not bench.closed()
    assert "car_in_c2" in bench.view().withheld_by
    bench.run(0.04)
    assert bench.closed()


def test_an_offer_that_comes_back_in_c1_waits_for_nothing() -> None:
    bench = Bench(replace(QUICK, max_closings=1)).charging()
    bench.limit_a = 0.0
    bench.run(3.1)
    bench.limit_a = 16.0
    bench.run(0.02)
    assert bench.closed()
    assert bench.pilot() == 16.0


def test_c2_is_not_stable_while_nobody_looked() -> None:
    bench = Bench().offered()
    bench.car = "C"
    bench.run(0.1)
    bench.now_s += 0.5
    bench.late_s = 0.5
    bench.tick()
    bench.late_s = 0.0
    bench.run(0.45)
    assert not bench.closed()
    bench.run(0.1)
    assert bench.closed()


def test_c2_begins_anew_after_a_glance_at_b() -> None:
    bench = Bench().offered()
    bench.car = "C"
    bench.run(0.4)
    bench.car = "B"
    bench.run(0.03)
    bench.car = "C"
    bench.run(0.4)
    assert not bench.closed()


def test_c2_begins_anew_after_each_opening() -> None:
    """The diode opens sooner than the car leaves C; a mock box pauses for 0.1 s only."""
    bench = Bench().charging()
    bench.low_v = -8.8
    bench.until(lambda bench: not bench.closed(), 0.05)
    assert bench.view().vehicle == "C"
    bench.low_v = -11.9
    took_s = bench.until(lambda bench: bench.closed(), 1.0)
    assert took_s >= 0.5 - TICK_S
    assert bench.faults == []


def test_c1_is_not_c2() -> None:
    bench = Bench().run(5.0)
    bench.limit_a = 0.0
    bench.plug_in()
    bench.car = "C"
    bench.run(3.0)
    assert "car_in_c2" in bench.view().withheld_by
    assert not bench.closed()


def test_diode_must_have_been_seen() -> None:
    """IEC 61851-1 Table A.4 note: at least once before closing."""
    bench = Bench().run(5.0).plug_in()
    bench.low_v = -8.8
    bench.until(lambda b: b.pilot() == 16.0, 1.0)
    bench.run(0.08)
    assert "diode_seen" in bench.view().withheld_by
    bench.low_v = -11.9
    bench.run(0.02)
    assert "diode_seen" not in bench.view().withheld_by


def test_a_diode_seen_in_another_plug_in_does_not_count() -> None:
    bench = Bench().offered()
    bench.car = "A"
    bench.run(0.05)
    assert "diode_seen" in bench.view().withheld_by


def test_lock_must_be_confirmed() -> None:
    bench = Bench().run(8.0)  # past the self test and 3 s of x1: only the lock is missing
    bench.lock_follows = False
    bench.plug_in().run(0.5)
    assert "lock_confirmed" in bench.view().withheld_by
    assert bench.pilot() == "x1"
    bench.lock_closed = True
    bench.run(0.1)
    assert "lock_confirmed" not in bench.view().withheld_by


def test_rating_must_be_latched() -> None:
    bench = Bench().run(5.0).plug_in(ohm=50.0).run(0.3)
    assert "rating_latched" in bench.view().withheld_by
    assert bench.pilot() == "x1"


def test_no_fault_may_stand() -> None:
    bench = Bench().offered()
    bench.residual_current()
    assert "no_fault" in bench.view().withheld_by
    assert bench.pilot() == "x1"


def test_a_wish_of_6_a_must_live() -> None:
    bench = Bench().offered()
    bench.limit_a = 5.9
    bench.tick()
    assert "wish" in bench.view().withheld_by
    bench.limit_a = None
    bench.tick()
    assert "wish" in bench.view().withheld_by
    assert bench.pilot() == "x1"


def test_what_was_wished_when_a_car_left_is_not_for_the_next_one() -> None:
    """Its bridge may be dead. A wish renewed since is for the next one."""
    bench = Bench(QUICK).offered()
    bench.asks = wish(16.0, until_s=bench.now_s + 60.0)
    bench.car = "C"
    bench.until(lambda b: b.closed(), 3.0)
    bench.car, bench.pp_ohm = "A", 1e6
    bench.run(2.0)
    bench.plug_in().run(5.0)
    assert "wish" in bench.view().withheld_by
    assert bench.view().limits_a["wish"] == 0.0
    assert bench.pilot() == "x1"
    bench.asks = msgspec.structs.replace(bench.asks, seq=2)
    bench.run(0.5)
    assert bench.pilot() == 16.0
    bench.car, bench.pp_ohm = "A", 1e6
    bench.run(2.0)
    bench.asks = msgspec.structs.replace(bench.asks, seq=3)
    bench.run(2.0)
    bench.plug_in().run(3.0)
    assert bench.pilot() == 16.0
    assert bench.view().plug_ins == 3


def test_a_wish_of_this_instant_is_over() -> None:
    bench = Bench().offered()
    bench.asks = wish(16.0, until_s=bench.now_s)
    bench.tick()
    assert bench.pilot() == "x1"
    assert "wish" in bench.view().withheld_by


def test_mirror_contact_must_say_open() -> None:
    bench = Bench().offered()
    bench.car = "C"
    bench.run(0.4)
    bench.mirror_closed, bench.mirror_follows = True, False
    bench.run(0.2)
    assert not bench.closed()
    assert bench.view().withheld_by == ("mirror_open",)


def test_5_s_since_it_last_opened() -> None:
    bench = Bench(replace(QUICK, min_off_s=5.0)).charging()
    bench.car = "B"
    bench.until(lambda b: not b.closed(), 0.1)
    opened_s = bench.now_s
    bench.car = "C"
    bench.run(opened_s + 4.9 - bench.now_s)
    assert not bench.closed()
    assert bench.view().withheld_by == ("car_in_c2", "min_off")
    assert bench.pilot() == "x1"
    bench.run(0.2)
    assert bench.pilot() == 16.0
    assert bench.until(lambda b: b.closed(), 3.0) < 0.6


def test_a_new_offer_waits_for_the_pause_so_that_c2_lasts_3_s_at_most() -> None:
    """IEC 61851-1 Table A.6 sequence 4."""
    bench = Bench(replace(QUICK, min_off_s=5.0)).charging()
    bench.limit_a = 0.0
    bench.run(2.9)
    bench.car = "B"
    bench.until(lambda b: not b.closed(), 0.1)
    opened_s = bench.now_s
    bench.limit_a = 16.0
    bench.run(opened_s + 4.9 - bench.now_s)
    assert bench.pilot() == "x1"
    bench.run(0.2)
    bench.car = "C"
    assert bench.until(lambda b: b.closed(), 3.0) < 0.6


def test_30_s_after_a_start() -> None:
    bench = Bench(SOCKET).run(6.0).plug_in()
    bench.run(23.9, dt_s=0.02)
    assert "after_fault" in bench.view().withheld_by
    assert bench.pilot() == "x1"
    bench.run(0.2)
    assert "after_fault" not in bench.view().withheld_by
    assert bench.pilot() == 16.0


def test_30_s_after_a_fault() -> None:
    bench = Bench(replace(QUICK, after_fault_s=30.0))
    bench.run(30.0, dt_s=0.5)
    bench.charging()
    bench.late_s = 0.5
    bench.tick()
    bench.late_s = 0.0
    bench.until(lambda b: not b.faults, 2.0)
    over_s = bench.now_s
    bench.run(over_s + 29.8 - bench.now_s, dt_s=0.02)
    assert "after_fault" in bench.view().withheld_by
    bench.run(0.8)
    assert bench.closed()


def test_at_most_10_closings_in_10_minutes() -> None:
    bench = Bench().offered()
    first_s = bench.now_s
    for _ in range(10):
        bench.car = "C"
        bench.until(lambda b: b.closed(), 1.0)
        bench.car = "B"
        bench.run(0.2)
    bench.car = "C"
    bench.run(5.0, dt_s=0.02)
    assert "closings" in bench.view().withheld_by
    assert bench.view().counters.closings == 10
    assert bench.faults == ["contactor_cycling"]
    assert bench.pilot() == "x1"
    bench.run(first_s + 600.0 - bench.now_s, dt_s=0.1)
    assert not bench.closed()
    assert "closings" in bench.view().withheld_by
    bench.run(5.0)
    assert bench.closed()


def test_c2_begins_with_x2() -> None:
    """A car that kept S2 closed through x1 has the 500 ms still before it."""
    bench = Bench().run(5.0)
    bench.limit_a = 0.0
    bench.plug_in()
    bench.car = "C"
    bench.run(3.0)
    bench.limit_a = 16.0
    bench.run(0.4)
    assert bench.pilot() != "x1"
    assert not bench.closed()


def test_nothing_new_closes_while_nothing_can_be_kept() -> None:
    """Nor is it offered: a car that is asked into C2 gets its contactor within 3 s."""
    bench = Bench().run(5.0)
    bench.state_kept = False
    bench.plug_in().run(2.0)
    assert "state_kept" in bench.view().withheld_by
    assert bench.pilot() == "x1"
    bench.state_kept = True
    bench.run(0.1)
    bench.car = "C"
    assert bench.until(lambda b: b.closed(), 3.0) < 0.6
    bench.state_kept = False
    bench.run(5.0)
    assert bench.closed()
    assert bench.pilot() == 16.0
    bench.car = "B"
    bench.run(1.0)
    bench.car = "C"
    bench.run(2.0)
    assert not bench.closed()
    assert bench.view().withheld_by[-1:] == ("state_kept",)


def test_a_car_that_waits_in_c2_is_not_closed_while_nothing_can_be_kept() -> None:
    bench = Bench().offered()
    bench.car, bench.state_kept = "C", False
    bench.run(2.0)
    assert not bench.closed()


def test_a_diode_seen_before_the_dark_does_not_count() -> None:
    """While F is shown another car may come."""
    bench = Bench().charging()
    bench.late_s = 0.5
    bench.tick()
    bench.late_s = 0.0
    assert bench.pilot() == "F"
    bench.run(0.1)
    assert "diode_seen" in bench.view().withheld_by


@pytest.mark.parametrize("away_s", [0.03, 0.5])
def test_a_pilot_that_is_open_for_a_moment_is_no_new_car(away_s: float) -> None:
    bench = Bench(FIXED).charging()
    bench.asks = wish(16.0, until_s=bench.now_s + 60.0)
    bench.car = "A"
    bench.run(away_s)
    assert not bench.closed()
    bench.car = "C"
    assert bench.until(lambda b: b.closed(), 5.0) <= 3.0 + 0.6
    assert bench.view().plug_ins == 1
    assert "simplified_pilot" not in bench.view().limits_a


def test_c_b_c_closes_within_3_s_of_c2() -> None:
    """x1 until the pause is over, so that C2 begins with the offer (IEC 61851-1 Table A.6 sequence 4)."""
    bench = Bench(replace(QUICK, min_off_s=5.0)).charging()
    bench.car = "B"
    bench.run(0.5)
    assert bench.pilot() == 16.0
    bench.car = "C"
    bench.until(lambda b: b.pilot() == "x1", 0.1)
    bench.until(lambda b: b.pilot() == 16.0, 6.0)
    assert bench.until(lambda b: b.closed(), 3.0) < 0.6


def test_a_box_that_does_not_close_says_why() -> None:
    bench = Bench().offered()
    bench.high_v = 7.3
    bench.run(10.2)
    assert bench.faults == ["not_closing"]
    assert "the pilot reads 7.30 V" in bench.view().notes[0]
    assert "no_fault" not in bench.view().withheld_by
    bench.high_v, bench.car = None, "C"
    bench.until(lambda b: b.closed(), 3.0)
    bench.run(1.5)
    assert bench.faults == []


def test_a_cable_that_is_never_rated_is_said() -> None:
    bench = Bench().run(5.0).plug_in(ohm=220.0)
    for tick in range(6200):
        bench.pp_ohm = 220.0 if tick // 10 % 2 else 680.0
        bench.tick()
    assert bench.faults == ["not_closing"]
    assert "rating_latched" in bench.view().notes[0]
