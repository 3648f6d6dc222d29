"""The self test of the residual current monitor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hal.contract import FaultRef
from hal.core.self_tests.rcm import RcmScene, RcmTest
from tests.hal.core.bench import QUICK, Bench

DAY_S = 86_400.0
WITH_TEST = replace(QUICK, has_rcm_test=True)


class Monitor:
    """The output drops `drops_s` after the test began and is back at `back_s`."""

    def __init__(self, bench: Bench, drops_s: float = 0.74, back_s: float = 3.0) -> None:
        self.bench, self.drops_s, self.back_s = bench, drops_s, back_s
        self.began_s: float | None = None
        self.tests: list[float] = []
        self.pressed_s = 0.0
        bench.rcm_healthy = True

    def run(self, for_s: float) -> Monitor:
        bench = self.bench
        for _ in range(round(for_s / 0.02)):
            before = bench.drive.rcm_test
            bench.tick(0.02)
            if bench.drive.rcm_test and not before:
                self.began_s = bench.now_s - 0.02
                self.tests.append(self.began_s)
            self.pressed_s += 0.02 * bench.drive.rcm_test
            since_s = float("inf") if self.began_s is None else bench.now_s - self.began_s
            bench.rcm_healthy = not self.drops_s <= since_s < self.back_s
        return self


# the residual current monitor


def test_the_start_presses_the_test_for_250_ms() -> None:
    monitor = Monitor(Bench(WITH_TEST)).run(4.0)
    assert len(monitor.tests) == 1
    assert monitor.pressed_s == pytest.approx(0.25, abs=0.021)
    assert monitor.bench.faults == []


def test_nothing_is_offered_before_the_test_is_over() -> None:
    bench = Bench(WITH_TEST).plug_in()
    monitor = Monitor(bench, back_s=4.5).run(4.4)
    assert bench.view().lock == "locked"
    assert bench.pilot() == "x1"
    assert "rcm_tested" in bench.view().withheld_by
    monitor.run(0.2)
    assert bench.pilot() == 16.0
    assert "rcm_tested" not in bench.view().withheld_by


@pytest.mark.parametrize(
    ("drops_s", "back_s", "fails_after_s"),
    [(1e9, 1e9, 2.0), (2.1, 3.0, 2.0), (0.7, 1e9, 5.0), (0.7, 5.1, 5.0), (1.9, 4.9, None)],
)
def test_it_must_drop_within_2_s_and_be_back_within_5(
    drops_s: float, back_s: float, fails_after_s: float | None
) -> None:
    bench = Bench(WITH_TEST)
    monitor = Monitor(bench, drops_s, back_s)
    if fails_after_s is None:
        assert monitor.run(5.5).bench.faults == []
        return
    monitor.run(fails_after_s - 0.05)
    assert bench.faults == []
    monitor.run(0.1)
    assert "rcm_test_failed" in bench.faults


def test_a_failed_test_needs_a_person_then_it_is_made_again() -> None:
    bench = Bench(WITH_TEST)
    monitor = Monitor(bench, drops_s=1e9).run(30.0)
    assert bench.faults == ["rcm_test_failed"]
    assert len(monitor.tests) == 1
    bench.asks = bench.clearing("rcm_test_failed", 1)
    monitor.run(0.1)
    bench.asks = None
    assert bench.faults == []
    assert len(monitor.tests) == 2
    monitor.run(2.5)
    assert bench.faults == ["rcm_test_failed"]
    assert bench.view().faults[0].occurrence == 2


def test_its_answer_is_no_trip_but_a_monitor_that_stays_down_is() -> None:
    bench = Bench(WITH_TEST)
    monitor = Monitor(bench, back_s=3.0).run(1.0)
    assert bench.faults == []
    monitor.run(2.5)
    assert bench.faults == []
    bench.evse.ask_for_test("rcm")
    monitor.back_s = 1e9
    monitor.run(5.2)
    assert set(bench.faults) == {"rcm_test_failed", "rcm_trip"}


def test_each_unplug_is_followed_by_a_test_of_the_monitor() -> None:
    bench = Bench(WITH_TEST)
    monitor = Monitor(bench).run(4.0)
    bench.plug_in()
    monitor.run(1.0)
    bench.unplug()
    monitor.run(4.0)
    assert len(monitor.tests) == 2


def test_never_while_current_is_offered_and_once_in_24_h() -> None:
    bench = Bench(WITH_TEST)
    monitor = Monitor(bench).run(5.0)
    bench.plug_in()
    monitor.run(1.0)
    bench.car = "C"
    monitor.run(1.0)
    assert bench.closed()
    bench.car = "B"
    monitor.run(1.0)
    assert bench.pilot() == 16.0
    bench.now_s += DAY_S - 10.0
    monitor.run(1.0)
    bench.now_s += 10.0
    monitor.run(2.0)
    assert len(monitor.tests) == 1
    assert "rcm_tested" not in bench.view().withheld_by
    bench.limit_a = 0.0
    monitor.run(0.5)
    assert len(monitor.tests) == 2


def test_a_day_without_a_car_has_its_test() -> None:
    bench = Bench(WITH_TEST)
    monitor = Monitor(bench).run(4.0)
    bench.now_s += DAY_S - 5.0
    monitor.run(1.0)
    assert len(monitor.tests) == 1
    monitor.run(5.0)
    assert len(monitor.tests) == 2


def test_a_tripped_monitor_is_not_tested() -> None:
    bench = Bench(WITH_TEST)
    bench.rcm_healthy = False
    bench.run(5.0)
    assert not bench.drive.rcm_test
    assert bench.faults == ["rcm_trip"]


def test_no_test_without_a_test_input() -> None:
    bench = Bench()
    monitor = Monitor(bench).run(4.0)
    bench.evse.ask_for_test("rcm")
    bench.plug_in()
    monitor.run(1.0)
    bench.car = "A"
    assert monitor.run(3.0).tests == []


def test_a_contactor_that_reads_closed_ends_the_test_without_a_verdict() -> None:
    test = RcmTest(True, 0.0)
    open_, closed = (RcmScene(True, False, idle, False) for idle in (True, False))
    assert test.step(open_, 0.0)
    assert not test.step(closed, 0.02)
    for tick in range(2, 110):
        assert not test.step(closed, tick * 0.02)
        assert not test.failed
    assert test.step(open_, 3.0)


def test_a_person_cannot_clear_a_trip_before_the_car_has_left() -> None:
    bench = Bench().charging().residual_current()
    bench.rcm_healthy = True
    bench.asks = bench.clearing("rcm_trip", 1)
    bench.run(1.0)
    assert bench.faults == ["rcm_trip"]
    assert FaultRef("rcm_trip", 1) in bench.evse.persistent_state().faults
    bench.unplug().run(0.2)
    assert bench.faults == []
