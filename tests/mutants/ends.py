"""What a box does about its own end: the trip output, and a state that cannot be kept."""

from __future__ import annotations

from tests.mutants.mutant import CLOSE, rows, timer

_TRIP = "contactor/test_trip.py::test_"
_OPENS = f"{_TRIP}a_contact_that_opens"
_THREE = f"{_TRIP}three_pulses_of_a_second_and_no_more"

ENDS = [
    *rows(
        "contactor/trip",
        ("a pulse that goes on", "return live\n", "return True\n", _OPENS),
        ("trips an open contact", "if not live or not rested", "if not rested", _OPENS),
        ("pulses for ever", " or self.pulses == TRIES:", ":", _THREE),
        ("one series in a life", "            self.pulses = 0\n", "", f"{_TRIP}a_weld_that_a_person"),
    ),
    timer("contactor/trip", "PULSE_S", "1.0", "2.0", f"{_TRIP}the_pulse_is_what_shunt_trips_are_made_for"),
    *rows(
        "evse",
        (
            "closes what cannot be kept",
            "self._state_kept = sense.state_kept",
            "self._state_kept = True",
            f"{CLOSE}nothing_new_closes_while_nothing_can_be_kept",
        ),
        (
            "the trip output is never used",
            "trip=self._trip.step(",
            "trip=False and self._trip.step(",
            f"{_TRIP}a_welded_box_pulses_its_output",
        ),
    ),
]  # fmt: skip
