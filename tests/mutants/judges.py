"""The judges of pilot, meter and heat: each rule and timer left out or changed."""

from __future__ import annotations

from tests.mutants.mutant import CONTRACT, HEAT, JUDGE, OFFER, PLUG, rows, timer

PILOT_JUDGE = [
    timer("supervision/supervision", "READER_GRACE_S", "3.0", "6.0", f"{JUDGE}what_the_instruments_say"),
    timer("supervision/supervision", "READER_GRACE_S", "3.0", "0.0", f"{JUDGE}what_the_instruments_say"),
    timer("supervision/supervision", "CP_OLD_S", "0.05", "0.1", f"{JUDGE}a_pilot_that_is_not_measured"),
    timer("supervision/supervision", "CP_OLD_S", "0.05", "0.0", f"{JUDGE}a_pilot_that_is_not_measured"),
    timer("control_pilot/low_side", "NO_MINUS_V", "-1.5", "-1.0", f"{JUDGE}no_low_side_at_all"),
    timer("control_pilot/low_side", "NO_MINUS_V", "-1.5", "-3.0", f"{JUDGE}diode_missing_after_100_ms"),
    timer(
        "supervision/supervision",
        "X1_DECAYS_S, X1_LOW_V",
        "0.2, -3.0",
        "0.4, -3.0",
        f"{JUDGE}a_low_side_that_stays",
    ),
    timer(
        "supervision/supervision",
        "X1_DECAYS_S, X1_LOW_V",
        "0.2, -3.0",
        "0.0, -3.0",
        f"{JUDGE}a_low_side_that_stays",
    ),
    timer(
        "supervision/supervision",
        "X1_DECAYS_S, X1_LOW_V",
        "0.2, -3.0",
        "0.2, -1.0",
        f"{JUDGE}a_low_side_that_has_decayed",
    ),
    *rows(
        "supervision/supervision",
        (
            "no judge of x1's low side",
            "self._low_stays.feed(decayed and",
            "self._low_stays.feed(False and",
            f"{JUDGE}a_low_side_that_stays",
        ),
        ("a dead converter is believed", "not sense.cp_alive or ", "", f"{JUDGE}a_converter_that_does_not"),
        (
            "an old reading is believed",
            " or sense.cp_age_s > CP_OLD_S",
            "",
            f"{JUDGE}a_pilot_that_is_not_measured",
        ),
        (
            "below -13.5 V is in range",
            " or median(self._lows) < LOW_FROM_V",
            "",
            f"{JUDGE}below_minus_13_5_v",
        ),
        (
            "hum is a source below -13.5 V",
            "median(self._lows) < LOW_FROM_V",
            "sense.cp_low_v < LOW_FROM_V",
            "test_copper.py::test_more_hum_opens_twice",
        ),
        (
            "did_not_close and welded are one",
            '"did_not_close" if contactor.commanded else "welded"',
            '"welded"',
            f"{JUDGE}did_not_close_350_ms",
        ),
        (
            "an old reading of the meter is fresh",
            "read_s is not None and now_s - read_s <= FRESH_S",
            "read_s is not None",
            f"{JUDGE}a_meter_without_a_reading",
        ),
        (
            "a reader is well when nobody says so",
            "self._no_reader.look_away()",
            "self._reader_lost = False",
            f"{JUDGE}a_reader_stays_lost",
        ),
        (
            "a reader is lost when nobody says so",
            "            self._no_reader.look_away()",
            "            self._reader_lost = self._no_reader.feed(True, now_s)",
            f"{JUDGE}a_reader_that_nobody",
        ),
        (
            "instruments that speak are not looked at",
            "if sense.instruments_speak:",
            "if False:",
            f"{JUDGE}a_meter_is_missed_3_s_after",
        ),
    ),
    *rows(
        "control_pilot/offer",
        (
            "the relay stays closed",
            "cut = waking and self._has_relay",
            "cut = False",
            f"{OFFER}a_relay_cuts_the_pilot",
        ),
        (
            "a cut pilot is looked at",
            'return self.connected and self.shown != "F"',
            'return self.shown != "F"',
            f"{OFFER}a_relay_cuts_the_pilot",
        ),
    ),
    *rows(
        "plug/proximity_pilot",
        (
            "an implausible plug is forgotten",
            "or (self.implausible and self.present)",
            "",
            f"{PLUG}an_implausible_plug_has_no_rating",
        ),
    ),
]

HEAT_JUDGE = [
    timer("supervision/thermal", "AT_ONCE_K", "5.0", "10.0", f"{HEAT}90_degrees_open_at_once"),
    timer("supervision/thermal", "AT_ONCE_K", "5.0", "0.0", f"{HEAT}85_degrees_stop_gently"),
    timer("supervision/thermal", "COOLER_K", "5.0", "10.0", f"{HEAT}85_degrees_stop_gently"),
    timer(CONTRACT, "LOST_PAUSE_S", "60.0", "120.0", f"{HEAT}without_a_value_6_a"),
    timer(CONTRACT, "LOST_PAUSE_S", "60.0", "0.0", f"{HEAT}without_a_value_6_a"),
    timer("supervision/loss", "LOST_RECOVER_S", "10.0", "20.0", f"{HEAT}10_s_of_values"),
    timer("supervision/loss", "LOST_RECOVER_S", "10.0", "0.0", f"{HEAT}10_s_of_values"),
    timer("supervision/loss", "START_GRACE_S", "30.0", "60.0", f"{HEAT}a_thermometer_that_was_never_there"),
    timer("supervision/loss", "START_GRACE_S", "30.0", "0.0", f"{HEAT}a_thermometer_that_was_never_there"),
    *rows(
        "supervision/loss",
        (
            "a device that is spoken of again is waited for anew",
            "min(self._first_by_s, first_by_s)",
            "first_by_s",
            f"{JUDGE}a_meter_is_missed_3_s_after",
        ),
        (
            "a device is missed at once",
            "(self._measured or passed(self._first_by_s, 0.0, now_s))",
            "True",
            f"{JUDGE}a_meter_that_was_never_there",
        ),
        (
            "a device that was never there is not missed",
            "(self._measured or passed(self._first_by_s, 0.0, now_s))",
            "self._measured",
            f"{JUDGE}a_meter_that_was_never_there",
        ),
        (
            "the first value is not believed",
            " or (fresh and not self._measured)",
            "",
            f"{HEAT}the_first_value_is_believed",
        ),
        (
            "a device that comes and goes is a new loss",
            "elif not fresh and self.since_s is None:",
            "elif not fresh:",
            f"{HEAT}a_value_in_between",
        ),
    ),
    *rows(
        "supervision/thermal",
        (
            "no cause over_temperature",
            "contacts_c >= rules.derate_from_c:",
            "False:",
            f"{JUDGE}a_temperature_fault_does_not_open",
        ),
        (
            "overheated only at once",
            "if at_once or (self._stopped and not commanded):",
            "if at_once:",
            f"{HEAT}85_degrees_stop_gently",
        ),
        (
            "overheated without patience",
            "(self._stopped and not commanded)",
            "self._stopped",
            f"{HEAT}85_degrees_stop_gently",
        ),
        (
            "a lost thermometer is no fault",
            "if rules.has_thermometer and self._loss",
            "if False and self._loss",
            f"{HEAT}without_a_value_6_a",
        ),
        (
            "a lost thermometer limits nothing",
            "min(self._heat_a, self._by_loss_a(now_s))",
            "self._heat_a",
            f"{HEAT}without_a_value_6_a",
        ),
        (
            "heat limits nothing",
            "min(self._heat_a, self._by_loss_a(now_s))",
            "self._by_loss_a(now_s)",
            f"{HEAT}a_stop_is_remembered",
        ),
    ),
]
