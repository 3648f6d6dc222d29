"""Stop button, lock, and what outlasts a restart: each rule and timer left out or changed."""

from __future__ import annotations

from tests.mutants.mutant import JUDGE, LOCK, STOP, STORED, rows, timer

PEOPLE = [
    timer("supervision/stop_button", "SHOWN_S", "1.0", "2.0", f"{STOP}a_short_press_is_shown"),
    timer("supervision/stop_button", "SHOWN_S", "1.0", "0.0", f"{STOP}a_short_press_is_shown"),
    timer("supervision/stop_button", "STUCK_S", "10.0", "20.0", f"{STOP}a_button_held_for_10_s"),
    timer("supervision/stop_button", "STUCK_S", "10.0", "1.0", f"{STOP}a_button_held_for_10_s"),
    timer("plug/lock", "UNLOCKS_AGAIN_S", "60.0", "120.0", f"{LOCK}an_unlocking_that_failed"),
    timer("plug/lock", "UNLOCKS_AGAIN_S", "60.0", "10.0", f"{LOCK}an_unlocking_that_failed"),
    *rows(
        "supervision/stop_button",
        ("one sample is a press", "Tally(TWO)", "Tally(1.0)", f"{STOP}one_sample_is_not_pressed"),
        ("an emergency is a stop", 'rules.stop_kind == "emergency"', "False", f"{STOP}an_emergency_opens"),
        ("a stop is an emergency", 'rules.stop_kind == "emergency"', "True", f"{STOP}a_stop_takes_the_offer"),
        (
            "an emergency is no fault",
            'return {"emergency_stop"} if opened else set()',
            "return set()",
            f"{STOP}an_emergency_opens",
        ),
        (
            "a held button is no fault",
            'return {"stop_circuit"} if stuck else set()',
            "return set()",
            f"{STOP}a_button_held_for_10_s",
        ),
    ),
    *rows(
        "plug/lock",
        (
            "a pulse cut short is forgotten",
            "self._half_way = self._half_way or self.motor is not None",
            "self._half_way = False",
            f"{LOCK}a_pulse_that_was_cut_short",
        ),
        (
            "a failed locking is tried again",
            'if want == "unlock" and passed(',
            "if passed(",
            f"{LOCK}an_unlocking_that_failed",
        ),
    ),
]

_WELD = f"{STORED}a_weld_stands_after_a_restart"
_AT_ONCE = f"{STORED}a_weld_of_before_the_restart_trips"
_THIRD = f"{STORED}the_third_start_with_a_car_in_c"

RESTARTS = [
    timer("supervision/restarts", "WINDOW_S", "600.0", "1200.0", _THIRD),
    timer("supervision/restarts", "WINDOW_S", "600.0", "300.0", _THIRD),
    timer("supervision/restarts", "LOOKS_S", "1.0", "2.0", f"{STORED}a_car_that_comes_to_c_later"),
    *rows(
        "supervision/restarts",
        ("the last process' car is forgotten", 'self._was_in_c or vehicle == "C"', 'vehicle == "C"', _THIRD),
        ("a car in C now is not seen", 'self._was_in_c or vehicle == "C"', "self._was_in_c", _THIRD),
        ("one start more", "len(self.starts_s) >= self._most", "len(self.starts_s) > self._most", _THIRD),
        (
            "one start less",
            "len(self.starts_s) >= self._most",
            "len(self.starts_s) + 1 >= self._most",
            _THIRD,
        ),
        (
            "this start is not counted",
            "self.starts_s = (*self.starts_s, self._started_s)",
            "pass",
            f"{STORED}this_start_is_kept",
        ),
    ),
    *rows(
        "faults/ledger",
        ("faults end with the process", "for ref in stored.faults:", "for ref in ():", _WELD),
        (
            "all faults are kept",
            'for fault in faults if fault.clears != "itself")',
            "for fault in faults)",
            f"{STORED}faults_that_clear_themselves",
        ),
        ("occurrences begin anew", "Counter(stored.occurrences)", "Counter()", f"{STORED}occurrences_go_on"),
        (
            "unknown faults are taken over",
            "if ref.id in KINDS:",
            "if True:",
            f"{STORED}a_fault_of_another_version",
        ),
        (
            "a person clears any kind",
            'entry.fault.clears != "person" or',
            "",
            f"{JUDGE}a_person_clears_no_other_kind",
        ),
        (
            "unplugging ends nothing",
            "return unplugged",
            "return False",
            f"{STORED}faults_that_end_by_unplugging",
        ),
        (
            "faults end before the car has left",
            "return unplugged",
            "return True",
            f"{STORED}faults_that_end_by_unplugging",
        ),
    ),
    *rows(
        "evse",
        ("a lost state is taken for a first start", "if stored.lost:", "if False:", f"{STORED}a_lost_state"),
        (
            "restarts are not counted",
            '"hal_restarting": self._restarts.too_many(vehicle, now_s)',
            '"hal_restarting": False',
            _THIRD,
        ),
        ("faults are not kept", "faults=self._faults.latched(),", "", _WELD),
        (
            "occurrences are not kept",
            "occurrences=self._faults.occurrences,",
            "",
            f"{STORED}occurrences_go_on",
        ),
        ("closings are not kept", "closings=self._contactor.closings,", "", f"{STORED}counters_are_for_life"),
        (
            "openings under load are not kept",
            "openings_under_load=self._contactor.openings_under_load,",
            "",
            f"{STORED}counters_are_for_life",
        ),
        (
            "a car in C is not kept",
            'car_in_c=self._vehicle.state == "C",',
            "",
            f"{STORED}a_car_that_comes_to_c_later",
        ),
        (
            "moves of the lock are not kept",
            "lock_moves_s=self._lock.moves_s if",
            "lock_moves_s=() if",
            f"{STORED}moves_of_the_lock",
        ),
        (
            "moves of the lock are forgotten",
            "Lock(rules.lock, stored.lock_moves_s)",
            "Lock(rules.lock)",
            f"{STORED}moves_of_the_lock",
        ),
        ("starts are not kept", "starts_s=self._restarts.starts_s,", "", f"{STORED}this_start_is_kept"),
        (
            "a weld seen by its current trips nothing",
            'live="welded" in causes or sense.mirror_closed',
            "live=sense.mirror_closed",
            f"{STORED}a_weld_seen_by_its_current",
        ),
        ("a kept weld waits", 'welded=self._faults.stands("welded")', 'welded="welded" in causes', _AT_ONCE),
        (
            "a weld that is over trips",
            'live="welded" in causes or sense.mirror_closed',
            "live=True",
            f"{STORED}a_weld_trips_the_breaker",
        ),
    ),
    *rows(
        "contactor/history",
        (
            "closings begin anew",
            "self.closings = stored.closings",
            "self.closings = 0",
            f"{STORED}counters_are_for_life",
        ),
        (
            "openings under load begin anew",
            "self.openings_under_load = stored.openings_under_load",
            "self.openings_under_load = 0",
            f"{STORED}counters_are_for_life",
        ),
    ),
    *rows(
        "persistent_state",
        (
            "a boot keeps a contactor's fall",
            'if fault.id != "did_not_close"',
            "",
            f"{STORED}a_contactor_that_fell",
        ),
        (
            "moves keep their old clock",
            "tuple(at_s + moves_by_s for",
            "tuple(at_s for",
            f"{STORED}after_a_boot_the_times",
        ),
        (
            "starts keep their old clock",
            "tuple(at_s + starts_by_s for",
            "tuple(at_s for",
            f"{STORED}after_a_boot_the_times",
        ),
    ),
]
