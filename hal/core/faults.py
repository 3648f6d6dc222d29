"""PURE: the faults of a box, in one table; docs/faults.md is written from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hal.contract import Clears
from hal.core.lock import UNLOCKS_AGAIN_S
from hal.core.offer import C1_LEAVES_S
from hal.core.over_current import FRESH_S, OVER_A, OVER_S, OVER_SHARE
from hal.core.pilot import LOW_FROM_V, LOW_TO_V, TOO_HIGH_V
from hal.core.restarts import LOOKS_S, WINDOW_S
from hal.core.self_tests import PILOT_AGAIN_S, RCM_DROPS_S, RCM_RETURNS_S
from hal.core.stop_button import STUCK_S
from hal.core.supervision import (
    AGREES_WITHIN_S,
    BLIND_S,
    CP_OLD_S,
    NO_MINUS_V,
    PILOT_FAULT_S,
    RCM_TRIP_S,
    READER_LOST_S,
    STATE_FAULT_S,
    WELD_A,
    WELD_AFTER_S,
    X1_DECAYS_S,
    X1_LOW_V,
)
from hal.core.thermal import AT_ONCE_K, COOLER_K, LOST_PAUSE_S, LOST_RECOVER_S
from hal.core.trip import PULSE_S, TRIES
from hal.core.watchdog_line import PROOF_S

Severity = Literal["open", "derate", "report"]  # open: the contactor may not be closed while it stands

TWO_SAMPLES_S = 0.02  # of 10 ms, while closed
AT_ONCE_S = 0.01  # one sample
_LOCK_S = 30.0  # 4 pulses of 0.6 s, 5 s apart, with the default lock.*
_OPENS = "contactor open, x1 (F for 300 ms first if the car was in C2)"
_STAYS_OPEN = "contactor stays open, x1"
_TOLD = "told, nothing else"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row. Times count from the cause on the lines."""

    severity: Severity
    clears: Clears  # unplug: the vehicle state was A and the cause is gone; itself: a second after the cause
    noticed: str
    limit: str  # with its clause or source
    told_s: float  # when it stands in the Status, at the latest
    opens_s: float | None = None  # when the contactor's line falls; None: it does not, or is down already
    does: str = _OPENS


_MIRROR_S = BLIND_S + AGREES_WITHIN_S
_PULSES = "after the last of lock.retries further pulses (field practice)"

KINDS: dict[str, Kind] = {
    # the contactor
    "welded": Kind(
        "open", "person", "mirror contact closed though commanded open, or current flows then",
        f"{_MIRROR_S:g} s after the command, or more than {WELD_A:g} A {WELD_AFTER_S:g} s after it "
        "(controllers of the field judge 0.2 to 1 s after the command)",
        _MIRROR_S, does="nothing closes until a person clears it, restarts included; the cable stays locked; "
        f"the trip output is pulsed {TRIES} times, {PULSE_S:g} s each",
    ),
    "did_not_close": Kind(
        "open", "unplug", "mirror contact open though commanded closed",
        f"{_MIRROR_S:g} s after the command (field practice, as above)", _MIRROR_S, _MIRROR_S,
    ),
    "watchdog_line": Kind(
        "open", "person", "the contactor closes though the watchdog line is held still",
        f"within {PROOF_S:g} s of the command, at the first closing after a start and of each day: it would "
        "stay closed in a hang",
        PROOF_S + AT_ONCE_S, PROOF_S + AT_ONCE_S,
    ),
    "contactor_cycling": Kind(
        "open", "itself", "it was closed as often as it may be",
        "contactor.max_closings (10) in contactor.closings_window_s (10 minutes): the life of its contacts",
        AT_ONCE_S, does=_STAYS_OPEN,
    ),
    # the control pilot
    "diode_missing": Kind(
        "open", "unplug", "low side in x2 in B, C or D",
        f"above {LOW_TO_V:g} V for {PILOT_FAULT_S:g} s (IEC 61851-1 Table A.4 note)",
        PILOT_FAULT_S, PILOT_FAULT_S,
    ),
    "pilot_short": Kind(
        "open", "itself", "state E: high side below 1.5 V",
        f"{STATE_FAULT_S:g} s (IEC 61851-1 Table A.6 sequence 12 allows 3 s)", STATE_FAULT_S, TWO_SAMPLES_S,
    ),
    "pilot_out_of_range": Kind(
        "open", "itself", "a voltage that no healthy pilot has",
        f"above +{TOO_HIGH_V:g} V or below {LOW_FROM_V:g} V for {PILOT_FAULT_S:g} s "
        "(IEC 61851-1 Annex A: source 12 V +- 0.6 V)",
        PILOT_FAULT_S, PILOT_FAULT_S,
    ),
    "pilot_circuit": Kind(
        "open", "unplug",
        "self test at the start and after each unplug; no low side in x2; a low side that stays in x1; "
        "a converter that does not answer, or the same for ever",
        f"no answer for {CP_OLD_S:g} s; F must read -12 V +- 1.5 V and x1 12 V +- 1 V (IEC 61851-1 Annex A); "
        f"above {NO_MINUS_V:g} V in x2; below {X1_LOW_V:g} V {X1_DECAYS_S:g} s after x1 began",
        X1_DECAYS_S + PILOT_FAULT_S, X1_DECAYS_S + PILOT_FAULT_S,
        f"{_OPENS}; without a car the test is made again every {PILOT_AGAIN_S:g} s",
    ),
    "ventilation": Kind(
        "open", "unplug", "state D", f"{STATE_FAULT_S:g} s (IEC 61851-1 Annex A: no ventilation here)",
        STATE_FAULT_S, TWO_SAMPLES_S,
    ),
    # cable and lock
    "proximity_implausible": Kind(
        "open", "unplug", "proximity pilot", f"below 75 ohm for {STATE_FAULT_S:g} s (IEC 61851-1 Table B.2)",
        STATE_FAULT_S, TWO_SAMPLES_S,
    ),
    "plug_lost": Kind(
        "open", "unplug", "plug pulled under load", "above 2200 ohm while closed (IEC 61851-1 Table B.2)",
        TWO_SAMPLES_S, TWO_SAMPLES_S,
    ),
    "rating_lost": Kind(
        "open", "unplug", "cable rating lost under load", "below 75 ohm while closed (IEC 61851-1 Table B.2)",
        TWO_SAMPLES_S, TWO_SAMPLES_S,
    ),
    "lock_failed": Kind("open", "unplug", "feedback not locked", _PULSES, _LOCK_S, does=_STAYS_OPEN),
    "unlock_failed": Kind(
        "report", "itself", "feedback not unlocked", _PULSES, _LOCK_S,
        does=f"tries again every {UNLOCKS_AGAIN_S:g} s",
    ),
    "lock_opened": Kind(
        "open", "unplug", "feedback not locked under load", "two samples (no plug may be drawn under load)",
        TWO_SAMPLES_S, TWO_SAMPLES_S,
    ),
    # current and heat
    "over_current": Kind(
        "open", "unplug", "meter: more than the pilot allows",
        f"{OVER_SHARE - 1:.0%} and {OVER_A:g} A above the highest offer of the last 5 s for {OVER_S:g} s "
        "(field practice)",
        OVER_S, OVER_S,
    ),
    "over_temperature": Kind(
        "derate", "itself", "thermometer at the contacts", "temperature.derate_from_c (70 °C) or more",
        AT_ONCE_S, does="the offer falls in a line to 6 A at temperature.stop_at_c, then to x1",
    ),
    "overheated": Kind(
        "open", "itself", "thermometer at the contacts",
        f"temperature.stop_at_c (85 °C), until {COOLER_K:g} K below it", C1_LEAVES_S, C1_LEAVES_S,
        "x1; open when the car has left C, at the latest after 6 s (IEC 61851-1 Table A.6 sequence 10.2); "
        f"{AT_ONCE_K:g} K hotter at once",
    ),
    "thermometer_lost": Kind(
        "derate", "itself", "no fresh value", f"for {FRESH_S:g} s, of a box that has a thermometer",
        FRESH_S,
        does=f"6 A at most, after {LOST_PAUSE_S:g} s x1; over after {LOST_RECOVER_S:g} s of fresh values",
    ),
    "rcm_trip": Kind(
        "open", "unplug", "residual current monitor, active while healthy",
        f"inactive for {RCM_TRIP_S:g} s (field practice); the monitor's own time comes before",
        RCM_TRIP_S, RCM_TRIP_S,
    ),
    "rcm_test_failed": Kind(
        "open", "person", "self test at the start, after each unplug, every 24 h; contactor open",
        f"must drop within {RCM_DROPS_S:g} s and be back within {RCM_RETURNS_S:g} s "
        "(modules of the field: 1.4 and 3 s)",
        RCM_RETURNS_S, does=_STAYS_OPEN,
    ),
    # people
    "emergency_stop": Kind(
        "open", "person", "stop input of kind emergency: pressed, or its wire is cut", "two samples",
        TWO_SAMPLES_S, TWO_SAMPLES_S,
    ),
    "stop_circuit": Kind(
        "open", "itself", "stop input of kind stop: its wire is cut",
        f"pressed for {STUCK_S:g} s: no person does that", STUCK_S,
        does="x1 from the first moment, open when the car has left C, at the latest after 6 s",
    ),
    # the instruments
    "meter_lost": Kind(
        "report", "itself", "no fresh reading", f"for {FRESH_S:g} s", FRESH_S,
        does="`bridge` asks for 6 A at most, after 60 s for none",
    ),
    "meter_implausible": Kind(
        "report", "itself", "the instruments refuse what the meter answers",
        "its register runs back or jumps, or there is no voltage", AT_ONCE_S, does=_TOLD,
    ),
    "reader_lost": Kind(
        "report", "itself", "the instruments miss the card reader",
        f"for {READER_LOST_S:g} s: opening a port takes a moment", READER_LOST_S, does=_TOLD,
    ),
    # the Pi
    "under_voltage": Kind(
        "report", "itself", "the Pi's own supply", "as its firmware says", AT_ONCE_S, does=_TOLD,
    ),
    "loop_late": Kind(
        "open", "itself", "a late tick while closed",
        "0.1 s: the whole time for opening (IEC 61851-1 Table A.6 sequence 8.1); 1 s for a mock box without "
        "real-time priority",
        AT_ONCE_S, AT_ONCE_S,
    ),
    "hal_restarting": Kind(
        "open", "person", "starts with a car in C",
        f"contactor.starts_for_person (3) within {WINDOW_S / 60:g} minutes", LOOKS_S, does=_STAYS_OPEN,
    ),
    "lost_state": Kind(
        "open", "person", "what was kept cannot be read at the start",
        "a latched fault may have been among it", AT_ONCE_S, does=_STAYS_OPEN,
    ),
    "state_not_kept": Kind(
        "report", "itself", "what must be kept cannot be written",
        "a restart would forget latched faults", AT_ONCE_S,
        does="nothing new closes (`state_kept`); a charge goes on",
    ),
}  # fmt: skip
