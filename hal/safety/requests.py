"""What a tool may have done to an idle box: a pulse of the lock, the self tests, a pattern of the lamp.

Time is an argument. An errand only adds to what the core decided for an open contactor, and ends at once when
a car comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, Protocol

from hal.contract import Answer, EvseView, Request
from hal.core.control_pilot.levels import is_pwm
from hal.core.evse import Evse
from hal.core.rules import BoxRules
from hal.core.self_tests.pilot import CAR_KNOWN_S, PWM_S, X1_S
from hal.core.signals import Drive, Sense

WORDS = ("lock-pulse", "rcm-test", "lamp", "pilot-self-test")
LAMP_S = 5.0
LAMP_LETTERS = 64  # as in a wish
PULSES_APART_S = 30.0  # each is two moves of the lock, of the 10 a minute that openWB's practice allows
_SETTLES_S = 0.5  # after a pulse, until the feedback is judged
_TESTED_S = X1_S + PWM_S + CAR_KNOWN_S + 0.1  # from the end of F: x1, then PWM, then the verdict
_BEGINS_WITHIN_S = 15.0  # the core may have to wait: half a second without a car, 10 s after a failed test
_RCM_OVER_S = 8.0  # the core gives it 5 s to come back

Measured = dict[str, float]
Outcome = tuple[bool, str, Measured]


class _Errand(Protocol):
    """A request that is being carried out."""

    needs_no_car: bool

    def step(self, sense: Sense, view: EvseView, decided: Drive, now_s: float) -> Drive:
        """Sees what was read and decided at this tick; gives what shall be driven."""

    def outcome(self, now_s: float) -> Outcome | None:
        """Returns its outcome; None while it lasts."""


class Requests:
    """Carries out at most one request at a time."""

    def __init__(self, evse: Evse, rules: BoxRules, now_s: float) -> None:
        self._evse = evse
        self._rules = rules
        self._running: tuple[Request, _Errand] | None = None
        self._last_pulse_s = now_s - PULSES_APART_S

    def begin(self, request: Request, now_s: float) -> str:
        """Says why not; empty: it has begun, and `step` will give the answer."""
        if refusal := self.refusal(request) or self._unfit(request, now_s):
            return refusal
        self._running = request, self._errand(request, now_s)
        return ""

    def refusal(self, request: Request) -> str:
        """Says why any request, this program's or another's, is refused now."""
        view = self._evse.view()
        if view.contactor_commanded or view.contactor_closed:
            return "the contactor is not open"
        if request.owner == "safety" and request.do not in WORDS:
            return f"no such request; there are {', '.join(WORDS)}"
        return ""

    def step(self, sense: Sense, decided: Drive, now_s: float) -> tuple[Drive, Answer | None]:
        """Returns what to drive, and the answer at the end of an errand."""
        if self._running is None:
            return decided, None
        request, errand = self._running
        view = self._evse.view()
        if decided.close_contactor or (errand.needs_no_car and _car(view)):
            self._running = None
            return decided, Answer(id=request.id, ok=False, text=f"{request.do}: stopped, a car came")
        driven = errand.step(sense, view, decided, now_s)
        outcome = errand.outcome(now_s)
        if outcome is None:
            return driven, None
        self._running = None
        ok, text, measured = outcome
        return driven, Answer(id=request.id, ok=ok, text=f"{request.do}: {text}", measured=measured)

    @property
    def lamp(self) -> str | None:
        """Returns the pattern shown in place of the wished one."""
        errand = self._running[1] if self._running else None
        return errand.pattern if isinstance(errand, _Lamp) else None

    def _unfit(self, request: Request, now_s: float) -> str:
        if self._running is not None:
            return f"{self._running[0].do} is not over yet"
        view = self._evse.view()
        if request.do == "lamp":
            fits = 0 < len(request.argument) <= LAMP_LETTERS
            return "" if fits else f"the argument is a pattern of the lamp, 1 to {LAMP_LETTERS} letters"
        if _car(view):
            return "a car or its cable is there; unplug it"
        if request.do == "lock-pulse":
            if view.lock is None:
                return "this box has no cable lock"
            wait_s = self._last_pulse_s + PULSES_APART_S - now_s
            return f"the lock's motor rests for {wait_s:.0f} s more" if wait_s > 0 else ""
        if request.do == "rcm-test" and not self._rules.has_rcm_test:
            return "this box has no test output for a residual current monitor (rcm.test_pin)"
        return ""

    def _errand(self, request: Request, now_s: float) -> _Errand:
        match request.do:
            case "lock-pulse":
                self._last_pulse_s = now_s
                return _LockPulse(self._rules.lock.pulse_s, now_s)
            case "rcm-test":
                self._evse.ask_for_test("rcm")
                return _RcmTest(now_s)
            case "pilot-self-test":
                self._evse.ask_for_test("pilot")
                return _PilotTest(now_s)
            case _:
                return _Lamp(request.argument, now_s)


def _car(view: EvseView) -> bool:
    """Says whether a car is there, or a cable alone in a socket; a fixed cable is always there."""
    return view.vehicle != "A" or (view.lock is not None and view.cable_present)


class _Lamp:
    """Sends the pattern in each Status; `hal.instruments` shows it."""

    needs_no_car = False

    def __init__(self, pattern: str, now_s: float) -> None:
        self.pattern = pattern
        self._until_s = now_s + LAMP_S

    def step(self, sense: Sense, view: EvseView, decided: Drive, now_s: float) -> Drive:  # noqa: ARG002
        return decided

    def outcome(self, now_s: float) -> Outcome | None:
        if now_s < self._until_s:
            return None
        return True, f"{self.pattern!r} was shown on the lamp for {LAMP_S:g} s", {}


class _LockPulse:
    """Moves the bolt out and in again, each with one pulse of the motor and the feedback that must follow."""

    needs_no_car = True

    def __init__(self, pulse_s: float, now_s: float) -> None:
        self._pulse_s = pulse_s
        self._moves: Iterator[Literal["lock", "unlock"]] = iter(("lock", "unlock"))
        self._move: Literal["lock", "unlock"] | None = next(self._moves)
        self._began_s = now_s
        self._began_locked: bool | None = None
        self._measured: Measured = {}

    def step(self, sense: Sense, view: EvseView, decided: Drive, now_s: float) -> Drive:  # noqa: ARG002
        if self._began_locked is None:
            self._began_locked, self._began_s = sense.lock_closed is True, now_s
        if self._move is None:
            return decided
        there = (sense.lock_closed is True) == (self._move == "lock")
        if there:
            self._measured.setdefault(f"{self._move}ed_s", round(now_s - self._began_s, 3))
        in_pulse = now_s - self._began_s < self._pulse_s
        if not in_pulse and (there or now_s - self._began_s >= self._pulse_s + _SETTLES_S):
            self._move, self._began_s = next(self._moves, None), now_s
            return replace(decided, lock_motor=None)
        return replace(decided, lock_motor=self._move if in_pulse else None)

    def outcome(self, now_s: float) -> Outcome | None:  # noqa: ARG002
        if self._move is not None:
            return None
        if self._began_locked:
            return False, "the feedback said locked before the bolt moved", self._measured
        missing = [move for move in ("locked", "unlocked") if f"{move}_s" not in self._measured]
        if missing:
            return False, f"the feedback never said {' nor '.join(missing)}", self._measured
        return True, "the bolt went out and in again", self._measured


class _RcmTest:
    """Starts the core's test of the monitor, and reports its times."""

    needs_no_car = True

    def __init__(self, now_s: float) -> None:
        self._asked_s = now_s
        self._began_s: float | None = None
        self._measured: Measured = {}
        self._back = False

    def step(self, sense: Sense, view: EvseView, decided: Drive, now_s: float) -> Drive:  # noqa: ARG002
        if self._began_s is None:
            self._began_s = now_s if decided.rcm_test else None
        elif sense.rcm_healthy is False:
            self._measured.setdefault("tripped_s", round(now_s - self._began_s, 3))
        elif "tripped_s" in self._measured and not self._back:
            self._measured["healthy_s"] = round(now_s - self._began_s, 3)
            self._back = True
        return decided

    def outcome(self, now_s: float) -> Outcome | None:
        if self._back:
            return True, "it tripped and came back", self._measured
        if self._began_s is None:
            late = now_s - self._asked_s >= _BEGINS_WITHIN_S
            return (False, f"it did not begin within {_BEGINS_WITHIN_S:g} s", {}) if late else None
        if now_s - self._began_s < _RCM_OVER_S:
            return None
        what = "did not come back" if self._measured else "did not trip"
        return False, f"it {what} within {_RCM_OVER_S:g} s", self._measured


class _PilotTest:
    """Starts the core's pilot test, and records the volts at the end of F and after it."""

    needs_no_car = True

    def __init__(self, now_s: float) -> None:
        self._asked_s = now_s
        self._f_seen = False
        self._x1_since_s: float | None = None
        self._measured: Measured = {}
        self._passed = False
        self._words = ""

    def step(self, sense: Sense, view: EvseView, decided: Drive, now_s: float) -> Drive:
        volts = round(sense.cp_high_v, 2), round(sense.cp_low_v, 2)
        if view.pilot_offer == "F" and decided.pilot == "F":
            self._f_seen, self._x1_since_s = True, None
            self._measured["f_high_v"], self._measured["f_low_v"] = volts
        elif self._f_seen:
            self._x1_since_s = now_s if self._x1_since_s is None else self._x1_since_s
            if now_s - self._x1_since_s < X1_S:
                self._measured["x1_high_v"], self._measured["x1_low_v"] = volts
            elif is_pwm(decided.pilot):
                self._measured["pwm_high_v"], self._measured["pwm_low_v"] = volts
            self._words = " ".join(view.notes)
            self._passed = all(fault.id != "pilot_circuit" for fault in view.faults)
        return decided

    def outcome(self, now_s: float) -> Outcome | None:
        if self._x1_since_s is None:
            late = not self._f_seen and now_s - self._asked_s >= _BEGINS_WITHIN_S
            return (False, f"it did not begin within {_BEGINS_WITHIN_S:g} s", {}) if late else None
        if now_s - self._x1_since_s < _TESTED_S:
            return None
        wrong = f"the pilot reads wrong (pilot_circuit) {self._words}".strip()
        return self._passed, "the pilot reads as it should" if self._passed else wrong, self._measured
