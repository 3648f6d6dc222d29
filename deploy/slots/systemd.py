"""What root's program asks systemd, and tells it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

TARGET = "evse-bridge.target"
PROGRAMS = ("evse-safety.service", "evse-instruments.service", "evse-bridge.service")  # in order of starting
UPDATE = "evse-update.service"
ASK_S = 20.0
STOP_S = 120.0  # the three units' TimeoutStopSec, and a busy disk
START_S = 300.0  # their TimeoutStartSec, one after the other


class SystemdError(Exception):
    """systemctl failed; says what it said."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How a program is."""

    active: bool
    restarts: int  # by systemd itself, since it was last started by somebody
    pid: int


def is_enabled() -> bool:
    """Says whether the box starts our programs at a boot: a new version then needs its trial."""
    return _quiet("is-enabled", TARGET)


def is_active() -> bool:
    """Says whether our programs are to run now."""
    return _quiet("is-active", TARGET)


def is_stopping() -> bool:
    """Says whether the machine is on its way down, where nothing can be started."""
    try:
        return _run("is-system-running", within_s=ASK_S).stdout.strip() == "stopping"
    except SystemdError:
        return False


def unit(name: str) -> Unit:
    """Says how a program is. Raises SystemdError."""
    done = _run("show", "--property=ActiveState,NRestarts,MainPID", name, within_s=ASK_S)
    values = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    try:
        return Unit(values["ActiveState"] == "active", int(values["NRestarts"]), int(values["MainPID"]))
    except (KeyError, ValueError):
        raise SystemdError(f"systemctl show {name}: {done.stdout}{done.stderr}") from None


def stop(*names: str) -> None:
    """Stops them in the opposite order of starting. Raises SystemdError."""
    _orderly("stop", *names, within_s=STOP_S)


def start(*names: str) -> None:
    """Starts them in order, and returns when they are ready. Raises SystemdError."""
    _orderly("start", *names, within_s=START_S)


def begin(name: str) -> None:
    """Starts it without waiting. Raises SystemdError."""
    _orderly("start", "--no-block", name, within_s=ASK_S)


def carry_out(name: str) -> None:
    """Starts a oneshot, and returns when it has ended, however long it takes. Raises SystemdError."""
    _orderly("start", name, within_s=None)


def _orderly(*words: str, within_s: float | None) -> None:
    done = _run(*words, within_s=within_s)
    if done.returncode != 0:
        raise SystemdError(f"systemctl {' '.join(words)}: {' '.join(done.stderr.split()) or done.returncode}")


def _quiet(*words: str) -> bool:
    try:
        return _run(*words, "--quiet", within_s=ASK_S).returncode == 0
    except SystemdError:
        return False


def _run(*words: str, within_s: float | None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["systemctl", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SystemdError(f"systemctl {' '.join(words)}: {error}") from None
