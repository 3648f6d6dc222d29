"""The clocks of this machine, read in one place and never set."""

from __future__ import annotations

import ctypes
import time
from datetime import UTC, datetime
from pathlib import Path

from bridge.core.calendar import Calendar, Seen
from bridge.core.now import Now
from hal.contract import BOOT_ID_FILE, KERNEL_BOOT_ID_FILE

NTP_FILE = "ntp"  # in the runtime folder of a mock box: `off` in it, and no time server sets the clock
ASK_EVERY_S = 2.0  # the kernel is asked whether a time server sets the clock

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronized
_TIMEX_BYTES = 512  # more than any struct timex; its first word, 0, says that nothing is to be set


class Clock:
    """Reads the clocks. In a mock box the machine's clock counts as set by a time server, unless its file
    `ntp` says off."""

    def __init__(self, calendar: Calendar, runtime_dir: Path, *, mock: bool) -> None:
        self.calendar = calendar
        self._ntp_file = runtime_dir / NTP_FILE if mock else None
        self._asked_at_s = float("-inf")
        self._synchronized = False

    def now(self) -> Now:
        """Returns this moment on both clocks."""
        s = now_s()
        if s - self._asked_at_s >= ASK_EVERY_S:
            self._asked_at_s = s
            self._synchronized = bool(synchronized()) if self._ntp_file is None else _says_on(self._ntp_file)
        return self.calendar.now(Seen(s, datetime.now(UTC), self._synchronized))


def now_s() -> float:
    """Returns CLOCK_MONOTONIC, for durations."""
    return time.monotonic()


def utc_text() -> str:
    """Returns the machine's clock in ISO 8601, to a millisecond, whoever has set it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def synchronized() -> bool | None:
    """Says whether a time server sets the clock, by any program; None: the kernel cannot be asked."""
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except AttributeError:
        return None
    return None if answer < 0 else bool(answer != _TIME_ERROR)


def boot_id(runtime_dir: Path, *, mock: bool) -> str:
    """Says which boot this is. Raises OSError when a mock box was not booted by `run`."""
    return (runtime_dir / BOOT_ID_FILE if mock else Path(KERNEL_BOOT_ID_FILE)).read_text().strip()


def _says_on(file: Path) -> bool:
    try:
        return file.read_text().strip() != "off"
    except FileNotFoundError:
        return True
