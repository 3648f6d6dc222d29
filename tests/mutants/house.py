"""Mutants of the limits by the house: main fuse, surplus and dimming, each rule and time broken."""

from __future__ import annotations

from tests.mutants.shell import Mutant

LIMITS = "bridge/core/limits/"
FUSE, LOAD = f"{LIMITS}main_fuse.py", f"{LIMITS}house_load.py"
SUN, DIM = f"{LIMITS}surplus.py", f"{LIMITS}dimming.py"
TESTS = "tests/bridge/core/limits/"
OF_FUSE, OF_LOAD = f"{TESTS}test_main_fuse.py::test_", f"{TESTS}test_house_load.py::test_"
OF_SUN, OF_DIM = f"{TESTS}test_surplus.py::test_", f"{TESTS}test_dimming.py::test_"
PROPERTY = f"{OF_FUSE}above_the_fuse_for_12_s_at_most_and_never_by_more_than_the_step"

HOUSE = (
    Mutant("fuse: a lower limit waits", FUSE, "elif room_a < self._limit_a:", "elif False:", PROPERTY),
    Mutant(
        "fuse: no pause under 6 A",
        FUSE,
        "elif room_a < LEAST_A:",
        "elif False:",
        f"{OF_FUSE}less_than_6_a_pause_for_2_minutes_at_least_and_until_there_was_enough_for_60_s",
    ),
    Mutant(
        "fuse: a step is averaged",
        FUSE,
        "            self._limit_a = room_a\n        elif self._may",
        "            self._limit_a = (room_a + self._limit_a) / 2\n        elif self._may",
        PROPERTY,
    ),
    Mutant(
        "fuse: the best phase counts",
        FUSE,
        "- max(load",
        "- min(load",
        f"{OF_FUSE}the_worst_phase_counts_and_only_of_those_that_feed_the_box",
    ),
    Mutant(
        "fuse: no margin",
        FUSE,
        "MARGIN_A = 0.5",
        "MARGIN_A = 0.0",
        f"{OF_FUSE}exactly_6_a_are_enough_to_go_on_and_7_to_begin",
    ),
    Mutant(
        "fuse: one low reading pauses",
        FUSE,
        "            if self._low_twice:",
        "            if True:",
        f"{OF_FUSE}one_reading_under_6_a_is_no_pause",
    ),
    Mutant(
        "fuse: rises at once",
        FUSE,
        "RAISE_S = 10.0",
        "RAISE_S = 0.0",
        f"{OF_FUSE}a_limit_rises_to_the_least_of_10_s",
    ),
    Mutant(
        "fuse: rises after a gap before 10 s are known",
        FUSE,
        "return at_s - self._rooms[0][0] >= RAISE_S",
        "return True",
        f"{OF_FUSE}a_meter_that_comes_back_is_believed_after_10_s",
    ),
    Mutant(
        "fuse: a pause of no length",
        FUSE,
        "return max(paused_s + PAUSE_S, (paused_s if since_s is None else since_s) + RESUME_S)",
        "return (paused_s if since_s is None else since_s) + RESUME_S",
        f"{OF_FUSE}less_than_6_a_pause_for_2_minutes_at_least_and_until_there_was_enough_for_60_s",
    ),
    Mutant(
        "fuse: resumes as soon as the pause was long enough",
        FUSE,
        "return max(paused_s + PAUSE_S, (paused_s if since_s is None else since_s) + RESUME_S)",
        "return paused_s + PAUSE_S",
        f"{OF_FUSE}less_than_6_a_pause_for_2_minutes_at_least_and_until_there_was_enough_for_60_s",
    ),
    Mutant(
        "fuse: no hysteresis",
        FUSE,
        "RESUME_A = LEAST_A + 1.0",
        "RESUME_A = LEAST_A",
        f"{OF_FUSE}exactly_6_a_are_enough_to_go_on_and_7_to_begin",
    ),
    Mutant(
        "fuse: a quiet meter raises",
        FUSE,
        "limit_a = min(self._limit_a, house.when_quiet_a) if quiet",
        "limit_a = house.when_quiet_a if quiet",
        f"{OF_FUSE}a_quiet_meter_leaves_what_the_owner_said_and_never_more_than_before",
    ),
    Mutant(
        "fuse: a quiet meter changes nothing",
        FUSE,
        "return self._heard_s is None or now_s - self._heard_s > QUIET_S",
        "return self._heard_s is None",
        f"{OF_FUSE}a_quiet_meter_leaves_what_the_owner_said_and_never_more_than_before",
    ),
    Mutant(
        "fuse: a meter that is back is believed at once",
        FUSE,
        "self._limit_a = min(self._limit_a, max(house.when_quiet_a, LEAST_A))",
        "pass",
        f"{OF_FUSE}a_meter_that_comes_back_is_believed_after_10_s",
    ),
    Mutant(
        "fuse: begins before the first reading",
        FUSE,
        "if self._charges or now_s >= ends_s:",
        "if True:",
        f"{OF_FUSE}before_the_first_reading_nothing_begins_and_what_runs_goes_on_at_little",
    ),
    Mutant(
        "load: the box is the house's",
        LOAD,
        "loads[phase] -= amps",
        "pass",
        f"{OF_FUSE}what_the_car_draws_is_no_load_of_the_house",
    ),
    Mutant(
        "load: the wires are always RST",
        LOAD,
        "zip(wires, own.current_a, strict=False)",
        "zip(range(3), own.current_a, strict=False)",
        f"{OF_LOAD}whatever_the_wires_what_the_box_draws_is_taken_from_the_phase_that_feeds_it",
    ),
    Mutant(
        "load: a car that moves is the house",
        LOAD,
        "(max(amps) for amps",
        "(min(amps) for amps",
        f"{OF_LOAD}a_car_that_moved_meanwhile_is_not_the_house",
    ),
    Mutant(
        "load: the own meter is not waited for",
        LOAD,
        "return known or now_s - house.at_s >= WAITS_S",
        "return True",
        f"{OF_LOAD}a_load_waits_for_the_next_reading_of_the_box",
    ),
    Mutant(
        "load: an old reading of the box counts",
        LOAD,
        "abs(one.at_s - at_s) <= FRESH_S",
        "True",
        f"{OF_LOAD}without_a_reading_of_the_box_all_is_the_house_s",
    ),
    Mutant(
        "surplus: begins at once",
        SUN,
        "START_AFTER_S = 60.0",
        "START_AFTER_S = 0.0",
        f"{OF_SUN}it_begins_when_there_was_enough_for_a_minute",
    ),
    Mutant(
        "surplus: less than 6 A",
        SUN,
        "max(LEAST_A, float(floor(amps)))",
        "float(floor(amps))",
        f"{OF_SUN}however_the_sun_shines_it_keeps_its_times",
    ),
    Mutant(
        "surplus: keeps no time",
        SUN,
        "return max(self._switched_s + least_s, differs_s + after_s)",
        "return differs_s + after_s",
        f"{OF_SUN}however_the_sun_shines_it_keeps_its_times",
    ),
    Mutant(
        "surplus: a quiet meter is the sun",
        SUN,
        "if not self._loads or now_s - self._loads[-1].at_s > QUIET_S:",
        "if not self._loads:",
        f"{OF_SUN}a_quiet_house_meter_is_no_sun",
    ),
    Mutant(
        "dimming: a bounce ends it",
        DIM,
        "if now.s - self._released_s >= RELEASE_S:",
        "if True:",
        f"{OF_DIM}it_ends_2_s_after_the_contact_and_not_by_a_bounce",
    ),
    Mutant(
        "dimming: not noted when it is obeyed",
        DIM,
        "if reading.power_w <= row.limit_w:",
        "if False:",
        f"{OF_DIM}the_record_says_when_it_began_when_it_was_obeyed_and_when_it_ended",
    ),
    Mutant(
        "dimming: a line that is not read ends it",
        DIM,
        "        if line is None:\n            return\n",
        "",
        f"{OF_DIM}a_line_that_nobody_reads_changes_nothing",
    ),
)
