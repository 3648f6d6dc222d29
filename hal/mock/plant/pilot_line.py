"""PURE: the control pilot as copper: a source of +-12 V, 1 kohm, the car's load, two peak-hold channels."""

from __future__ import annotations

import random
from collections.abc import Callable, Set
from math import exp, log, pi, sin

from hal.mock.plant.copper import CarState, Copper

FOREIGN_V = 15.0  # of a fault
PERIOD_S = 0.001  # 1 kHz
_ALIKE_S = 1e-6  # two time constants that are nearer than this are one
_UNBOUND_S = 0.005  # after so long a step nobody knows where in its period the pilot is
_SLICE_S = 0.0005  # in which hum is a straight line
_FORGOTTEN = 9.0  # low-passes later 15 V have become 2 mV
_INSTANT_S = 1e-9  # less is an error of the arithmetic

Source = Callable[[float], float]  # volts by time since the step began


def positive_v(copper: Copper, load_ohm: float | None) -> float:
    """Returns the volts at the box in the positive half-wave; None is a pilot with nothing on it."""
    if load_ohm is None:
        return copper.source_high_v
    current_a = max(0.0, copper.source_high_v - copper.diode_v) / (load_ohm + copper.series_ohm)
    return copper.source_high_v - current_a * copper.series_ohm


def negative_v(copper: Copper, load_ohm: float | None, *, diode: bool) -> float:
    """Returns the volts at the box in the negative one: the diode keeps the car's resistors out of it."""
    if load_ohm is None or diode:
        return copper.source_low_v
    return copper.source_low_v * load_ohm / (load_ohm + copper.series_ohm)


class Sawtooth:
    """Steady state of a peak of 1 V, `width_s` long in each period, held with `tau_s`, behind a low-pass."""

    def __init__(self, width_s: float, tau_s: float, low_pass_s: float) -> None:
        self.width_s = width_s
        self.tau_s = tau_s
        if low_pass_s > 0 and abs(tau_s - low_pass_s) < _ALIKE_S:
            low_pass_s = tau_s - _ALIKE_S  # the formula has a pole there, the circuit has none
        self.low_pass_s = low_pass_s
        self._k = tau_s / (tau_s - low_pass_s)
        self._begin = self._before_peak()
        self._peak_end = 1 + (self._begin - 1) * self.faded(width_s)

    def _before_peak(self) -> float:
        """Returns what is held when a peak begins and a gap ends: so one period follows another."""
        if not self.low_pass_s:
            return 1.0
        gap_s, k, faded = PERIOD_S - self.width_s, self._k, self.faded(PERIOD_S)
        return (k * exp(-gap_s / self.tau_s) + (1 - k) * self.faded(gap_s) - faded) / (1 - faded)

    def at(self, phase_s: float) -> tuple[float, float]:
        """Returns what is held, and what the low-pass shows of it; the peak begins at phase 0."""
        age_s = phase_s - self.width_s
        if age_s < 0:
            return 1.0, 1 + (self._begin - 1) * self.faded(phase_s)
        return self.decayed(1.0, self._peak_end, age_s)

    def decayed(self, held_v: float, shown_v: float, for_s: float) -> tuple[float, float]:
        """Returns both, after a time without a peak."""
        left_v = held_v * exp(-for_s / self.tau_s)
        if not self.low_pass_s:
            return left_v, left_v
        k = self._k
        return left_v, k * left_v + (shown_v - k * held_v) * exp(-for_s / self.low_pass_s)

    def faded(self, for_s: float) -> float:
        """Returns what is left behind the low-pass of what was there before."""
        return exp(-for_s / self.low_pass_s) if self.low_pass_s else 0.0


class PeakHold:
    """One peak-hold for volts above 0: follows a peak at once, discharges slowly, and shows its mean."""

    def __init__(self, volts: float) -> None:
        self.held_v = self.shown_v = volts
        self._tooth = Sawtooth(PERIOD_S, 1.0, 0.0)

    def shape(self, width_s: float, tau_s: float, low_pass_s: float) -> None:
        """Returns the circuit, and how long each peak lasts."""
        self._tooth = Sawtooth(width_s, tau_s, low_pass_s)

    def step(self, peak_v: float, phase_s: float, dt_s: float) -> None:
        """Lets `dt_s` pass with one peak; its first moment is at `phase_s` after the beginning of one."""
        tooth = self._tooth
        met_s = self._meets_s(peak_v, phase_s, dt_s)
        if met_s >= dt_s:
            self._decay(dt_s)
            return
        held, shown = tooth.at((phase_s + dt_s) % PERIOD_S)
        old_v = 0.0
        if (since_s := dt_s - met_s) < _FORGOTTEN * tooth.low_pass_s:
            self._decay(met_s)
            old_v = self.shown_v - peak_v * tooth.at((phase_s + met_s) % PERIOD_S)[1]
            old_v *= tooth.faded(since_s)
        self.held_v, self.shown_v = peak_v * held, peak_v * shown + old_v

    def _meets_s(self, peak_v: float, phase_s: float, dt_s: float) -> float:
        """Says after what time a peak reaches what is held; `dt_s` or more: none does in this step."""
        width_s = self._tooth.width_s
        if not width_s or peak_v <= 0:
            return dt_s
        free_s = self._tooth.tau_s * log(self.held_v / peak_v) if self.held_v > peak_v else 0.0
        return free_s + _until_on((phase_s + free_s) % PERIOD_S, width_s)

    def follow(self, source: Source, phase_s: float, dt_s: float) -> None:
        """Steps with a peak that moves: in slices in which it moves along a straight line."""
        width_s, passed_s = self._tooth.width_s, 0.0
        while (left_s := dt_s - passed_s) > _INSTANT_S:
            now_s = (phase_s + passed_s) % PERIOD_S
            gap_s = _until_on(now_s, width_s) if width_s else left_s
            piece_s = min(left_s, gap_s or min(_SLICE_S, max(width_s - now_s, _INSTANT_S)))
            if gap_s:
                self._decay(piece_s)
            else:
                self._track(source, passed_s, piece_s)
            passed_s += piece_s

    def _track(self, source: Source, at_s: float, for_s: float) -> None:
        tooth = self._tooth
        began_v = max(self.held_v, source(at_s))
        self.held_v = max(began_v * exp(-for_s / tooth.tau_s), source(at_s + for_s))
        lag_v = (self.held_v - began_v) / for_s * tooth.low_pass_s  # how far a low-pass is behind a line
        self.shown_v = self.held_v - lag_v + (self.shown_v - began_v + lag_v) * tooth.faded(for_s)

    def _decay(self, for_s: float) -> None:
        self.held_v, self.shown_v = self._tooth.decayed(self.held_v, self.shown_v, for_s)


def _until_on(phase_s: float, width_s: float) -> float:
    """Returns the time to the next peak; at the edges, where rounding decides, the half-wave that begins."""
    left_s = PERIOD_S - phase_s
    return 0.0 if phase_s < width_s - _INSTANT_S or left_s < _INSTANT_S else left_s


class Pilot:
    """What the two channels show. `faults` are the plant's: those of the pilot and the diode.

    Where in the pilot's period a reading falls is drawn: nothing in Linux runs in step with it.
    """

    def __init__(self, faults: Set[str], copper: Copper, rng: random.Random) -> None:
        self._faults = faults
        self._rng = rng
        self._copper = copper
        self._high = PeakHold(copper.source_high_v)
        self._low = PeakHold(0.0)
        self._seen: tuple[object, ...] = ()  # what the peaks below come from
        self._peaks = (0.0, 0.0, 0.0)  # high, low and duty
        self._phase_s = 0.0  # since the high half-wave began
        self._now_s = 0.0
        self.shown_v = copper.read_v(copper.source_high_v, 0.0)  # high, low

    def step(self, duty: float, car: CarState | None, *, connected: bool, dt_s: float) -> None:
        """Follows the car: `car` is what it shows, None without; `connected`: the box's relay is closed."""
        seen = (duty, car, connected, *self._faults)
        if seen != self._seen:
            self._seen = seen
            self._peaks = self._volts(duty, car if connected else None, connected=connected)
            self._shape(self._peaks[2])
        self._run(dt_s)
        if "adc_stuck" not in self._faults:
            self.shown_v = self._read()

    def rewire(self, copper: Copper) -> None:
        """Replaces the copper from now on."""
        self._copper = copper
        self._seen = ()

    def would_show_v(self, car: CarState | None) -> float:
        """Returns the high side, had it read that car or none: of a single wrong sample."""
        load_ohm = None if car is None else self._copper.load_ohm(car)
        return self._copper.read_v(positive_v(self._copper, load_ohm), 0.0)[0]

    @property
    def low_without_diode_v(self) -> float:
        """Returns the low side of a car whose diode is shorted, had it been read once."""
        copper = self._copper
        return copper.read_v(0.0, negative_v(copper, copper.load_ohm("C"), diode=False))[1]

    def _volts(self, duty: float, car: CarState | None, *, connected: bool) -> tuple[float, float, float]:
        """Returns the peaks of the two half-waves at the box, and their duty."""
        faults, copper = self._faults, self._copper
        if "cp_short" in faults and connected:
            return 0.0, 0.0, duty
        if "cp_high" in faults and connected:
            return FOREIGN_V, 0.0, 1.0
        load_ohm = None if car is None or "cp_open" in faults else copper.load_ohm(car)
        high_v = positive_v(copper, load_ohm)
        low_v = negative_v(copper, load_ohm, diode="diode" not in faults)
        return high_v, 0.0 if "minus_lost" in faults else low_v, duty

    def _shape(self, duty: float) -> None:
        copper = self._copper
        self._high.shape(duty * PERIOD_S, copper.high_tau_s, copper.low_pass_s)
        self._low.shape((1 - duty) * PERIOD_S, copper.low_tau_s, copper.low_pass_s)

    def _run(self, dt_s: float) -> None:
        """Ends at a phase that is drawn, or after a short step where the last one leads."""
        high_v, low_v, duty = self._peaks
        began_s, self._now_s = self._now_s, self._now_s + dt_s
        if dt_s >= _UNBOUND_S:
            self._phase_s = self._rng.random() * PERIOD_S
        phase_s, self._phase_s = self._phase_s, (self._phase_s + dt_s) % PERIOD_S
        low_phase_s = (phase_s - duty * PERIOD_S) % PERIOD_S
        if not self._copper.hum_v or "cp_short" in self._faults:
            self._high.step(high_v, phase_s, dt_s)
            self._low.step(-low_v, low_phase_s, dt_s)
            return
        hum = _hum(self._copper, began_s)
        self._high.follow(lambda passed_s: high_v + hum(passed_s), phase_s, dt_s)
        self._low.follow(lambda passed_s: -low_v - hum(passed_s), low_phase_s, dt_s)

    def _read(self) -> tuple[float, float]:
        copper = self._copper
        high_v, low_v = self._high.shown_v, -self._low.shown_v
        if copper.noise_v:
            high_v += self._rng.gauss(0.0, copper.noise_v)
            low_v += self._rng.gauss(0.0, copper.noise_v)
        return copper.read_v(high_v, low_v)


def _hum(copper: Copper, began_s: float) -> Source:
    """Returns what hum adds to the pilot, by time since `began_s` of the plant."""
    volts, turns = copper.hum_v, 2 * pi * copper.hum_hz
    phase = turns * began_s + copper.hum_phase_deg * pi / 180
    return lambda passed_s: volts * sin(phase + turns * passed_s)


def arrives(duty: float, faults: Set[str], *, connected: bool) -> float:
    """Returns the duty at the car's end; 0 = nothing."""
    return duty if connected and not faults & {"cp_short", "cp_open", "cp_high"} else 0.0
