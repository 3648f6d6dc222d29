"""PURE: the faults of a box, in one table; docs/faults.md is written from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hal.contract import FRESH_S, LOST_PAUSE_S, Clears
from hal.core.contactor.trip import PULSE_S, TRIES
from hal.core.control_pilot.hum import NOISY_V
from hal.core.control_pilot.levels import LOW_FROM_V, LOW_TO_V, TOO_HIGH_V
from hal.core.control_pilot.low_side import NO_MINUS_V, PILOT_FAULT_S, SURELY_LOW_V, SURELY_NONE_FROM_V
from hal.core.control_pilot.offer import C1_LEAVES_S
from hal.core.plug.lock import UNLOCKS_AGAIN_S
from hal.core.self_tests.pilot import AGAIN_S as PILOT_AGAIN_S
from hal.core.self_tests.pilot import BOX_FROM_V, BOX_TO_V, HOLD_WRONG, SOURCE_FROM_V, SOURCE_TO_V, SPREAD
from hal.core.self_tests.rcm import RCM_DROPS_S, RCM_RETURNS_S
from hal.core.self_tests.watchdog_line import PROOF_S
from hal.core.supervision.loss import LOST_RECOVER_S
from hal.core.supervision.not_closing import ASKED_S, UNREADY_S
from hal.core.supervision.over_current import OVER_A, OVER_S, OVER_SHARE
from hal.core.supervision.restarts import LOOKS_S, WINDOW_S
from hal.core.supervision.stop_button import STUCK_S
from hal.core.supervision.supervision import (
    AGREES_WITHIN_S,
    BLIND_S,
    CP_OLD_S,
    READER_GRACE_S,
    STATE_FAULT_S,
    WELD_A,
    WELD_AFTER_S,
    X1_DECAYS_S,
    X1_LOW_V,
)
from hal.core.supervision.thermal import AT_ONCE_K, COOLER_K

Severity = Literal["open", "derate", "report"]  # open: the contactor may not be closed while it stands

TWO_SAMPLES_S = 0.02  # of 10 ms, while closed
THREE_SAMPLES_S = 0.03
# Of every pattern with a period of up to 12 samples, from the first bad one to the command.
_TWO = "2 bad samples in a row; of half bad within 90 ms, of a third within 110 ms; 1 in 5 never"
_THREE = "3 bad samples in a row; of half bad within 90 ms, of a third within 120 ms; 1 in 5 never"
_TIME = "bad time; good time takes back a quarter of itself"
AT_ONCE_S = 0.01  # one sample
_LOCK_S = 30.0  # 4 pulses of 0.6 s, 5 s apart, with the default lock.*
_OPENS = "contactor open, x1 (F for 300 ms first if the car was in C2)"
_STAYS_OPEN = "contactor stays open, x1"
_REPORTED = "reported, nothing else"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault. Times count from the cause on the lines."""

    severity: Severity
    clears: Clears  # unplug: the vehicle state was A and the cause is gone; itself: a second after the cause
    noticed: str
    limit: str  # with its clause or source
    reported_s: float  # when it stands in the Status, at the latest
    opens_s: float | None = None  # when the contactor's line falls; None: it does not, or is down already
    does: str = _OPENS
    counts: str = "each tick for itself"  # what good samples between bad ones change


_NAMED_S = PILOT_FAULT_S + TWO_SAMPLES_S  # once the median of four is there
_MIRROR_S = BLIND_S + AGREES_WITHIN_S
_PULSES = "after the last of lock.retries further pulses (field practice)"

KINDS: dict[str, Kind] = {
    # the contactor
    "welded": Kind(
        "open", "person", "mirror contact closed although commanded open, or current flows then",
        f"{_MIRROR_S:g} s after the command, or more than {WELD_A:g} A {WELD_AFTER_S:g} s after it "
        "(controllers of the field judge 0.2 to 1 s after the command)",
        _MIRROR_S, does="nothing closes until a person clears it, restarts included; the cable stays locked; "
        f"the trip output is pulsed {TRIES} times, {PULSE_S:g} s each",
        counts=_TIME,
    ),
    "did_not_close": Kind(
        "open", "unplug", "mirror contact open although commanded closed",
        f"{_MIRROR_S:g} s after the command (field practice, as above); once it has closed, three samples",
        _MIRROR_S, _MIRROR_S, does=_OPENS + "; a boot ends it, because in a power cut the contactor "
        "opens first",
        counts=f"{_TIME}; once it has closed: {_THREE}",
    ),
    "watchdog_line": Kind(
        "open", "person", "the contactor closes although the watchdog line rests",
        f"within {PROOF_S:g} s of the command, at the first closing after a start and of each day: it would "
        "stay closed in a hang",
        PROOF_S + AT_ONCE_S, PROOF_S + AT_ONCE_S, counts=_TWO,
    ),
    "contactor_cycling": Kind(
        "report", "itself", "the contactor has closed too often",
        "contactor.max_closings (10) in contactor.closings_window_s (10 minutes): the life of its contacts",
        AT_ONCE_S, does=_STAYS_OPEN,
    ),
    # the control pilot
    "diode_missing": Kind(
        "open", "unplug", "low side in x2 in B, C or D",
        f"above {LOW_TO_V:g} V for {PILOT_FAULT_S:g} s (IEC 61851-1 Table A.4 note); the contactor opens at "
        f"two samples above {SURELY_NONE_FROM_V:g} V or below {SURELY_LOW_V:g} V",
        _NAMED_S, TWO_SAMPLES_S, counts=f"opening: {_TWO}; the fault: the median of four, {_TIME}",
    ),
    "pilot_short": Kind(
        "open", "itself", "state E: high side below 1.5 V",
        f"{STATE_FAULT_S:g} s (IEC 61851-1 Table A.6 sequence 12 allows 3 s)", STATE_FAULT_S, TWO_SAMPLES_S,
        counts=f"opening: as a car that leaves C; the fault: {_TIME}",
    ),
    "pilot_out_of_range": Kind(
        "open", "itself", "a voltage that no healthy pilot has",
        f"above +{TOO_HIGH_V:g} V or below {LOW_FROM_V:g} V for {PILOT_FAULT_S:g} s "
        "(IEC 61851-1 Annex A: source 12 V +- 0.6 V)",
        _NAMED_S, _NAMED_S, counts=f"the median of four, {_TIME}",
    ),
    "pilot_circuit": Kind(
        "open", "unplug",
        "self test at the start and after each unplug; no low side in x2; a low side that stays in x1; "
        "a converter that does not answer, or answers always the same",
        f"three readings that fail, or none for {CP_OLD_S:g} s; F must read -{BOX_FROM_V:g} to -{BOX_TO_V:g} "
        f"V and x1 {BOX_FROM_V:g} to {BOX_TO_V:g} V; the time constant that the droop at 10 % PWM shows must "
        f"be within {HOLD_WRONG:.0%} of pilot.hold_s, its readings within {SPREAD:.0%} of each other; "
        f"above {NO_MINUS_V:g} V in x2; below {X1_LOW_V:g} V {X1_DECAYS_S:g} s after x1 began",
        X1_DECAYS_S + PILOT_FAULT_S, X1_DECAYS_S + PILOT_FAULT_S,
        f"{_OPENS}; without a car the test is made again every {PILOT_AGAIN_S:g} s; the status says what was "
        "measured",
        f"readings that fail: {_THREE}; volts: {_TIME}",
    ),
    "pilot_source": Kind(
        "report", "itself", "self test of the pilot",
        f"x1 or F outside {SOURCE_FROM_V:g} to {SOURCE_TO_V:g} V (IEC 61851-1 Annex A: 12 V +- 0.6 V; 0.2 V "
        "for the reading)", AT_ONCE_S,
        does="the status says the volts; ends with the next test that passes",
    ),
    "pilot_noise": Kind(
        "open", "unplug", "an alternating voltage on the pilot opens the contactor twice, or keeps it open",
        f"half of the usual difference between two readings is {NOISY_V:g} V or more (2.5 V of hum "
        "on the pilot)",
        0.2, TWO_SAMPLES_S, _STAYS_OPEN + "; the status says volts and hertz",
        "16 readings after each opening, with a mean in C; or 10 s in x2 after the first",
    ),
    "ventilation": Kind(
        "open", "unplug", "state D", f"{STATE_FAULT_S:g} s (IEC 61851-1 Annex A: no ventilation here)",
        STATE_FAULT_S, TWO_SAMPLES_S, counts=f"opening: as a car that leaves C; the fault: {_TIME}",
    ),
    # cable and lock
    "proximity_implausible": Kind(
        "open", "unplug", "proximity pilot", f"below 75 ohm for {STATE_FAULT_S:g} s (IEC 61851-1 Table B.2)",
        STATE_FAULT_S, TWO_SAMPLES_S, counts=f"opening: {_TWO}; the fault: {_TIME}",
    ),
    "plug_lost": Kind(
        "open", "unplug", "plug pulled under load", "above 2460 ohm while closed (IEC 61851-1 Table B.2)",
        TWO_SAMPLES_S, TWO_SAMPLES_S, counts=_TWO,
    ),
    "rating_lost": Kind(
        "open", "unplug", "cable rating lost under load", "below 75 ohm while closed (IEC 61851-1 Table B.2)",
        TWO_SAMPLES_S, TWO_SAMPLES_S, counts=_TWO,
    ),
    "lock_failed": Kind("open", "unplug", "feedback not locked", _PULSES, _LOCK_S, does=_STAYS_OPEN),
    "unlock_failed": Kind(
        "report", "itself", "feedback not unlocked", _PULSES, _LOCK_S,
        does=f"tries again every {UNLOCKS_AGAIN_S:g} s",
    ),
    "lock_opened": Kind(
        "open", "unplug", "feedback not locked under load", "two samples (no plug may be pulled under load)",
        TWO_SAMPLES_S, TWO_SAMPLES_S, counts=_TWO,
    ),
    # current and heat
    "over_current": Kind(
        "open", "unplug", "meter: more than the pilot allows",
        f"{OVER_SHARE - 1:.0%} and {OVER_A:g} A above the highest offer of the last 5 s for {OVER_S:g} s "
        "(field practice)",
        OVER_S, OVER_S, counts=f"{_TIME}, by the times of the readings",
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
        "inactive for three samples, after the monitor's own time",
        THREE_SAMPLES_S, THREE_SAMPLES_S, counts=_THREE,
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
        TWO_SAMPLES_S, TWO_SAMPLES_S, counts=_TWO,
    ),
    "stop_circuit": Kind(
        "open", "itself", "stop input of kind stop: its wire is cut",
        f"pressed for {STUCK_S:g} s: no person presses so long", STUCK_S,
        does="x1 from the second sample, open when the car has left C, at the latest after 6 s", counts=_TIME,
    ),
    # a box that waits
    "not_closing": Kind(
        "report", "itself", "a car asks in x2 and the contactor does not close, or lock, rating or "
        "mirror contact are not ready",
        f"{ASKED_S:g} s of x2 in all (IEC 61851-1 Table A.6 sequence 4: 3 s); {UNREADY_S:g} s with a wish, "
        "a car and no fault", ASKED_S, does="the status names the missing conditions",
        counts=_TIME,
    ),
    # the instruments
    "meter_lost": Kind(
        "derate", "itself", "no fresh reading", f"for {FRESH_S:g} s", FRESH_S,
        does=f"`bridge` asks for 6 A at most, after {LOST_PAUSE_S:g} s for none; over after "
        f"{LOST_RECOVER_S:g} s of fresh readings",
    ),
    "meter_implausible": Kind(
        "report", "itself", "the instruments reject the answers of the meter",
        "its register runs back or jumps, or a phase has no voltage; while a current flows: power below zero "
        "or below half of volts x amperes for 20 s, or the register stands for three of its steps and 30 s",
        AT_ONCE_S, does=_REPORTED,
    ),
    "reader_lost": Kind(
        "report", "itself", "the instruments do not find the card reader",
        f"for {READER_GRACE_S:g} s: opening a port takes a moment", READER_GRACE_S, does=_REPORTED,
    ),
    # the Pi
    "under_voltage": Kind(
        "report", "itself", "the Pi's own supply", "as its firmware says", AT_ONCE_S, does=_REPORTED,
    ),
    "loop_late": Kind(
        "open", "itself", "a late tick while closed",
        "0.1 s, the whole time allowed for opening (IEC 61851-1 Table A.6 sequence 8.1); 1 s for a mock "
        "box without "
        "real-time priority",
        AT_ONCE_S, AT_ONCE_S,
    ),
    "hal_restarting": Kind(
        "open", "person", "starts with a car in C",
        f"contactor.starts_for_person (3) within {WINDOW_S / 60:g} minutes", LOOKS_S, does=_STAYS_OPEN,
    ),
    "lost_state": Kind(
        "open", "person", "its stored state cannot be read at the start",
        "a latched fault may be missing", AT_ONCE_S, does=_STAYS_OPEN,
    ),
    "state_not_kept": Kind(
        "report", "itself", "its state cannot be stored",
        "a restart would forget latched faults", AT_ONCE_S,
        does="nothing new closes (`state_kept`); a charge continues",
    ),
}  # fmt: skip
