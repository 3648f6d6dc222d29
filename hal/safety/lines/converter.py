"""The analogue converter: all its channels once a tick, how old they are, and whether it still measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gpiozero import MCP3208

from hal.configuration.line_sections import Adc
from hal.core.control_pilot.levels import is_pwm
from hal.core.signals import PilotOffer
from hal.core.tally import THREE, Tally
from hal.safety.lines.gpio import PinFactory

Words = tuple[int, ...]

_FULL = 4095  # 12 bits
# After x1, PWM or F came in place of another the negative half-wave comes or goes, at 20 ms of decay.
_FOLLOWS_S = 0.5
# Under PWM a peak-hold droops by 2 % and more in each period, several steps of the converter; so does its
# noise. Inside the 3 s that a fault of the pilot may last (IEC 61851-1 Table A.6 sequence 12).
_FROZEN_S = 2.0
# What nobody looked at does not count for either: a converter that could not be asked has not stood still.
_UNSEEN_S = 0.5


@dataclass(frozen=True, slots=True)
class Conversion:
    """The newest words of the channels."""

    words: Words
    age_s: float  # 0: at this tick
    alive: bool


class Converter:
    """The MCP3208. After a failed transfer the old words stay, with their age."""

    def __init__(
        self, adc: Adc, channels: tuple[int, ...], factory: PinFactory, failures: tuple[type[Exception], ...]
    ) -> None:
        """Tries a transfer, whose `failures` it raises. The first two channels are the pilot's."""
        self._channels = [
            MCP3208(channel, port=adc.spi_port, device=adc.spi_device, pin_factory=factory)
            for channel in channels
        ]
        self._volts_a_step = adc.max_voltage_v / _FULL
        self._failures = failures
        self._words = self._convert()
        self._read_at_s: float | None = None
        self._life = Life()

    def read(self, offer: PilotOffer, now_s: float) -> Conversion:
        """Reads each channel once; under PWM the middle one of three of the first.

        `offer` is what the pilot shows since the last tick or longer.
        """
        try:
            self._words = self._convert(sure=is_pwm(offer))
            self._read_at_s = now_s
            alive = self._life.feed(self._words[:2], offer, now_s)
        except self._failures:
            alive = self._life.alive
        if self._read_at_s is None:
            self._read_at_s = now_s
        return Conversion(self._words, now_s - self._read_at_s, alive)

    def volts(self, word: int) -> float:
        """Returns the volts at the input of the converter."""
        return word * self._volts_a_step

    def _convert(self, *, sure: bool = False) -> Words:
        """Converts once. `sure`: one wrong conversion of the positive half-wave, which decides, is out."""
        first, *others = self._channels
        high = sorted(int(first.raw_value) for _ in range(3 if sure else 1))
        return high[len(high) // 2], *(int(channel.raw_value) for channel in others)


class Life:
    """Judges from the exact words of both half-waves whether they are really measured."""

    def __init__(self) -> None:
        self.alive = True
        self._no_supply = Tally(THREE)
        self._words: Words = ()
        self._same_since_s = 0.0
        self._taken_at_s: float | None = None
        self._kind: Literal["x1", "F", "pwm"] = "x1"
        self._must_follow: tuple[Words, float] | None = None  # the words at a change of the pilot, and when

    def feed(self, words: Words, offer: PilotOffer, now_s: float) -> bool:
        """Judges a conversion. False for as long as it is no measurement."""
        unsupplied = self._no_supply.feed(_no_supply(words))
        kind: Literal["x1", "F", "pwm"] = offer if isinstance(offer, str) else "pwm"
        if self._taken_at_s is not None and now_s - self._taken_at_s > _UNSEEN_S:
            self._pass_over(now_s)
        self._taken_at_s = now_s
        if words != self._words or (kind == "pwm") != (self._kind == "pwm"):
            self._words, self._same_since_s = words, now_s
        if kind != self._kind:
            self._kind, self._must_follow = kind, (words, now_s)
        elif self._must_follow and words != self._must_follow[0]:
            self._must_follow = None
        self.alive = not unsupplied and not self._frozen(now_s)
        return self.alive

    def _pass_over(self, now_s: float) -> None:
        self._same_since_s = now_s
        if self._must_follow is not None:
            self._must_follow = (self._must_follow[0], now_s)

    def _frozen(self, now_s: float) -> bool:
        if self._must_follow and now_s - self._must_follow[1] >= _FOLLOWS_S:
            return True
        return self._kind == "pwm" and now_s - self._same_since_s >= _FROZEN_S


def _no_supply(words: Words) -> bool:
    """Says whether a pilot is at both ends of its range at once: no supply, or the data line stuck."""
    return all(word == 0 for word in words) or all(word == _FULL for word in words)
