"""A folder laid out like /sys/class/pwm with one channel in use, and a judge of what is written there.

Polled, since nobody can be called back by a regular file. A real attribute keeps what was last written; a
regular file keeps the tail of a longer, older number too, so only the text up to the first newline counts.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

DEVICE = "3f20c000.pwm"  # the PWM of a Pi 3, as its `device` link names it
CHIP = "pwmchip0"
_CHANNELS = 2  # of that chip
_ATTRIBUTES = {"period": "0", "duty_cycle": "0", "enable": "0", "polarity": "normal"}  # after an export
_UNMEANT_F_S = 0.1  # state F is meant to last 300 ms (IEC 61851-1 Table A.5); a shorter 0 is a blip


@dataclass(frozen=True, slots=True)
class Violation:
    """A value that a kernel would refuse or a car would misread."""

    at_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Wave:
    """The values of the channel that were last written."""

    period_ns: int
    duty_ns: int
    on: bool

    @property
    def duty(self) -> float:
        """Returns the high part of the period, 0 to 1. A PWM that is off holds its pin low."""
        return min(self.duty_ns / self.period_ns, 1.0) if self.on and self.period_ns else 0.0


OFF = Wave(0, 0, on=False)


class PwmFolder:
    """The mock's side of the folder. `violations` grows without limit; they should be none."""

    def __init__(self, root: Path, channel: int = 0) -> None:
        """Makes the folder anew at `root`; only `channel` can be exported."""
        self._root = root
        self._channel = channel
        self._descriptors: dict[str, int] = {}
        self._raw: tuple[bytes, ...] = ()
        self._low_since_s: float | None = None
        self.wave = OFF
        self.violations: list[Violation] = []
        self.reset()

    def reset(self) -> None:
        """Starts as after a boot: no channel exported. Who still holds an old file writes to nowhere."""
        self._close()
        self._raw, self._low_since_s, self.wave = (), None, OFF
        shutil.rmtree(self._root, ignore_errors=True)
        chip = self._root / CHIP
        chip.mkdir(parents=True)
        (self._root / DEVICE).mkdir()
        (chip / "device").symlink_to(f"../{DEVICE}")
        (chip / "npwm").write_text(f"{_CHANNELS}\n")
        (chip / "unexport").write_text("")
        (chip / "export").write_text("")
        self._descriptors["export"] = os.open(chip / "export", os.O_RDWR | os.O_CLOEXEC)

    def poll(self, now_s: float) -> Wave:
        """Returns the wave now. Looks at what was written since the last poll."""
        if "duty_cycle" not in self._descriptors:
            self._look_for_export(now_s)
            return self.wave
        raw = self._read()
        if raw != self._raw and raw == self._read():  # twice the same: not in the midst of a write
            self._raw = raw
            self._take(raw, now_s)
        return self.wave

    def _read(self) -> tuple[bytes, ...]:
        return tuple(os.pread(self._descriptors[name], 64, 0) for name in ("period", "duty_cycle", "enable"))

    def _take(self, raw: tuple[bytes, ...], now_s: float) -> None:
        period, duty, on = (_first_line(text) for text in raw)
        if not all(text.isdigit() for text in (period, duty, on) if text):
            self._violated(now_s, f"not a number: period {period!r}, duty_cycle {duty!r}, enable {on!r}")
            return
        before = self.wave
        self.wave = Wave(  # an empty file is one opened with truncation and not yet written: nothing new
            period_ns=int(period or before.period_ns),
            duty_ns=int(duty or before.duty_ns),
            on=bool(int(on or before.on)),
        )
        self._judge(before, now_s)

    def _judge(self, before: Wave, now_s: float) -> None:
        wave = self.wave
        if wave.duty_ns > wave.period_ns:
            cause = "duty above period" if wave.duty_ns != before.duty_ns else "period below duty"
            self._violated(now_s, f"{cause}: duty {wave.duty_ns} ns, period {wave.period_ns} ns")
        low = wave.on and wave.duty_ns == 0
        if low and self._low_since_s is None:
            self._low_since_s = now_s
        elif not low and self._low_since_s is not None:
            if now_s - self._low_since_s < _UNMEANT_F_S:
                self._violated(now_s, f"unmeant 0: duty 0 for {1000 * (now_s - self._low_since_s):.0f} ms")
            self._low_since_s = None

    def _look_for_export(self, now_s: float) -> None:
        wanted = _first_line(os.pread(self._descriptors["export"], 64, 0))
        if not wanted:
            return
        os.ftruncate(self._descriptors["export"], 0)
        if wanted != b"%d" % self._channel:
            self._violated(now_s, f"export of channel {wanted!r}: the pilot is on channel {self._channel}")
            return
        folder = self._root / CHIP / f"pwm{self._channel}"
        unfinished = folder.with_name(f".{folder.name}")
        unfinished.mkdir()
        for name, text in _ATTRIBUTES.items():
            (unfinished / name).write_text(text + "\n")
            self._descriptors[name] = os.open(unfinished / name, os.O_RDONLY | os.O_CLOEXEC)
        unfinished.rename(folder)

    def _violated(self, now_s: float, text: str) -> None:
        self.violations.append(Violation(now_s, text))

    def _close(self) -> None:
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()


def _first_line(text: bytes) -> bytes:
    return text.partition(b"\n")[0].strip()
