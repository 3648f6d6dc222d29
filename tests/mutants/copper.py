"""What copper asks for: droop, N of M, late ticks, the plug that is gone, the pilot's self test."""

from __future__ import annotations

from tests.mutants.mutant import (
    CLOSE,
    COPPER,
    JUDGE,
    LOCK,
    OPEN,
    PILOT,
    PILOT_TEST,
    PLUG,
    RHYTHM,
    VEHICLE,
    rows,
    timer,
)

_TESTED = f"{PILOT_TEST}the_start_shows_f_then_x1"
_F_READS = f"{PILOT_TEST}f_must_read_minus_12_v"
_X1_READS = f"{PILOT_TEST}x1_must_read_12_v"
_LONGEST = f"{RHYTHM}the_longest_time_of_a_tally"

COPPER_RULES = [
    timer("tally", "GIVES_BACK", "0.25", "1.0", _LONGEST),
    timer("tally", "GIVES_BACK", "0.25", "0.05", f"{RHYTHM}one_bad_sample_in_ten_at_any_place"),
    timer("tally", "TWO, THREE", "2.0, 2.5", "3.5, 2.5", _LONGEST),
    timer("tally", "TWO, THREE", "2.0, 2.5", "2.0, 4.0", _LONGEST),
    timer("control_pilot/visit", "LEFT_S", "1.0", "0.05", f"{LOCK}a_pilot_that_is_open_for_less"),
    timer("control_pilot/visit", "LEFT_S", "1.0", "3.0", f"{LOCK}a_pilot_that_is_open_for_less"),
    timer("control_pilot/visit", "GONE_S", "2.0", "0.1", f"{OPEN}a_trip_outlasts_a_loose_pilot"),
    timer("plug/proximity_pilot", "RATED_AFTER_S", "0.25", "0.02", f"{PLUG}a_rating_is_latched_after"),
    timer("plug/proximity_pilot", "RATED_AFTER_S", "0.25", "0.5", f"{PLUG}a_rating_is_latched_after"),
    timer("self_tests/pilot", "IN_A_S", "0.5", "1.0", _TESTED),
    timer("self_tests/pilot", "TEST_F_S", "0.3", "0.6", _TESTED),
    timer("self_tests/pilot", "X1_S", "0.8", "1.2", _TESTED),
    timer("self_tests/pilot", "PWM_AFTER_S, PWM_S", "0.1, 1.1", "0.1, 1.6", _TESTED),
    timer("self_tests/pilot", "CAR_KNOWN_S", "0.1", "0.0", f"{PILOT_TEST}a_car_that_comes_at_any_tick"),
    timer("self_tests/pilot", "AGAIN_S, SOURCE_AGAIN_S", "10.0, 60.0", "20.0, 60.0", _F_READS),
    timer("self_tests/pilot", "SOURCE_FROM_V, SOURCE_TO_V", "11.2, 12.8", "10.0, 12.8", _X1_READS),
    timer("self_tests/pilot", "SOURCE_FROM_V, SOURCE_TO_V", "11.2, 12.8", "11.2, 14.0", _X1_READS),
    timer("self_tests/pilot", "BOX_FROM_V, BOX_TO_V", "10.8, 13.2", "10.0, 13.2", _X1_READS),
    timer("self_tests/pilot", "BOX_FROM_V, BOX_TO_V", "10.8, 13.2", "10.8, 14.0", _X1_READS),
    timer("self_tests/pilot", "NOTHING_V", "1.5", "20.0", f"{PILOT_TEST}f_must_pull_the_high_side_down"),
    timer("self_tests/pilot", "HOLD_WRONG", "0.2", "0.4", f"{PILOT_TEST}a_time_constant_that_is_wrong_by_30"),
    timer("self_tests/pilot", "HOLD_WRONG", "0.2", "0.05", f"{PILOT_TEST}a_time_constant_that_is_wrong_by_1"),
    timer("self_tests/pilot", "SPREAD", "0.03", "0.3", f"{PILOT_TEST}a_missing_low_pass_is_named"),
    *rows(
        "self_tests/pilot",
        ("a pilot test beside a car", "not car and offer.shown", "offer.shown",
         f"{PILOT_TEST}a_car_postpones"),
        ("no pilot test after a car", "self._due, self._part = True, None", "self._part = None",
         f"{PILOT_TEST}each_car_that_has_left"),
    ),
    *rows(
        "evse",
        ("a pilot test at +15 V", 'car or self._faults.stands("pilot_out_of_range")', "car",
         f"{PILOT_TEST}a_pilot_that_is_out_of_range_ends"),
    ),
    *rows(
        "control_pilot/levels",
        ("no droop is taken out", "return gap * gap * PERIOD_S / (2 * hold_s)", "return 0.0",
         f"{PILOT}volts_are_those_before"),
        ("the whole droop is taken out", "return gap * gap * PERIOD_S / (2 * hold_s)",
         "return gap * PERIOD_S / hold_s", f"{PILOT}volts_are_those_before"),
    ),
    *rows(
        "control_pilot/vehicle",
        ("no median of four", "return band(median(self._in_c), in_c=True)", 'return "C"',
         f"{VEHICLE}c_ends_where_the_median"),
        ("a late reading is as any other", "        if late:", "        if False:",
         f"{VEHICLE}a_late_reading_outside_c_ends_it"),
        ("C2 without its newest reading", "_begins_c(mean_v) and _begins_c(high_v)", "_begins_c(mean_v)",
         f"{VEHICLE}c2_is_steady"),
        ("C2 without its mean", "_begins_c(mean_v) and _begins_c(high_v)", "_begins_c(high_v)",
         f"{VEHICLE}c2_whose_mean"),
        ("the dark is not forgotten", "        self._before = None\n        self._in_c.clear()",
         "        self._in_c.clear()", f"{VEHICLE}after_the_dark"),
    ),
    *rows(
        "tally",
        ("a late bad sample is one", "(2.0 if late else 1.0)", "1.0", f"{RHYTHM}a_late_bad_sample"),
        ("a late good sample makes up", "elif not late:", "else:", f"{RHYTHM}a_late_bad_sample"),
        ("bad time begins anew", "passed_s if was_wrong else -GIVES_BACK * passed_s",
         "passed_s if was_wrong else -100.0", f"{RHYTHM}bad_time_adds_up"),
    ),
    *rows(
        "plug/proximity_pilot",
        ("a late sample latches", "if not late and isinstance", "if isinstance",
         f"{PLUG}what_comes_late_does_not_rate"),
    ),
    *rows(
        "evse",
        ("a lost diode opens nothing", '"diode_lost": self._low_side.lost,', "",
         f"{JUDGE}a_low_side_that_no_diode_leaves"),
        ("the bolt does not wait for the second", 'cable = "keep"', "pass",
         f"{LOCK}a_pilot_that_is_open_for_less"),
        ("x2 in the pause", "if self._may_offer(now_s) else 0.0", "", f"{CLOSE}5_s_since_it_last_opened"),
        ("hum may open for ever", "if opens and by_pilot:", "if False:",
         f"{COPPER}more_hum_opens_twice"),
        ("C2 of before an opening", "self._steady_c2.forget()", "pass", f"{CLOSE}c2_begins_anew_after_each"),
        ("diode of before the dark", 'if vehicle == "A" or not seen:', 'if vehicle == "A":',
         f"{CLOSE}a_diode_seen_before_the_dark"),
        ("never says why it does not close", '"not_closing": self._is_not_closing(living, now_s),', "",
         f"{CLOSE}a_box_that_does_not_close_says_why"),
    ),
    *rows(
        "control_pilot/hum",
        ("a car that left by itself was noise", "self._openings += self._shows_c() and self._is_noisy(",
         "self._openings += self._is_noisy(", f"{COPPER}a_pause_as_each_16"),
    ),
    *rows(
        "supervision/supervision",
        ("a mirror contact that drops is waited for", "if disagrees or (dropped and contactor.commanded):",
         "if disagrees:", f"{JUDGE}a_mirror_contact_that_drops"),
        ("readings that fail do not count", "or unread or", "or", f"{JUDGE}three_readings_that_fail"),
    ),
    *rows(
        "control_pilot/low_side",
        ("no diode is missed", '("diode_missing",) * sags', "()", f"{JUDGE}diode_missing_after_100_ms"),
        ("no -12 V is missed", '("pilot_circuit",) * none', "()", f"{JUDGE}no_low_side_at_all"),
    ),
]  # fmt: skip
