"""Each timer left out or doubled; the lock's rules; each cause of a fault."""

from __future__ import annotations

from tests.mutants.mutant import CLOSE, CONTRACT, JUDGE, LOCK, OFFER, OPEN, Mutant, timer

THE_LOCK = [
    Mutant(
        "unlocks while the mirror reads closed",
        "evse",
        "live = self._contactor.commanded or sense.mirror_closed or",
        "live = self._contactor.commanded or",
        f"{LOCK}never_unlocks_while_the_mirror_contact_reads_closed",
    ),
    Mutant(
        "unlocks while commanded closed",
        "evse",
        "live = self._contactor.commanded or sense.mirror_closed or",
        "live = sense.mirror_closed or",
        f"{LOCK}never_unlocks_while_commanded_closed",
    ),
    Mutant(
        "not held while welded",
        "evse",
        'sense.mirror_closed or self._faults.stands("welded")',
        "sense.mirror_closed",
        f"{LOCK}held_while_welded",
    ),
    Mutant(
        "confirmed though about to open",
        "plug/lock",
        'return self._closed and self._want != "unlock"',
        "return self._closed",
        f"{LOCK}a_bolt_about_to_move_is_not_confirmed",
    ),
    Mutant(
        "E releases",
        "plug/lock",
        '"unlock" if vehicle == "A" else None)\n        case "release"',
        '"unlock" if vehicle in ("A", "E") else None)\n        case "release"',
        f"{LOCK}where_the_bolt_should_be_with_a_cable_in",
    ),
    Mutant(
        "pulse doubled",
        "plug/lock",
        "passed(self._started_s, self._rules.pulse_s, now_s)",
        "passed(self._started_s, 2 * self._rules.pulse_s, now_s)",
        f"{LOCK}one_pulse_of_its_length",
    ),
    Mutant(
        "no wait before a retry",
        "plug/lock",
        "self._rules.pulse_s + self._rules.retry_wait_s if",
        "self._rules.pulse_s if",
        f"{LOCK}tries_again_after_the_wait",
    ),
    Mutant(
        "retries for ever",
        "plug/lock",
        "elif self._tries > self._rules.retries:",
        "elif self._tries > 1000:",
        f"{LOCK}after_the_retries_it_fails_and_stays_still",
    ),
    Mutant(
        "any number of moves a minute",
        "plug/lock",
        " and len(self._moves) < self._rules.moves_per_minute",
        "",
        f"{LOCK}at_most_10_moves_a_minute",
    ),
    timer("plug/lock", "_MINUTE_S", "60.0", "30.0", f"{LOCK}at_most_10_moves_a_minute"),
]

TIMERS = [
    timer("control_pilot/vehicle", "C2_STABLE_S", "0.5", "1.0", f"{CLOSE}c2_must_be_stable_for_500_ms"),
    timer("control_pilot/vehicle", "C2_STABLE_S", "0.5", "0.0", f"{CLOSE}c2_must_be_stable_for_500_ms"),
    timer("control_pilot/offer", "C1_LEAVES_S", "6.0", "12.0", f"{OPEN}an_ended_offer_leaves_the_car_6_s"),
    timer("control_pilot/offer", "C1_LEAVES_S", "6.0", "0.0", f"{OPEN}an_ended_offer_leaves_the_car_6_s"),
    timer("evse", "SIMPLIFIED_PILOT_A", "10.0", "20.0", f"{OFFER}a_car_from_a_to_c_without_b_gets_10_a"),
    timer("control_pilot/offer", "X1_LEAST_S", "3.0", "6.0", f"{OFFER}x1_for_3_s_between_two_offers"),
    timer("control_pilot/offer", "X1_LEAST_S", "3.0", "0.0", f"{OFFER}x1_for_3_s_after_a_start"),
    timer("control_pilot/offer", "INCREASE_AFTER_S", "5.0", "10.0", f"{OFFER}a_reduction_is_immediate"),
    timer("control_pilot/offer", "INCREASE_AFTER_S", "5.0", "0.0", f"{OFFER}a_reduction_is_immediate"),
    timer(
        "control_pilot/offer",
        "WAKE_AFTER_S",
        "30.0",
        "60.0",
        f"{OFFER}wake_up_once_after_30_s_of_x2_without_c",
    ),
    timer(
        "control_pilot/offer",
        "WAKE_AFTER_S",
        "30.0",
        "0.0",
        f"{OFFER}wake_up_once_after_30_s_of_x2_without_c",
    ),
    timer("control_pilot/offer", "WAKE_F_S", "4.0", "8.0", f"{OFFER}wake_up_once_after_30_s_of_x2_without_c"),
    timer("control_pilot/offer", "WAKE_F_S", "4.0", "0.0", f"{OFFER}wake_up_once_after_30_s_of_x2_without_c"),
    timer(
        "control_pilot/offer",
        "SETTLES_S",
        "0.02",
        "0.04",
        f"{JUDGE}the_low_side_is_not_judged_just_after_a_duty_change",
    ),
    timer(
        "control_pilot/offer",
        "SETTLES_S",
        "0.02",
        "0.0",
        f"{JUDGE}the_low_side_is_not_judged_just_after_a_duty_change",
    ),
    Mutant(
        "wakes again and again",
        "control_pilot/offer",
        "            self._wake_left = False\n            self._go_dark",
        "            self._go_dark",
        f"{OFFER}wake_up_once_after_30_s_of_x2_without_c",
    ),
    Mutant(
        "F after a fault doubled",
        "control_pilot/offer",
        "self._go_dark(self._fault_f_s, now_s",
        "self._go_dark(2 * self._fault_f_s, now_s",
        f"{OPEN}a_fault_that_opens_in_c2_shows_f_for_300_ms_then_x1",
    ),
    Mutant(
        "no F after a fault",
        "control_pilot/offer",
        "if faulted and self._fault_f_s > 0:",
        "if False:",
        f"{OPEN}a_fault_that_opens_in_c2_shows_f_for_300_ms_then_x1",
    ),
    Mutant(
        "min_off doubled",
        "evse",
        "rules.min_off_s, now_s)",
        "2 * rules.min_off_s, now_s)",
        f"{CLOSE}5_s_since_it_last_opened",
    ),
    Mutant(
        "after_fault doubled",
        "evse",
        "rules.after_fault_s, now_s)",
        "2 * rules.after_fault_s, now_s)",
        f"{CLOSE}30_s_after_a_start",
    ),
    Mutant(
        "closings window doubled",
        "contactor/history",
        "self._rules.closings_window_s, now_s)",
        "2 * self._rules.closings_window_s, now_s)",
        f"{CLOSE}at_most_10_closings_in_10_minutes",
    ),
    Mutant(
        "twice the closings",
        "contactor/history",
        ">= self._rules.max_closings",
        ">= 2 * self._rules.max_closings",
        f"{CLOSE}at_most_10_closings_in_10_minutes",
    ),
    Mutant(
        "late limit doubled",
        "supervision/supervision",
        "sense.late_s > self._rules.late_limit_s",
        "sense.late_s > 2 * self._rules.late_limit_s",
        f"{OPEN}a_late_tick_opens_while_closed_only",
    ),
    Mutant(
        "no late limit",
        "supervision/supervision",
        "sense.late_s > self._rules.late_limit_s",
        "sense.late_s > 0",
        f"{OPEN}a_late_tick_opens_while_closed_only",
    ),
    timer(
        "supervision/supervision", "BLIND_S", "0.1", "0.2", f"{JUDGE}did_not_close_350_ms_after_the_command"
    ),
    timer("supervision/supervision", "BLIND_S", "0.1", "0.0", f"{JUDGE}a_mirror_contact_that_bounces"),
    timer(
        "supervision/supervision", "AGREES_WITHIN_S", "0.25", "0.5", f"{JUDGE}welded_350_ms_after_the_command"
    ),
    timer(
        "supervision/supervision", "AGREES_WITHIN_S", "0.25", "0.0", f"{JUDGE}welded_350_ms_after_the_command"
    ),
    timer(
        "supervision/supervision", "WELD_A, WELD_AFTER_S", "0.5, 3.0", "0.5, 6.0", f"{JUDGE}welded_by_current"
    ),
    timer(
        "supervision/supervision", "WELD_A, WELD_AFTER_S", "0.5, 3.0", "0.5, 0.0", f"{JUDGE}welded_by_current"
    ),
    timer("control_pilot/low_side", "PILOT_FAULT_S", "0.1", "0.2", f"{JUDGE}diode_missing_after_100_ms"),
    timer("control_pilot/low_side", "PILOT_FAULT_S", "0.1", "0.0", f"{JUDGE}diode_missing_after_100_ms"),
    timer(
        "supervision/supervision", "STATE_FAULT_S", "0.5", "1.0", f"{JUDGE}d_and_e_are_faults_after_500_ms"
    ),
    timer(
        "supervision/supervision", "STATE_FAULT_S", "0.5", "0.0", f"{JUDGE}d_and_e_are_faults_after_500_ms"
    ),
    timer(
        "supervision/over_current",
        "OVER_SHARE, OVER_A, OVER_S",
        "1.1, 0.5, 7.0",
        "1.1, 0.5, 14.0",
        f"{JUDGE}over_current",
    ),
    timer(
        "supervision/over_current",
        "OVER_SHARE, OVER_A, OVER_S",
        "1.1, 0.5, 7.0",
        "1.1, 0.5, 0.0",
        f"{JUDGE}over_current",
    ),
    timer(
        "supervision/over_current",
        "OVER_SHARE, OVER_A, OVER_S",
        "1.1, 0.5, 7.0",
        "1.1, 0.0, 7.0",
        f"{JUDGE}10_percent_and_half_an_ampere_are_allowed",
    ),
    timer(
        CONTRACT,
        "FRESH_S",
        "3.0",
        "6.0",
        f"{JUDGE}readings_over_3_s_old_are_no_over_current",
    ),
    timer("supervision/thermal", "COOLER_K", "5.0", "0.0", f"{OFFER}heat_lowers_the_offer"),
    timer("faults/ledger", "STANDS_S", "1.0", "2.0", f"{JUDGE}above_13_5_v_for_100_ms_clears_itself"),
    timer("faults/ledger", "STANDS_S", "1.0", "0.0", f"{JUDGE}above_13_5_v_for_100_ms_clears_itself"),
]

_PLACES = {"loop_late": OPEN, "contactor_cycling": CLOSE}

FAULTS = [
    Mutant(
        f"no cause {name}",
        "supervision/supervision",
        f'yield "{name}"',
        'yield "over_temperature"',
        f"{_PLACES.get(name, JUDGE)}{test}",
    )
    for name, test in {
        "pilot_out_of_range": "above_13_5_v",
        "ventilation": "d_and_e_are_faults",
        "pilot_short": "d_and_e_are_faults",
        "proximity_implausible": "an_implausible_plug_is_a_fault",
        "over_current": "over_current_for_7_s",
        "rcm_trip": "a_residual_current_for_30_ms",
        "meter_lost": "a_meter_that_goes_silent_is_reported",
        "meter_implausible": "what_the_instruments_say",
        "reader_lost": "what_the_instruments_say",
        "under_voltage": "what_the_instruments_say",
        "state_not_kept": "what_the_instruments_say",
        "contactor_cycling": "at_most_10",
        "loop_late": "a_late_tick_opens_while_closed_only",
    }.items()
]
