"""PURE: judges pilot, proximity, lock, residual current monitor and contactor, by what `hal.safety` says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.doctor.answers import contactor_closed, does_not_open, text_of, was_done
from bridge.doctor.check import Check, Subject
from bridge.doctor.words import USUAL, fault_words, waits_for
from hal.contract import NO_RCM, RCM_WITHOUT_TEST, Answer, Status

# IEC 61851-1 Annex A: state A is +12 V +- 1 V, F -12 V. The low side's chain may be 1.5 V off.
PILOT = Subject("box.pilot", "pilot levels", "x1 12 ±1, F -12 ±1.5 V")
X1_FROM_V, X1_TO_V = 11.0, 13.0
F_FROM_V, F_TO_V = -13.5, -10.5
NOTHING_V = 1.5  # what a decayed half-wave may still show
PWM = Subject("box.pwm", "pilot PWM", "1 kHz, the duty of it")
PERIOD_NS, PERIOD_OFF_NS = 1_000_000, 5_000  # IEC 61851-1 Annex A: 1 kHz +- 0.5 %
DUTY_OFF_PCT = 1.0  # IEC 61851-1 Annex A: +- 1 percentage point
LOCK = Subject("box.lock", "cable lock", "each within 3 s")
LOCK_S = 3.0  # makers' data: 200 ms to 1 s, 3 s at most
RCM = Subject("box.rcm", "residual current", "within 2 s, back in 5 s")
TRIPS_S, BACK_S = 2.0, 5.0  # modules of the field take 1.4 s and 3 s
PROXIMITY = Subject("box.proximity", "proximity pilot", "no plug, or its rating")
RATINGS_A = (13.0, 20.0, 32.0, 63.0, 70.0)  # IEC 61851-1 Table B.2
MIRROR = Subject("box.mirror", "mirror contact", "as commanded")
SESSION = Subject("box.session", "contactor", "opens within 40 ms")
# Of the 100 ms of IEC 61851-1 Table A.6 sequence 8.1: driver and contactor have 40, and 20 are in reserve.
OPENS_MS, OPENS_LATEST_MS = 40.0, 60.0
SESSION_HOW = (
    "Charge a car, or a tester set to C, at 6 A (a ChargingProfile, or the car's own limit): hear it close, "
    "measure at the socket, set the tester to B, hear it open. Then run the doctor again."
)
MOCK_SESSION_HOW = (
    "evse-bridge mock plug-in and mock swipe 0004AABBCC begin a session, "
    "mock pause and mock plug-out end it. Then run the doctor again."
)
FAULTS = Subject("box.faults", "faults", "none")
WOULD_CLOSE = Subject("box.would_close", "would the contactor close?")

_PILOT_DO = "Check the PWM output, the ±15 V supply, the pilot's wire and gain and offset of [pilot]."


def pilot(answer: Answer) -> Check:
    """Judges `pilot-self-test`: F and x1 as they were read back."""
    if not was_done(answer) or "f_low_v" not in answer.measured:
        return PILOT.not_checked(text_of(answer), "Unplug the car and run the doctor again.")
    volts = answer.measured
    measured = f"x1 {volts['x1_high_v']:.1f} V, F {volts['f_low_v']:.1f} V"
    x1_right = X1_FROM_V <= volts["x1_high_v"] <= X1_TO_V and volts["x1_low_v"] >= -NOTHING_V
    f_right = F_FROM_V <= volts["f_low_v"] <= F_TO_V and volts["f_high_v"] <= NOTHING_V
    if answer.ok and x1_right and f_right:
        return PILOT.ok(measured, volts)
    others = f" (low side in x1 {volts['x1_low_v']:.1f} V, high side in F {volts['f_high_v']:.1f} V)"
    return PILOT.fault(measured + others, _PILOT_DO, volts)


def duty_pct(offer: str | float) -> float:
    """Returns the duty that says so (IEC 61851-1 Annex A). 100 is x1, 0 is F."""
    match offer:
        case "x1":
            return 100.0
        case "F":
            return 0.0
        case float(amps):
            return amps / 0.6 if amps <= 51 else amps / 2.5 + 64
        case other:
            raise ValueError(f"no offer of a pilot: {other!r}")


def pwm(period_ns: int, duty_ns: int, *, runs: bool, offer: str | float) -> Check:
    """Compares the PWM's own files with what `hal.safety` says it offers."""
    shown_pct, wanted_pct = duty_ns / period_ns * 100 if period_ns else 0.0, duty_pct(offer)
    said = offer if isinstance(offer, str) else f"{offer:g} A"
    measured = f"{1e6 / period_ns if period_ns else 0:.3f} kHz, {shown_pct:.1f} % for {said}"
    values = {"period_ns": float(period_ns), "duty_pct": round(shown_pct, 2)}
    if not runs:
        return PWM.fault(f"{measured}, not enabled", "Restart hal.safety; read its log.", values)
    if abs(period_ns - PERIOD_NS) > PERIOD_OFF_NS or abs(shown_pct - wanted_pct) > DUTY_OFF_PCT:
        do = "Another program writes to this PWM (audio, a fan): find and end it; dtparam=audio=off."
        return PWM.fault(f"{measured} (not {wanted_pct:.1f} %)", do, values)
    return PWM.ok(measured, values)


def proximity(status: Status) -> Check:
    """Judges a socket only; its ohms stay in `hal.safety`, which says what they mean."""
    if status.lock is None:
        return PROXIMITY.not_checked("this box has a fixed cable")
    rating_a = status.cable_rating_a
    if any(fault.id == "proximity_implausible" for fault in status.faults):
        return PROXIMITY.fault("the coding of the cable cannot be read", "Try another cable; check the wire.")
    if not status.cable_present:
        return PROXIMITY.ok("no plug seen")
    if rating_a in RATINGS_A:
        return PROXIMITY.ok(f"a cable of {rating_a:g} A", {"cable_rating_a": rating_a})
    return PROXIMITY.warning(
        "a plug without a coding yet", "Pull the plug, plug it in again, run the doctor again."
    )


def lock(answer: Answer) -> Check:
    """Judges `lock-pulse`: how long the feedback took, each way."""
    if not was_done(answer):
        return LOCK.not_checked(text_of(answer), "Run the doctor again in half a minute.")
    times = answer.measured
    if not answer.ok:
        do = (
            "Check the motor's plug and supply, the bolt's way, the feedback's wire and lock.feedback_active."
        )
        return LOCK.fault(text_of(answer), do, times)
    measured = f"locked in {times['locked_s']:.2f} s, unlocked in {times['unlocked_s']:.2f} s"
    if max(times["locked_s"], times["unlocked_s"]) > LOCK_S:
        return LOCK.warning(measured, "The lock is slow: clean or replace it before it jams.", times)
    return LOCK.ok(measured, times)


def rcm(answer: Answer) -> Check:
    """Judges `rcm-test`: after what time its output dropped and came back."""
    text, times = text_of(answer), answer.measured
    if not was_done(answer):
        return RCM.not_checked(text, "" if "this box has no" in text else "Run the doctor again.")
    if "tripped_s" not in times and "did not begin" in text:
        return RCM.not_checked(text, "See the faults below; run the doctor again.")
    if not answer.ok:
        do = "Check the test wire (rcm.test_pin), the output's wire (rcm.pin) and the monitor's supply."
        return RCM.fault(text, do, times)
    measured = f"tripped in {times['tripped_s']:.2f} s, back in {times['healthy_s']:.2f} s"
    if times["tripped_s"] > TRIPS_S or times["healthy_s"] > BACK_S:
        return RCM.warning(measured, "The monitor is slow: compare with its data sheet.", times)
    return RCM.ok(measured, times)


def rcm_missing(notes: Sequence[str]) -> str:
    """Says why there is nothing to test, by the declared facts of the box; empty: there is."""
    if NO_RCM in notes:
        return "this box has none with an input"
    return "it has no test output: press its own test button" if RCM_WITHOUT_TEST in notes else ""


def mirror(status: Status) -> Check:
    """Judges whether command and mirror contact agree."""
    commanded, is_closed = status.contactor_commanded, status.contactor_closed
    measured = f"commanded {_closed(commanded)}, reads {_closed(is_closed)}"
    if commanded == is_closed:
        return MIRROR.ok(measured)
    if is_closed:
        return MIRROR.fault(measured, _STUCK_DO)
    return MIRROR.fault(
        measured, "Check the contactor's coil and driver, and the wire of the mirror contact."
    )


_STUCK_DO = (
    "Switch off at the breaker and measure. Not welded? Check the mirror contact's wire, mirror_active."
)


def _closed(is_closed: bool) -> str:
    return "closed" if is_closed else "open"


def session(status: Status) -> Check:
    """Judges the last real session: the doctor never closes the contactor."""
    counters = status.counters
    values = {
        "closings": float(counters.closings),
        "openings_under_load": float(counters.openings_under_load),
    }
    if does_not_open(status):
        return SESSION.not_checked("the contactor does not open", "See the mirror contact above.")
    if contactor_closed(status):
        return SESSION.not_checked("a session is running", "Run the doctor again after it.")
    if counters.last_open_ms is None:
        return SESSION.not_checked(
            "not closed since hal.safety started", MOCK_SESSION_HOW if status.mock else SESSION_HOW
        )
    values["last_open_ms"] = counters.last_open_ms
    measured = f"opened in {counters.last_open_ms:.0f} ms; closed {counters.closings} times so far"
    do = "Make the coil's circuit faster (a Zener or varistor at its diode), or replace the contactor."
    if counters.last_open_ms > OPENS_LATEST_MS:
        return SESSION.fault(measured, do, values)
    if counters.last_open_ms > OPENS_MS:
        return SESSION.warning(measured, do, values)
    return SESSION.ok(measured, values)


def faults(status: Status) -> Iterator[Check]:
    """Yields a line for each present fault, with what `hal.safety` measured of it."""
    if not status.faults:
        yield FAULTS.ok("none")
    for fault in status.faults:
        means, do = fault_words(fault)
        if fault.clears == "person":
            do = f"{do} By evse-bridge clear{' --mock' * status.mock}."
        name = fault.id.replace("_", " ")
        measured = "; ".join([means, *(note for note in status.notes if note.startswith(f"{name}: "))])
        subject = Subject(f"box.faults.{fault.id}", f"fault {fault.id}", FAULTS.expected)
        yield subject.fault(measured, do) if fault.opens else subject.warning(measured, do)


def would_close(status: Status) -> Check:
    """Says why it would not close now."""
    if does_not_open(status):
        return WOULD_CLOSE.fault("it is closed, though nothing commands it", _STUCK_DO)
    if contactor_closed(status):
        return WOULD_CLOSE.ok("it is closed")
    unusual = [name for name in status.withheld_by if name not in USUAL]
    if unusual:
        measured = "no, it waits for " + ", ".join(map(waits_for, unusual))
        return WOULD_CLOSE.fault(measured, _unusual_do(unusual))
    if not status.withheld_by:
        return WOULD_CLOSE.ok("yes")
    waits = "it waits for " + ", ".join(map(waits_for, status.withheld_by))
    if status.vehicle == "C" and status.withheld_by == ("wish",):
        waits += ", or for its limit to be 6 A or more: evse-bridge profiles"
    return WOULD_CLOSE.ok(waits)


def _unusual_do(unusual: list[str]) -> str:
    if "no_fault" in unusual:
        return "See the faults above."
    if "stop_button" in unusual:
        return "Release the stop button; check its wire."
    if "mirror_open" in unusual:
        return "See the mirror contact above."
    return (
        "Wait, and find out why the contactor switches so often."
        if "closings" in unusual
        else "See docs/safety.md."
    )
