"""The doctor's judgement of pilot, lock, residual current monitor and contactor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.doctor import reflexes
from bridge.doctor.answers import busy, occupied, was_done
from bridge.doctor.check import Result
from bridge.doctor.words import WAITS_FOR, fault_words, on_mock
from bridge.local.why.english_faults import FAULTS
from hal.contract import Counters, Fault
from hal.core.control_pilot.levels import duty
from hal.core.evse import Evse
from hal.core.faults.table import KINDS
from hal.core.rules import BoxRules
from hal.core.supervision.not_closing import NotClosing
from tests.bridge.doctor.doctored import answer, fault, status

GOOD_VOLTS = {"x1_high_v": 12.0, "x1_low_v": 0.0, "f_high_v": 0.0, "f_low_v": -12.0}
JAM = "lock-pulse: the feedback never said locked"


@pytest.mark.parametrize(
    ("changed", "ok", "result"),
    [
        ({}, True, "ok"),
        ({"x1_high_v": 11.0, "f_low_v": -13.5}, True, "ok"),
        ({"x1_high_v": 10.9}, True, "fault"),
        ({"x1_high_v": 13.1}, True, "fault"),
        ({"f_low_v": -10.4}, True, "fault"),
        ({"f_high_v": 1.6}, True, "fault"),
        ({"x1_low_v": -1.6}, True, "fault"),
        ({}, False, "fault"),  # hal.safety has its own reasons
    ],
)
def test_pilot_levels(changed: dict[str, float], ok: bool, result: Result) -> None:
    check = reflexes.pilot(answer("pilot-self-test: told", ok=ok, **(GOOD_VOLTS | changed)))
    assert check.result == result
    assert bool(check.do) == (result != "ok")
    assert check.values == GOOD_VOLTS | changed


def test_a_pilot_test_that_did_not_begin_says_nothing_about_the_pilot() -> None:
    assert (
        reflexes.pilot(answer("pilot-self-test: it did not begin within 15 s", ok=False)).result
        == "not checked"
    )


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("lock-pulse: the contactor is not open", False),
        ("lock-pulse: a car or its cable is there; unplug it", False),
        ("lock-pulse: the lock's motor rests for 12 s more", False),
        ("lock-pulse: stopped, a car came", False),
        ("lock-pulse: this box has no cable lock", False),
        ("rcm-test: lamp is not over yet", False),
        ("probe-meter: refused while the contactor is closed; end the charge first", False),
        ("probe-meter: hal.instruments is not connected", False),
        (JAM, True),
        ("rcm-test: it did not trip within 8 s", True),
        ("no answer from unit 1 on /dev/ttyUSB0 (9600 baud, 8N1)", True),
        ("probe-meter: hal.instruments gave no answer within 30 s", True),
    ],
)
def test_a_refusal_is_no_failed_test(text: str, done: bool) -> None:
    assert was_done(answer(text, ok=False)) == done


@pytest.mark.parametrize(
    ("given", "result", "measured"),
    [
        (
            answer("lock-pulse: well", locked_s=0.22, unlocked_s=0.04),
            "ok",
            "locked in 0.22 s, unlocked in 0.04 s",
        ),
        (answer("lock-pulse: well", locked_s=3.1, unlocked_s=0.1), "warning", "locked in 3.10 s"),
        (answer(JAM, ok=False, unlocked_s=0.04), "fault", "the feedback never said locked"),
        (answer("lock-pulse: the feedback said locked before the bolt moved", ok=False), "fault", "before"),
        (answer("lock-pulse: stopped, a car came", ok=False), "not checked", "stopped"),
    ],
)
def test_lock(given: Any, result: Result, measured: str) -> None:
    check = reflexes.lock(given)
    assert check.result == result
    assert measured in check.measured


@pytest.mark.parametrize(
    ("given", "result"),
    [
        (answer("rcm-test: it tripped and came back", tripped_s=0.7, healthy_s=3.0), "ok"),
        (answer("rcm-test: it tripped and came back", tripped_s=2.1, healthy_s=3.0), "warning"),
        (answer("rcm-test: it did not trip within 8 s", ok=False), "fault"),
        (answer("rcm-test: it did not come back within 8 s", ok=False, tripped_s=0.7), "fault"),
        (answer("rcm-test: it did not begin within 15 s", ok=False), "not checked"),
    ],
)
def test_residual_current_monitor(given: Any, result: Result) -> None:
    assert reflexes.rcm(given).result == result


def test_a_box_without_a_monitor_or_its_test_output_says_so() -> None:
    assert "none" in reflexes.rcm_missing(("meter x", "no residual current monitor"))
    assert "own test button" in reflexes.rcm_missing(("residual current monitor without a test output",))
    assert reflexes.rcm_missing(("meter x",)) == ""


@given(amps=st.integers(60, 510).map(lambda tenths: tenths / 10) | st.integers(53, 80).map(float))
def test_the_duty_is_that_of_the_pilot(amps: float) -> None:
    assert reflexes.duty_pct(amps) == pytest.approx(duty(amps) * 100, abs=0.01)


@pytest.mark.parametrize(
    ("period_ns", "duty_ns", "runs", "offer", "result"),
    [
        (1_000_000, 1_000_000, True, "x1", "ok"),
        (1_000_000, 0, True, "F", "ok"),
        (1_000_000, 266_667, True, 16.0, "ok"),
        (1_000_000, 300_000, True, 16.0, "fault"),
        (1_100_000, 1_100_000, True, "x1", "fault"),
        (1_000_000, 1_000_000, False, "x1", "fault"),
        (0, 0, True, "x1", "fault"),
    ],
)
def test_pwm(period_ns: int, duty_ns: int, runs: bool, offer: str | float, result: Result) -> None:
    assert reflexes.pwm(period_ns, duty_ns, runs=runs, offer=offer).result == result


@pytest.mark.parametrize(
    ("changed", "result"),
    [
        ({}, "ok"),
        ({"cable_present": True, "cable_rating_a": 32.0}, "ok"),
        ({"cable_present": True}, "warning"),
        ({"cable_present": True, "faults": (fault("proximity_implausible"),)}, "fault"),
        ({"lock": None, "cable_present": True, "cable_rating_a": 32.0}, "not checked"),
    ],
)
def test_proximity(changed: dict[str, Any], result: Result) -> None:
    assert reflexes.proximity(status(**changed)).result == result


@pytest.mark.parametrize(
    ("commanded", "closed", "result"),
    [(False, False, "ok"), (True, True, "ok"), (False, True, "fault"), (True, False, "fault")],
)
def test_mirror_contact(commanded: bool, closed: bool, result: Result) -> None:
    assert reflexes.mirror(status(contactor_commanded=commanded, contactor_closed=closed)).result == result


@pytest.mark.parametrize(
    ("opened_ms", "result"), [(None, "not checked"), (12.0, "ok"), (45.0, "warning"), (61.0, "fault")]
)
def test_the_contactor_is_judged_by_its_last_session(opened_ms: float | None, result: Result) -> None:
    check = reflexes.session(status(counters=Counters(closings=3, last_open_ms=opened_ms)))
    assert check.result == result
    assert bool(check.do) == (result != "ok")


def test_every_fault_of_the_core_has_words_of_its_own() -> None:
    assert set(KINDS) == set(FAULTS)


WELD: dict[str, Any] = {
    "contactor_closed": True, "vehicle": "B", "withheld_by": ("no_fault", "mirror_open"),
    "faults": (Fault("welded", 1, 90.0, "person", opens=True),),
}  # fmt: skip


def test_while_a_weld_stands_nobody_is_told_to_wait_for_its_session() -> None:
    """No session runs, no charge can be ended: the supply is to be switched off."""
    welded = status(**WELD)
    session, would_close, [of_fault] = (
        reflexes.session(welded), reflexes.would_close(welded), list(reflexes.faults(welded)),
    )  # fmt: skip
    assert (session.result, session.measured) == ("not checked", "the contactor does not open")
    assert (would_close.result, would_close.measured) == ("fault", "it is closed, though nothing commands it")
    assert occupied(welded) == "the contactor reads closed, though nothing commands it"
    for check in (reflexes.mirror(welded), would_close, of_fault):
        assert "witch" in check.do
        assert "off at the breaker" in check.do
    assert of_fault.do.endswith("A person must clear it once the cause is gone. By evse-bridge clear.")


def test_a_closed_contactor_in_a_session_is_no_weld() -> None:
    charging = status(contactor_closed=True, contactor_commanded=True, vehicle="C", withheld_by=())
    assert reflexes.session(charging).measured == "a session is running"
    assert reflexes.would_close(charging).result == "ok"
    assert occupied(charging) == "the contactor is closed: end the charge first"
    in_mock = status(mock=True, contactor_closed=True, contactor_commanded=True)
    assert busy(in_mock).endswith("end the charge first (evse-bridge mock unplug-at-car)")


def test_a_mock_box_is_helped_by_mock_commands() -> None:
    """Nobody can pull its plug or replace its contactor."""
    [of_fault] = reflexes.faults(status(mock=True, **WELD))
    assert of_fault.do.endswith("evse-bridge clear --mock.")
    assert on_mock(of_fault).do.endswith("evse-bridge mock clear NAME ends one.")
    fine = reflexes.mirror(status(mock=True))
    assert on_mock(fine) == fine
    assert "evse-bridge mock plug-in" in reflexes.session(status(mock=True)).do
    assert occupied(status(mock=True, vehicle="B")).endswith("unplug it (evse-bridge mock plug-out)")


def test_an_unknown_fault_keeps_its_name() -> None:
    assert fault_words(fault("new_thing"))[0] == "new thing"


def test_each_fault_is_a_line_with_what_to_do() -> None:
    checks = list(
        reflexes.faults(status(faults=(fault("diode_missing"), fault("under_voltage", opens=False))))
    )
    assert [(check.id, check.result) for check in checks] == [
        ("box.faults.diode_missing", "fault"),
        ("box.faults.under_voltage", "warning"),
    ]
    assert "Try another car or tester" in checks[0].do
    assert "unplugged" in checks[0].do
    assert [check.measured for check in reflexes.faults(status())] == ["none"]


def test_a_fault_is_shown_with_what_was_measured_of_it() -> None:
    """And with no note of another fault."""
    noise, source = "pilot noise: 2.5 V, near 50 Hz", "pilot source: x1 reads 11.00 V"
    seen = status(
        faults=(fault("pilot_noise"), fault("plug_lost")), notes=("no watchdog line", noise, source)
    )
    measured = [check.measured for check in reflexes.faults(seen)]
    assert measured[0].endswith(f"; {noise}")
    assert ";" not in measured[1]


def test_the_cores_own_note_is_shown_with_its_fault() -> None:
    judge = NotClosing()
    asked = [judge.feed(("lock_confirmed",), 6.0, float(s), offered=True, wanted=True) for s in range(20)]
    assert asked[-1]
    [check] = reflexes.faults(status(faults=(fault("not_closing", opens=False),), notes=(judge.words,)))
    assert "lock_confirmed" in check.measured


def test_every_condition_of_a_fresh_core_has_words() -> None:
    evse = Evse(BoxRules(socket=True, installation_max_a=16.0), 0.0)
    assert set(evse.view().withheld_by) <= set(WAITS_FOR)


@pytest.mark.parametrize(
    ("changed", "result", "words"),
    [
        ({}, "ok", "it waits for a car in state C"),
        ({"withheld_by": ("wish",), "vehicle": "C"}, "ok", "it waits for a transaction, or for its limit"),
        ({"withheld_by": ()}, "ok", "yes"),
        (
            {"contactor_closed": True, "contactor_commanded": True, "withheld_by": ()},
            "ok",
            "it is closed",
        ),
        ({"withheld_by": ("car_in_c2", "no_fault")}, "fault", "no, it waits for the end of a fault"),
        ({"withheld_by": ("stop_button",)}, "fault", "the stop button"),
        ({"withheld_by": ("mirror_open",)}, "fault", "the mirror contact"),
        ({"withheld_by": ("brand_new",)}, "fault", "brand_new"),
    ],
)
def test_why_it_would_not_close(changed: dict[str, Any], result: Result, words: str) -> None:
    check = reflexes.would_close(status(**changed))
    assert check.result == result
    assert words in check.measured


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, ""),
        ({"contactor_closed": True}, "the contactor reads closed, though nothing commands it"),
        ({"contactor_commanded": True}, "the contactor is closed"),
        ({"vehicle": "B"}, "a car is there"),
        ({"cable_present": True}, "a cable is in the socket"),
        ({"cable_present": True, "lock": None}, ""),  # a fixed cable is always there
    ],
)
def test_nothing_is_asked_of_a_box_in_use(changed: dict[str, Any], why: str) -> None:
    assert occupied(status(**changed)).startswith(why)
    assert bool(occupied(status(**changed))) == bool(why)
