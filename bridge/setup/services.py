"""The units of the box: whether they run, stopped only while no car charges, enabled, started."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bridge.doctor.answers import busy
from bridge.doctor.wire import NobodyError, Wire
from bridge.folders import CommandError, Folders

TARGET = "evse-bridge.target"
_HEARS_S = 5.0
_UNIT = Path("usr/lib/systemd/system") / TARGET


class Services:
    """The units below `root`. `systemctl`: the command, as a test gives another."""

    def __init__(self, root: Path, systemctl: str = "systemctl") -> None:
        self._root = root
        self._systemctl = systemctl

    @property
    def installed(self) -> bool:
        """Says whether the package, or install-units, has put the units there."""
        return (self._root / _UNIT).is_file()

    @property
    def active(self) -> bool:
        """Says whether they run, or are to run."""
        return self.installed and self._done("is-active", "--quiet", TARGET).returncode == 0

    def stop(self, folders: Folders) -> None:
        """Stops all programs. Raises CommandError while a car charges, or when systemd refuses."""
        if why := charging(folders):
            raise CommandError(f"the programs are not stopped: {why}; run setup again after that")
        self._must("stop", TARGET)

    def start(self) -> None:
        """Starts all programs, now and at every boot. Raises CommandError."""
        self._must("enable", TARGET)
        self._must("restart", TARGET)

    def start_again(self) -> None:
        """Starts what was stopped for the time of setup. Raises CommandError."""
        self._must("start", TARGET)

    def disable(self) -> None:
        """Starts nothing at a boot until `start`: the box has no configuration. Raises CommandError."""
        self._must("disable", TARGET)

    def reload(self) -> None:
        """Lets systemd read the units again. Raises CommandError."""
        self._must("daemon-reload")

    def reboot(self) -> None:
        """Reboots the machine. Raises CommandError."""
        self._must("reboot")

    def _must(self, *words: str) -> None:
        done = self._done(*words)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise CommandError(f"systemctl {' '.join(words)} failed: {said[-1] if said else done.returncode}")

    def _done(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run([self._systemctl, *words], capture_output=True, check=False)
        except OSError as error:
            raise CommandError(
                f"{self._systemctl} cannot be run: {error.strerror}; is this systemd?"
            ) from None


def charging(folders: Folders) -> str:
    """Says why the programs must go on; empty: the contactor is open, or nobody answers."""
    wire = Wire(folders.runtime, mock=folders.mock)
    try:
        wire.hear(lambda heard: heard.status is not None, _HEARS_S)
    except NobodyError:
        return ""
    status = wire.heard.status
    return busy(status) if status is not None else ""
