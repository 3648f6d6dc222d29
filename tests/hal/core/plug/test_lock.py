"""Where the bolt should be, and the motor that brings it there."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from hal.contract import Cable, Vehicle, Wish
from hal.core.plug.lock import STILL_THERE_S, Lock, Move, wanted
from hal.core.rules import LockRules
from tests.hal.core.bench import Bench, wish

RULES = LockRules(pulse_s=0.6, retries=3, retry_wait_s=5.0, moves_per_minute=10)


@pytest.mark.parametrize(
    ("cable", "a", "b", "c", "d", "e"),
    [
        (None, None, "lock", "lock", "lock", None),
        ("auto", "unlock", "lock", "lock", "lock", None),
        ("keep", None, "lock", "lock", "lock", None),
        ("release", "unlock", "unlock", "unlock", "unlock", "unlock"),
        ("permanent", "lock", "lock", "lock", "lock", "lock"),
    ],
)
def test_where_the_bolt_should_be_with_a_cable_in(
    cable: Cable | None, a: Move | None, b: Move | None, c: Move | None, d: Move | None, e: Move | None
) -> None:
    states: list[tuple[Vehicle, Move | None]] = [("A", a), ("B", b), ("C", c), ("D", d), ("E", e)]
    for state, expected in states:
        assert wanted(cable, state, plug_present=True) == expected


def test_permanent_unlocks_an_empty_socket_only_in_a() -> None:
    assert wanted("permanent", "A", plug_present=False) == "unlock"
    assert wanted("permanent", "E", plug_present=False) is None


class Motor:
    """A lock with its bolt: follows after `pulses` pulses, never when that is None."""

    def __init__(self, rules: LockRules = RULES, pulses: int | None = 1) -> None:
        self.lock, self.now_s, self.closed, self.pulses = Lock(rules), 100.0, False, pulses
        self.starts: list[float] = []
        self.on_s = 0.0

    def run(self, want: Move | None, for_s: float, *, plug_present: bool = False) -> Motor:
        for _ in range(round(for_s / 0.02)):
            before = self.lock.motor
            self.lock.look(self.closed)
            motor = self.lock.step(want, plug_present=plug_present, now_s=self.now_s)
            if motor is not None and before is None:
                self.starts.append(self.now_s)
                if self.pulses is not None and len(self.starts) >= self.pulses:
                    self.closed = motor == "lock"
            self.on_s += 0.02 if motor else 0.0
            self.now_s += 0.02
        return self


def test_one_pulse_of_its_length() -> None:
    motor = Motor().run("lock", 3.0)
    assert len(motor.starts) == 1
    assert motor.on_s == pytest.approx(0.6)
    assert motor.lock.confirmed
    assert motor.lock.state == "locked"


def test_tries_again_after_the_wait() -> None:
    motor = Motor(pulses=2).run("lock", 20.0)
    assert len(motor.starts) == 2
    assert motor.starts[1] - motor.starts[0] == pytest.approx(5.6, abs=0.03)
    assert motor.lock.failure is None


def test_a_plug_that_stays_after_an_unlocking_is_freed_once_more() -> None:
    motor = Motor()
    motor.closed = True
    motor.run("unlock", 120.0, plug_present=True)
    first_s, second_s = motor.starts
    assert second_s - first_s == pytest.approx(STILL_THERE_S, abs=0.03)
    motor.run("lock", 10.0, plug_present=True).run("unlock", 120.0, plug_present=True)
    assert len(motor.starts) == 2 + 1 + 2


def test_an_empty_socket_is_freed_once() -> None:
    motor = Motor()
    motor.closed = True
    motor.run("unlock", 120.0)
    assert len(motor.starts) == 1


@pytest.mark.parametrize(("want", "failure"), [("lock", "lock_failed"), ("unlock", "unlock_failed")])
def test_after_the_retries_it_fails_and_stays_still(want: Move, failure: str) -> None:
    motor = Motor(pulses=None)
    motor.closed = want == "unlock"
    motor.run(want, 60.0)
    assert len(motor.starts) == 1 + RULES.retries
    assert motor.lock.failure == failure


def test_an_unlocking_that_failed_is_tried_again_each_minute_a_locking_is_not() -> None:
    for want, tries in (("unlock", 3), ("lock", 0)):
        motor = Motor(pulses=None)
        motor.closed = want == "unlock"
        motor.run("unlock" if want == "unlock" else "lock", 16.8 + 3 * 60.0 + 1.0)
        assert len(motor.starts) == 1 + RULES.retries + tries
    motor = Motor(pulses=6)
    motor.closed = True
    motor.run("unlock", 16.8 + 2 * 60.0 + 1.0)
    assert not motor.closed
    assert motor.lock.failure is None


def test_another_want_is_another_attempt() -> None:
    motor = Motor(pulses=None).run("lock", 60.0)
    motor.pulses = 0
    motor.run(None, 1.0).run("lock", 1.0)
    assert motor.lock.confirmed
    assert motor.lock.failure is None


def test_at_most_10_moves_a_minute() -> None:
    motor = Motor(replace(RULES, pulse_s=0.1))
    for _ in range(28):
        motor.run("lock", 1.0).run("unlock", 1.0)
    assert len(motor.starts) == 10
    motor.run("lock", 10.0)
    assert len(motor.starts) > 10


def test_a_bolt_about_to_move_is_not_confirmed() -> None:
    motor = Motor().run("lock", 1.0)
    motor.run("unlock", 0.02)
    assert motor.closed
    assert not motor.lock.confirmed


def test_never_unlocks_while_commanded_closed() -> None:
    bench = Bench().charging()
    bench.mirror_follows, bench.mirror_closed = False, False
    bench.asks = _with_cable(bench, "release")
    for _ in range(2):
        bench.tick()
        assert not bench.closed() or bench.drive.lock_motor is None
    assert bench.view().contactor_commanded


def test_never_unlocks_while_the_mirror_contact_reads_closed() -> None:
    """A cable that is wanted back at once waits for the contacts, before they count as welded."""
    bench = Bench().charging()
    bench.mirror_follows = False
    bench.car = "B"
    for _ in range(30):
        bench.asks = _with_cable(bench, "release")
        assert bench.tick().lock_motor is None
    assert not bench.closed()
    assert bench.faults == []
    bench.mirror_closed = False
    for _ in range(3):
        bench.asks = _with_cable(bench, "release")
        bench.tick()
    assert bench.drive.lock_motor == "unlock"


def test_held_while_welded() -> None:
    bench = Bench().charging()
    bench.mirror_follows = False
    bench.car = "A"
    bench.run(1.0)
    assert bench.faults == ["welded"]
    bench.mirror_closed = False
    for _ in range(200):
        assert bench.tick().lock_motor is None
    assert bench.view().lock == "locked"


def test_unlocks_in_a_by_itself_and_in_b_on_release() -> None:
    bench = Bench().offered()
    bench.asks = _with_cable(bench, "release")
    bench.run(1.0)
    assert bench.view().lock == "unlocked"
    assert bench.pilot() == "x1"
    bench.asks = None
    bench.run(1.0)
    assert bench.view().lock == "locked"
    bench.unplug().run(1.0)
    assert bench.view().lock == "unlocked"


def test_in_e_the_cable_is_given_back_on_release_and_by_nothing_else() -> None:
    """Once the contactor reads open."""
    bench = Bench().charging()
    bench.car = "E"
    bench.mirror_follows = False
    bench.run(0.2)
    bench.asks = _with_cable(bench, "release")
    bench.run(0.1)
    assert bench.view().lock == "locked"
    bench.mirror_closed = False
    bench.run(1.0)
    assert bench.view().lock == "unlocked"


@pytest.mark.parametrize("cable", ["auto", "keep", "permanent"])
def test_e_by_itself_releases_nothing(cable: Cable) -> None:
    bench = Bench().offered()
    bench.car = "E"
    bench.asks = _with_cable(bench, cable)
    bench.run(4.0)
    assert bench.view().lock == "locked"


def test_a_pilot_that_is_open_for_less_than_a_second_leaves_the_bolt() -> None:
    bench = Bench().offered()
    bench.car = "A"
    bench.run(0.99)
    assert bench.view().lock == "locked"
    bench.run(0.2)
    assert bench.view().lock != "locked"


def test_without_a_living_wish_it_only_locks() -> None:
    bench = Bench()
    bench.limit_a = None
    bench.plug_in().run(1.0)
    assert bench.view().lock == "locked"
    bench.car = "A"
    bench.run(2.0)
    assert bench.view().lock == "locked"


def _with_cable(bench: Bench, cable: Cable) -> Wish:
    return msgspec.structs.replace(wish(16.0, until_s=bench.now_s + 5.0), cable=cable)


def test_a_pulse_that_was_cut_short_is_made_up_for() -> None:
    """The bolt stands half-way: it holds the cable although the feedback no longer says locked."""
    motor = Motor().run("lock", 1.0).run("unlock", 0.1).run(None, 1.0)
    assert (motor.closed, len(motor.starts)) == (False, 2)
    motor.run("unlock", 2.0)
    assert len(motor.starts) == 3
    motor.run("lock", 2.0).run("unlock", 2.0)
    assert len(motor.starts) == 5
