"""The proof of the watchdog line: when, how long, and what comes of a circuit that holds without edges."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.core.self_tests.watchdog_line import PROOF_S, REST_S, WatchdogLine
from tests.hal.core.bench import QUICK, Bench

LINE = replace(QUICK, has_watchdog_line=True)


def closing(bench: Bench) -> list[bool]:
    """Of a car that asks: the edges at each tick of the second after the command."""
    bench.car = "C"
    bench.until(lambda b: b.closed(), 3.0)
    return [bench.drive.watchdog_edges, *(bench.tick().watchdog_edges for _ in range(99))]


def test_the_first_closing_holds_the_edges_back_and_closes_in_time() -> None:
    """IEC 61851-1 Table A.6 sequence 4: within 3 s of C2."""
    bench = Bench(LINE).offered()
    held_back = closing(bench).count(False)
    assert held_back == pytest.approx(15, abs=1)
    assert bench.mirror_closed
    assert bench.faults == []


def test_a_box_without_the_line_holds_nothing_back() -> None:
    assert all(closing(Bench(QUICK).offered()))


def test_a_circuit_that_holds_without_edges_is_a_fault_that_a_person_clears() -> None:
    bench = Bench(LINE).offered()
    bench.bridged = True
    bench.car = "C"
    bench.until(lambda b: b.closed(), 3.0)
    bench.run(0.03)
    assert not bench.closed()
    assert bench.faults == ["watchdog_line"]
    bench.run(1.0)
    (fault,) = bench.view().faults
    assert (fault.clears, fault.opens) == ("person", True)


@pytest.mark.parametrize("at", range(1, 14))
def test_one_bad_sample_of_the_mirror_contact_is_no_fault(at: int) -> None:
    bench = Bench(LINE).offered()
    bench.car = "C"
    bench.until(lambda b: b.closed(), 3.0)
    bench.run(at * 0.01)
    bench.mirror_closed = True
    bench.run(1.0)
    assert bench.closed()
    assert bench.faults == []


def test_proven_once_a_day_and_not_before() -> None:
    bench = Bench(LINE).offered()
    assert False in closing(bench)
    for pause_s, proves in ((60.0, False), (24 * 3600.0, True), (60.0, False)):
        bench.car = "B"
        bench.run(5.0)
        bench.now_s += pause_s
        assert (False in closing(bench)) is proves


def test_a_car_that_leaves_during_the_proof_leaves_it_due() -> None:
    bench = Bench(LINE).offered()
    bench.car = "C"
    bench.until(lambda b: b.closed(), 3.0)
    bench.car = "B"
    bench.run(5.0)
    assert not bench.closed()
    assert False in closing(bench)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0.005, 400.0)), max_size=60))
def test_whatever_happens_edges_are_held_back_only_while_commanded_and_not_for_long(
    ticks: list[tuple[bool, bool, float]],
) -> None:
    """And never for a circuit that has just been driven: its pump may still hold."""
    line, now_s, opened_s, began_s = WatchdogLine(fitted=True, now_s=0.0), 0.0, 0.0, 0.0
    was, had_edges = False, True
    for commanded, mirror_closed, pause_s in ticks:
        now_s += pause_s
        edges = line.step(commanded=commanded, mirror_closed=mirror_closed, now_s=now_s)
        if was and not commanded:
            opened_s = now_s
        if not edges:
            assert commanded
            began_s = now_s if had_edges else began_s
            assert now_s - began_s < PROOF_S
            assert began_s - opened_s >= REST_S
        if line.failed:
            assert commanded
        was, had_edges = commanded, edges
