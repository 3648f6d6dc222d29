"""PURE: the self test of the pilot: F, x1, and the droop under PWM, which is the circuit's time constant.

Made without a car, at the start and after each one has left. One that comes ends it without a verdict, also
one that touched the last readings and is not known yet.
"""

from __future__ import annotations

from typing import Literal

from hal.core.control_pilot.levels import LEAST_A, PERIOD_S, duty
from hal.core.control_pilot.offer import Offer
from hal.core.signals import Sense
from hal.core.steady import Steady, passed

IN_A_S = 0.5  # no car for so long, before F hides a new one
TEST_F_S = 0.3  # a car is hidden no longer than by a fault
JUDGED_AFTER_S = 0.2  # of F and of x1: ten time constants
# Whole periods of 50 and 60 Hz, and so many readings that noise of 20 mV moves the time constant by 2 %.
X1_S = 0.8  # from JUDGED_AFTER_S on
PWM_AFTER_S, PWM_S = 0.1, 1.1
CAR_KNOWN_S = 0.1  # from the first reading of a car, which fails a test, to its state, which makes it void
AGAIN_S, SOURCE_AGAIN_S = 10.0, 60.0  # after a failure, after a warning
NOTHING_V = 1.5  # what a decayed half-wave may still show
SOURCE_FROM_V, SOURCE_TO_V = 11.2, 12.8  # IEC 61851-1: 12 V +- 0.6 V, and 0.2 V for the reading
BOX_FROM_V, BOX_TO_V = 10.8, 13.2  # a good box beyond these has a part that has failed
HOLD_WRONG = 0.2  # the margins hold for 10 %; what is wrong by 30 % must be found
SPREAD = 0.03  # the whole sawtooth at 10 % PWM is 4.5 %, what is left of it behind the low-pass 0.6 %

Part = Literal["F", "x1", "pwm", "doubt"]


class Readings:
    """The readings of one half-wave while the pilot shows one level."""

    def __init__(self) -> None:
        self._volts: list[float] = []

    def feed(self, volts: float) -> None:
        """Adds a reading to the mean and the spread."""
        self._volts.append(volts)

    def __bool__(self) -> bool:
        return bool(self._volts)

    @property
    def mean_v(self) -> float:
        """Raises ZeroDivisionError where there is none."""
        return sum(self._volts) / len(self._volts)

    @property
    def spread(self) -> float:
        """Returns the range from the least to the greatest, as a share of the mean."""
        return (max(self._volts) - min(self._volts)) / abs(self.mean_v)


class PilotTest:
    """The self test of the pilot. `runs` asks for short ticks; `words` say what the last test found wrong."""

    def __init__(self, hold_s: float) -> None:
        self.failed = False  # the last one
        self.source_off = False  # it passed, with a source that is not as the standard has it
        self.words = ""
        self._hold_s = hold_s
        self._due = True
        self._part: Part | None = None
        self._in_a = Steady(IN_A_S)
        self._wrong, self._wrong_since_s = "", 0.0
        self._ended_s = 0.0
        self._new()

    @property
    def runs(self) -> bool:
        """Says whether it is between the beginning of F and the verdict."""
        return self._part is not None

    @property
    def shows_pwm(self) -> bool:
        """Says whether the part without F and x1 runs."""
        return self._part == "pwm"

    def ask(self) -> None:
        """Asks for one more test, as soon as it may be."""
        self._due = True

    def begins(self, *, car: bool, offer: Offer, now_s: float) -> bool:
        """Is True at the tick at which F must begin, for TEST_F_S. A car ends a test, and makes one due."""
        if car:
            self._due, self._part = True, None
        wait_s = AGAIN_S if self.failed else SOURCE_AGAIN_S
        again = (self.failed or self.source_off) and passed(self._ended_s, wait_s, now_s)
        idle = self._in_a.feed(not car and offer.shown == "x1", now_s)
        if not idle or self.runs or not (self._due or again):
            return False
        self._new()
        self._due, self._part = False, "F"
        return True

    def look(self, sense: Sense, offer: Offer, now_s: float) -> None:
        """Judges the channels at this tick, with what has been shown until now."""
        if self._part is None:
            return
        for_s = now_s - offer.changed_s
        if self._part == "F":
            if offer.shown == "x1":
                self._part = "x1"
            elif for_s >= JUDGED_AFTER_S:
                self._f_low.feed(sense.cp_low_v)
                self._f_high.feed(sense.cp_high_v)
        elif self._part == "x1":
            self._look_at_x1(sense, for_s, now_s)
        elif self._part == "doubt":
            if passed(self._wrong_since_s, CAR_KNOWN_S, now_s):
                self._end(self._wrong, now_s)
        elif offer.testing and for_s >= PWM_AFTER_S:
            self._pwm.feed(sense.cp_high_v)
            if passed(offer.changed_s, PWM_S, now_s):
                self._judge(self._wrong_circuit(), now_s)

    def _new(self) -> None:
        self._f_high, self._f_low = Readings(), Readings()
        self._x1, self._x1_low, self._pwm = Readings(), Readings(), Readings()

    def _look_at_x1(self, sense: Sense, for_s: float, now_s: float) -> None:
        if for_s < JUDGED_AFTER_S:
            return
        self._x1.feed(sense.cp_high_v)
        self._x1_low.feed(sense.cp_low_v)
        if for_s >= X1_S:
            wrong = self._wrong_source()
            if wrong:
                self._judge(wrong, now_s)
            else:
                self._part = "pwm"

    def _judge(self, wrong: str, now_s: float) -> None:
        """Ends a test that has passed; one that has failed waits for the car that explains it."""
        if wrong:
            self._wrong, self._wrong_since_s, self._part = wrong, now_s, "doubt"
        else:
            self._end("", now_s)

    def _wrong_source(self) -> str:
        """Says what F and x1 have shown to be wrong, or nothing."""
        if not self._f_low:
            return "the pilot was not read while F was shown"
        f_v, x1_v = self._f_low.mean_v, self._x1.mean_v
        if not -BOX_TO_V <= f_v <= -BOX_FROM_V:
            return _said("F reads", f_v, (-BOX_TO_V, -BOX_FROM_V), "look at the -12 V of the pilot's source")
        if self._f_high.mean_v > NOTHING_V:
            return _said("in F the high side reads", self._f_high.mean_v, (-99, NOTHING_V), _STAYS)
        if not BOX_FROM_V <= x1_v <= BOX_TO_V:
            return _said("x1 reads", x1_v, (BOX_FROM_V, BOX_TO_V), "look at the +12 V of the pilot's source")
        if self._x1_low.mean_v < -NOTHING_V:
            return _said("in x1 the low side reads", self._x1_low.mean_v, (-NOTHING_V, 99), _STAYS)
        return ""

    def _wrong_circuit(self) -> str:
        """Says what the droop under PWM has shown to be wrong, or nothing."""
        spread = self._pwm.spread - self._x1.spread
        if spread > SPREAD:
            return (
                f"pilot circuit: readings {spread:.1%} apart under PWM, must be {SPREAD:.0%} at most: "
                "the 100 nF at the converter's pin is missing"
            )
        lost = 1 - self._pwm.mean_v / self._x1.mean_v
        gap = 1 - duty(LEAST_A)
        hold_s = gap * gap * PERIOD_S / (2 * lost) if lost > 0 else float("inf")
        least_s, most_s = self._hold_s * (1 - HOLD_WRONG), self._hold_s * (1 + HOLD_WRONG)
        if not least_s <= hold_s <= most_s:
            return (
                f"pilot circuit: a time constant of {hold_s * 1000:.1f} ms, must be {least_s * 1000:.1f} to "
                f"{most_s * 1000:.1f} ms: check hold capacitor and bleed resistor against pilot.hold_s"
            )
        return ""

    def _end(self, wrong: str, now_s: float) -> None:
        self.failed, self.words, self._ended_s, self._part = bool(wrong), wrong, now_s, None
        f_v, x1_v = (abs(side.mean_v) if side else 0.0 for side in (self._f_low, self._x1))
        ends = min(f_v, x1_v), max(f_v, x1_v)
        self.source_off = not wrong and not SOURCE_FROM_V <= ends[0] <= ends[1] <= SOURCE_TO_V
        if self.source_off:
            self.words = (
                f"pilot source: x1 reads {x1_v:.2f} V and F {-f_v:.2f} V, must be 12 V +- 0.6 V: set it"
            )


_STAYS = "a hold circuit does not let go of its peak"


def _said(what: str, volts: float, allowed: tuple[float, float], do: str) -> str:
    least, most = allowed
    bounds = (
        f"{most} V at most"
        if least == -99
        else f"{least} V at least"
        if most == 99
        else f"{least} to {most} V"
    )
    return f"pilot circuit: {what} {volts:.2f} V, must be {bounds}: {do}"
