"""The stop input: a stop is no fault, an emergency is one, and a broken wire is one in both."""

from __future__ import annotations

from dataclasses import replace

from tests.hal.core.bench import QUICK, Bench

EMERGENCY = replace(QUICK, stop_kind="emergency")


def pressed(bench: Bench) -> Bench:
    bench.stop_pressed = True
    return bench


def test_a_stop_takes_the_offer_and_leaves_the_car_6_s() -> None:
    bench = Bench().charging()
    pressed(bench).run(0.02)
    assert bench.pilot() == "x1"
    assert bench.view().stop_pressed
    assert bench.closed()
    bench.run(5.9)
    assert bench.closed()
    bench.run(0.2)
    assert not bench.closed()
    assert bench.faults == []
    assert "stop_button" in bench.view().withheld_by


def test_one_sample_is_not_pressed() -> None:
    bench = Bench().charging()
    pressed(bench).tick()
    bench.stop_pressed = False
    bench.run(0.1)
    assert not bench.view().stop_pressed
    assert bench.pilot() == 16.0


def test_a_short_press_is_shown_for_a_second() -> None:
    bench = Bench().charging()
    pressed(bench).run(0.03)
    bench.stop_pressed = False
    bench.run(0.95)
    assert bench.view().stop_pressed
    bench.run(0.15)
    assert not bench.view().stop_pressed


def test_a_button_held_for_10_s_is_a_broken_wire() -> None:
    bench = Bench().charging()
    pressed(bench).run(9.95)
    assert bench.faults == []
    bench.run(0.1)
    assert bench.faults == ["stop_circuit"]
    bench.stop_pressed = False
    bench.run(1.1)
    assert bench.faults == []


def test_an_emergency_opens_at_the_second_sample_and_waits_for_a_person() -> None:
    bench = Bench(EMERGENCY).charging()
    pressed(bench).tick()
    assert bench.closed()
    bench.tick()
    assert not bench.closed()
    assert bench.faults == ["emergency_stop"]
    assert not bench.view().stop_pressed
    bench.asks = bench.clearing("emergency_stop", 1)
    bench.run(0.5)
    assert bench.faults == ["emergency_stop"]
    bench.stop_pressed = False
    bench.run(0.5)
    assert bench.faults == []


def test_a_box_without_the_input_never_stops_for_it() -> None:
    for rules in (QUICK, EMERGENCY):
        bench = Bench(rules).charging().run(11.0)
        assert bench.closed()
        assert bench.faults == []
