"""The pilot's square wave: one channel of a hardware PWM, written through sysfs.

Not gpiozero's PWM: on lgpio that rounds the duty to whole percent and is timed by software.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

PERIOD_NS = 1_000_000  # 1 kHz, IEC 61851-1 Annex A
SYSFS = Path("/sys/class/pwm")
DEVICES = (  # of the chip whose pins are on the header, by its link; chip numbers change with the kernel
    "1f00098000.pwm",  # Pi 5 (RP1); its other chip is the fan
    "fe20c000.pwm",  # Pi 4
    "3f20c000.pwm",  # Pi 3, Zero 2 W
)
_CHANNELS = {  # number of channels of the chip -> GPIO -> channel
    2: {12: 0, 13: 1, 18: 0, 19: 1},  # Pi 3, 4, Zero 2 W
    4: {12: 0, 13: 1, 18: 2, 19: 3},  # Pi 5 (RP1)
}
_EXPORT_WAIT_S = 2.0  # udev grants write access some milliseconds after the export
_EXPORT_STEP_S = 0.005


class PwmError(Exception):
    """There is no such PWM; the text says what was looked for and what to do."""


class Pwm:
    """An exported PWM channel, at 1 kHz. Its wave continues when the process dies."""

    def __init__(self, folder: Path) -> None:
        """Takes an exported channel (`.../pwmN`). The wave is steady high (x1) before it is let out.

        Raises OSError, or PwmError for a channel that is upside down. Order of the writes: period, duty,
        enable; the kernel refuses a duty above the period, so an older and longer duty is cut first.
        """
        if (polarity := (folder / "polarity").read_text().partition("\n")[0]) != "normal":
            raise PwmError(f"{folder}/polarity is {polarity}: write normal to it while enable is 0")
        if _number(folder / "duty_cycle") > PERIOD_NS:
            _write(folder / "duty_cycle", PERIOD_NS)
        if _number(folder / "period") != PERIOD_NS:
            _write(folder / "period", PERIOD_NS)
        self._duty = os.open(folder / "duty_cycle", os.O_WRONLY | os.O_CLOEXEC)
        self.write_duty(PERIOD_NS)
        _write(folder / "enable", 1)

    def write_duty(self, duty_ns: int) -> None:
        """Sets the high time of a period: 0 is steady -12 V, PERIOD_NS steady +12 V. Raises OSError."""
        os.pwrite(self._duty, b"%d\n" % duty_ns, 0)

    def close(self) -> None:
        """Lets go of the file; the wave stays as it is."""
        os.close(self._duty)


def find_channel(sysfs: Path, device: str, pin: int) -> Path:
    """Finds the channel that drives GPIO `pin`, exported or not, on the chip that `find_chip` finds.

    Raises PwmError.
    """
    chip = find_chip(sysfs, device)
    count = _number(chip / "npwm")
    if count not in _CHANNELS:
        raise PwmError(
            f"pilot.pwm_device = {device}: {chip} has {count} channels; a Raspberry Pi's has 2 or 4"
        )
    return chip / f"pwm{_CHANNELS[count][pin]}"


def find_chip(sysfs: Path, device: str) -> Path:
    """Finds the chip whose `device` link ends in `device`; "auto" takes any of DEVICES. Raises PwmError."""
    wanted = DEVICES if device == "auto" else (device,)
    seen = {(chip / "device").resolve().name: chip for chip in sorted(sysfs.glob("pwmchip*"))}
    for name in wanted:
        if name in seen:
            return seen[name]
    raise PwmError(
        f"pilot.pwm_device = {device}: no PWM chip of {', '.join(wanted)} in {sysfs} "
        f"(there: {', '.join(seen) or 'none'}); add dtoverlay=pwm to config.txt or name the device"
    )


def export(folder: Path) -> Path:
    """Returns `folder`, once it is there and can be written; waits up to 2 s. Raises PwmError."""
    if not folder.is_dir():
        _export_now(folder)
    give_up_s = time.monotonic() + _EXPORT_WAIT_S
    while not all(os.access(folder / name, os.W_OK) for name in ("period", "duty_cycle", "enable")):
        if time.monotonic() > give_up_s:
            raise PwmError(f"{folder}: not writable {_EXPORT_WAIT_S:g} s after export; see the udev rules")
        time.sleep(_EXPORT_STEP_S)
    return folder


def _export_now(folder: Path) -> None:
    try:
        _write(folder.parent / "export", int(folder.name.removeprefix("pwm")))
    except PermissionError:
        raise PwmError(f"no permission on {folder.parent}/export; see the udev rules") from None
    except OSError as error:
        raise PwmError(f"{folder} cannot be exported: {error}; is another program using it?") from None


def _number(path: Path) -> int:
    """Reads a number; 0 for an empty file."""
    return int(path.read_text().partition("\n")[0] or 0)


def _write(path: Path, number: int) -> None:
    """Writes once at offset 0; the file must be there already, as in sysfs."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, b"%d\n" % number, 0)
    finally:
        os.close(descriptor)
