"""The proof of the watchdog line: each rule and timer left out or changed."""

from __future__ import annotations

from tests.mutants.mutant import rows, timer

_LINE = "self_tests/test_watchdog_line.py::test_"
_IN_TIME = f"{_LINE}the_first_closing_holds_the_edges_back_and_closes_in_time"
_DAILY = f"{_LINE}proven_once_a_day_and_not_before"
_FAULT = f"{_LINE}a_circuit_that_holds_without_edges_is_a_fault"
_WHATEVER = f"{_LINE}whatever_happens_edges_are_held_back_only_while_commanded"

WATCHDOG_LINE = [
    timer("self_tests/watchdog_line", "PROOF_S", "0.15", "0.3", _IN_TIME),
    timer("self_tests/watchdog_line", "EVERY_S", "24 * 3600.0", "30.0", _DAILY),
    *rows(
        "self_tests/watchdog_line",
        ("watchdog line: never proven", "return self._began_s is None", "return True", _IN_TIME),
        ("watchdog line: a failure is forgotten", "self.failed, self._began_s, self._proven_s = True",
         "self.failed, self._began_s, self._proven_s = False", _FAULT),
        ("watchdog line: proven at each closing", "return self._fitted and not proven and",
         "return self._fitted and", _DAILY),
        ("watchdog line: a pump that still holds", " and passed(self._opened_s, REST_S, now_s)", "",
         _WHATEVER),
        ("watchdog line: a box without one", "return self._fitted and not", "return not",
         f"{_LINE}a_box_without_the_line_holds_nothing_back"),
        ("watchdog line: a proof broken off counts", "self.failed, self._began_s = False, None",
         "self.failed, self._began_s, self._proven_s = False, None, now_s",
         f"{_LINE}a_car_that_leaves_during_the_proof_leaves_it_due"),
    ),
]  # fmt: skip
