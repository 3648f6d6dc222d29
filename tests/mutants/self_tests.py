"""Self tests of the box: each rule and timer left out or changed."""

from __future__ import annotations

from tests.mutants.mutant import PILOT_TEST, SELF, rows, timer

_F_READS = f"{PILOT_TEST}f_must_read_minus_12_v"
_MONITOR = f"{SELF}it_must_drop_within_2_s_and_be_back_within_5"
_PERSON = f"{SELF}a_failed_test_needs_a_person"
_VOID = f"{SELF}a_contactor_that_reads_closed_ends_the_test"

SELF_TESTS = [
    timer("self_tests/rcm", "RCM_TEST_S", "0.25", "0.5", f"{SELF}the_start_presses_the_test_for_250_ms"),
    timer("self_tests/rcm", "RCM_TEST_S", "0.25", "0.0", f"{SELF}the_start_presses_the_test_for_250_ms"),
    timer("self_tests/rcm", "RCM_DROPS_S", "2.0", "4.0", _MONITOR),
    timer("self_tests/rcm", "RCM_DROPS_S", "2.0", "1.0", _MONITOR),
    timer("self_tests/rcm", "RCM_RETURNS_S", "5.0", "10.0", _MONITOR),
    timer("self_tests/rcm", "RCM_RETURNS_S", "5.0", "2.5", _MONITOR),
    timer("self_tests/rcm", "RCM_EVERY_S", "24 * 3600.0", "48 * 3600.0", f"{SELF}a_day_without_a_car"),
    timer("self_tests/rcm", "RCM_EVERY_S", "24 * 3600.0", "3600.0", f"{SELF}a_day_without_a_car"),
    *rows(
        "self_tests/rcm",
        (
            "RCM test while offered",
            "not scene.idle or not scene.healthy",
            "not scene.healthy",
            f"{SELF}never_while_current_is_offered",
        ),
        (
            "a tripped monitor is tested",
            "not scene.idle or not scene.healthy",
            "not scene.idle",
            f"{SELF}a_tripped_monitor_is_not_tested",
        ),
        (
            "RCM test goes on while closed",
            "return self.runs and scene.idle and",
            "return self.runs and",
            _VOID,
        ),
        ("a verdict over a disturbed RCM test", "not back and not self._void", "not back", _VOID),
        (
            "no RCM test after an unplug",
            "(left or cleared",
            "(cleared",
            f"{SELF}each_unplug_is_followed_by_a_test_of",
        ),
        ("no RCM test after a person cleared it", "(left or cleared", "(left", _PERSON),
        (
            "RCM test without an input",
            "if self._has_test and (",
            "if (",
            f"{SELF}no_test_without_a_test_input",
        ),
    ),
    *rows(
        "evse",
        (
            "a failed pilot test is no fault",
            '"pilot_circuit": self._pilot_test.failed',
            '"pilot_circuit": False',
            _F_READS,
        ),
        (
            "a failed RCM test is no fault",
            '"rcm_test_failed": self._rcm_test.failed',
            '"rcm_test_failed": False',
            _MONITOR,
        ),
    ),
    *rows(
        "supervision/supervision",
        (
            "an RCM test trips",
            "is False and not scene.rcm_testing",
            "is False",
            f"{SELF}its_answer_is_no_trip",
        ),
    ),
]
