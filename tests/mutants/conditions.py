"""Each condition of the three predicates, and each limit of the offer, left out."""

from __future__ import annotations

from tests.mutants.mutant import CLOSE, OFFER, OPEN, PILOT, PLUG, SELF, STOP, Mutant


def _without(condition: str, old: str, test: str) -> Mutant:
    """A condition of may_close that always holds."""
    return Mutant(
        f"may_close without {condition}", "evse", f'"{condition}": {old},', f'"{condition}": True,', test
    )


def _blind(reason: str, old: str, test: str) -> Mutant:
    """A reason of must_open_now that never holds."""
    return Mutant(f"must_open without {reason}", "evse", f'"{reason}": {old},', f'"{reason}": False,', test)


MAY_CLOSE = [
    _without(
        "car_in_c2",
        "self._c2_stable and self._offer.offers",
        f"{CLOSE}c2_must_be_stable_for_500_ms",
    ),
    _without("diode_seen", "self._low_side.seen", f"{CLOSE}diode_must_have_been_seen"),
    _without("lock_confirmed", "self._lock_confirmed()", f"{CLOSE}lock_must_be_confirmed"),
    _without("rating_latched", "self._plug.rating_a is not None", f"{CLOSE}rating_must_be_latched"),
    _without("no_fault", "not self._faults.opens", f"{CLOSE}no_fault_may_stand"),
    _without(
        "wish",
        "self._asked_a(living) >= LEAST_A and not self._stopped",
        f"{CLOSE}a_wish_of_6_a_must_live",
    ),
    _without("mirror_open", "not sense.mirror_closed", f"{CLOSE}mirror_contact_must_say_open"),
    _without(
        "min_off",
        "contactor.commanded or passed(contactor.switched_s, rules.min_off_s, now_s)",
        f"{CLOSE}5_s_since_it_last_opened",
    ),
    _without(
        "after_fault",
        "passed(self._last_fault_s, rules.after_fault_s, now_s)",
        f"{CLOSE}30_s_after_a_start",
    ),
    _without(
        "closings",
        "not contactor.exhausted(now_s)",
        f"{CLOSE}at_most_10_closings_in_10_minutes",
    ),
    Mutant(
        "may_close: C1 counts as C2",
        "evse",
        'in_c2 = offer.offers and self._vehicle.state == "C"',
        'in_c2 = self._vehicle.state == "C"',
        f"{CLOSE}c2_begins_with_x2",
    ),
    Mutant(
        "may_close: stable while nobody looked",
        "evse",
        'self._vehicle.state == "C" and not self._late',
        'self._vehicle.state == "C"',
        f"{CLOSE}c2_is_not_stable_while_nobody_looked",
    ),
    _without("stop_button", "not self._stop_button.pressed", f"{STOP}a_stop_takes_the_offer"),
    _without("rcm_tested", "not self._rcm_test.runs", f"{SELF}nothing_is_offered_before_the_test_is_over"),
    Mutant(
        "may_close without what the machine lacks",
        "evse",
        "**dict.fromkeys(rules.lacks, False),",
        "",
        f"{CLOSE}nothing_closes_or_is_offered_while_the_machine_lacks_something",
    ),
    Mutant(
        "may_close: diode of another plug-in",
        "evse",
        'if vehicle == "A" or not seen:',
        "if not seen:",
        f"{CLOSE}a_diode_seen_in_another_plug_in_does_not_count",
    ),
    Mutant(
        "may_close: wish under 6 A",
        "evse",
        "self._asked_a(living) >= LEAST_A and not",
        "self._asked_a(living) > 0 and not",
        f"{CLOSE}a_wish_of_6_a_must_live",
    ),
    Mutant(
        "may_close: a fault does not restart after_fault",
        "evse",
        "        if self._faults.opens:\n            self._last_fault_s = now_s\n",
        "",
        f"{CLOSE}30_s_after_a_fault",
    ),
    Mutant(
        "may_close after SIGTERM",
        "evse",
        ">= LEAST_A and not self._stopped,",
        ">= LEAST_A,",
        f"{OPEN}stop_offers_nothing_for_good_and_opens_after_6_s",
    ),
    Mutant(
        "closes without may_close",
        "evse",
        "(closed or not self._withheld)",
        "(closed or is_pwm(self._offer.shown))",
        f"{CLOSE}c2_must_be_stable_for_500_ms",
    ),
]

MUST_OPEN = [
    _blind("car_left_c", 'self._vehicle.state != "C"', f"{OPEN}opens_at_the_second_sample_outside_c"),
    _blind("fault", "self._faults.opens", f"{OPEN}a_fault_opens_at_once"),
    _blind("plug_lost", "not self._plug.present", f"{OPEN}a_lost_plug_opens"),
    _blind("lock_lost", "not self._lock_confirmed()", f"{OPEN}a_lost_lock_opens"),
    _blind("rating_lost", "self._plug.rating_a is None", f"{OPEN}a_lost_rating_opens"),
    Mutant(
        "opens for no reason",
        "evse",
        " and not reasons and not self._c1_over(now_s)",
        " and not self._c1_over(now_s)",
        f"{OPEN}a_fault_opens_at_once",
    ),
    Mutant(
        "never opens in C1",
        "evse",
        " and not reasons and not self._c1_over(now_s)",
        " and not reasons",
        f"{OPEN}an_ended_offer_leaves_the_car_6_s",
    ),
    Mutant(
        "readings far outside are not counted",
        "control_pilot/vehicle",
        "if self._outside.feed(not SURELY_C_FROM_V < high_v < SURELY_C_TO_V):",
        "if False:",
        "test_rhythms.py::test_no_rhythm_hides_a_car_that_has_left_c",
    ),
    Mutant(
        "one sample ends C",
        "control_pilot/vehicle",
        "self._outside = Tally(TWO)",
        "self._outside = Tally(1.0)",
        f"{OPEN}a_single_sample_outside_c_does_not_open",
    ),
    Mutant(
        "hysteresis on leaving C",
        "control_pilot/levels",
        "(C_ENDS_ABOVE_V if in_c else C_BEGINS_TO_V)",
        "C_BEGINS_TO_V",
        f"{PILOT}bands_touch_and_only_entering_c_has_hysteresis",
    ),
    Mutant(
        "one sample of the lock's feedback",
        "plug/lock",
        "self._open = Tally(TWO, bad=not closed)",
        "self._open = Tally(1.0, bad=not closed)",
        f"{OPEN}one_sample_of_a_lost_lock_does_not_open",
    ),
]

STOP_OFFERING = [
    Mutant(
        "SIGTERM goes on offering",
        "evse",
        "if self._stopped or living is None or",
        "if living is None or",
        f"{OPEN}stop_offers_nothing_for_good_and_opens_after_6_s",
    ),
    Mutant(
        "a stop button does not stop",
        "evse",
        "living is None or self._stop_button.pressed:",
        "living is None:",
        f"{STOP}a_stop_takes_the_offer",
    ),
    Mutant(
        "a lapsed wish lives",
        "evse",
        "if now_s >= self._wish_ends_s:",
        "if now_s >= self._wish_ends_s + 10:",
        f"{OPEN}a_wish_lapses",
    ),
    Mutant(
        "less than 6 A is offered",
        "evse",
        "return not min(self._limits_a.values()) >= LEAST_A",
        "return not min(self._limits_a.values()) > 5",
        f"{OFFER}below_6_a_is_x1",
    ),
    Mutant(
        "a wish outlives its car",
        "evse",
        "self._spent = self._wish",
        "self._spent = None",
        f"{CLOSE}what_was_wished_when_a_car_left_is_not_for_the_next_one",
    ),
    Mutant(
        "a wish is spent when a car comes",
        "evse",
        "if self._visit.left:",
        'if self._vehicle.state == "B":',
        f"{CLOSE}what_was_wished_when_a_car_left_is_not_for_the_next_one",
    ),
    Mutant(
        "a wish of any length",
        "evse",
        "min(wish.valid_until_s, now_s + WISH_LIFE_RESTART_S)",
        "wish.valid_until_s",
        f"{OPEN}a_wish_lives_for_60_s_at_most",
    ),
]

LIMITS = [
    Mutant("no cable limit", "evse", "self._plug.rating_a or 0.0,", "99.0,", f"{OFFER}the_least_limit_wins"),
    Mutant(
        "no installation limit",
        "evse",
        '"installation": self._rules.installation_max_a,',
        "",
        f"{OFFER}the_installation_limits",
    ),
    Mutant(
        "no temperature limit",
        "evse",
        "if self._thermal.limit_a is not None:",
        "if self._thermal.limit_a is None:",
        f"{OFFER}heat_lowers_the_offer_in_a_line_then_stops_it",
    ),
    Mutant(
        "no simplified pilot limit",
        "evse",
        "if self._visit.without_b:",
        "if False:",
        f"{OFFER}a_car_from_a_to_c_without_b_gets_10_a_in_this_plug_in",
    ),
    Mutant(
        "the rating may rise",
        "plug/proximity_pilot",
        "elif self._lower.feed(seen < self.rating_a):\n            self.rating_a = min(self.rating_a, seen)",
        "else:\n            self.rating_a = seen",
        f"{PLUG}the_rating_is_latched_and_never_rises_in_a_plug_in",
    ),
    Mutant(
        "a reduction waits",
        "control_pilot/offer",
        "elif target_a < shown_a or passed(",
        "elif passed(",
        f"{OFFER}a_reduction_is_immediate",
    ),
    Mutant(
        "offered without a confirmed lock",
        "evse",
        "sure = self._lock_confirmed() and not self._faults.opens",
        "sure = not self._faults.opens",
        f"{CLOSE}lock_must_be_confirmed",
    ),
    Mutant(
        "offered before it could close",
        "evse",
        "if self._may_offer(now_s) else 0.0",
        "",
        f"{CLOSE}a_new_offer_waits_for_the_pause",
    ),
    Mutant(
        "no offer comes back while it is still closed",
        "evse",
        "if contactor.commanded or all(",
        "if all(",
        f"{CLOSE}an_offer_that_comes_back_in_c1_waits_for_nothing",
    ),
    Mutant(
        "offered without a rating",
        "evse",
        "self._plug.rating_a or 0.0,",
        "self._plug.rating_a or 63.0,",
        f"{OFFER}an_unrated_plug_is_offered_nothing",
    ),
    Mutant(
        "offered under a fault",
        "evse",
        "sure = self._lock_confirmed() and not self._faults.opens",
        "sure = self._lock_confirmed()",
        f"{CLOSE}no_fault_may_stand",
    ),
    Mutant(
        "offered in any state",
        "evse",
        'if vehicle in ("B", "C") and sure',
        "if sure",
        f"{OFFER}nothing_is_offered_in_a_with_a_locked_cable",
    ),
]
