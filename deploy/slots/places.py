"""The folders that an update reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.slots.names import COPY, CURRENT, TRIAL, TRIAL_MARK


@dataclass(frozen=True, slots=True)
class Places:
    """Where a box has what an update concerns."""

    slots: Path = Path("/var/lib/evse-bridge/slots")
    application: Path = Path("/usr/lib/evse-bridge/application")
    bridge: Path = Path("/var/lib/evse-bridge/bridge")  # the bridge's own folder: trust no name in it twice
    runtime: Path = Path("/run/evse-bridge")
    config: Path = Path("/etc/evse-bridge")
    safety: Path = Path("/var/lib/evse-bridge/safety")  # of hal's programs: trust them as little
    instruments: Path = Path("/var/lib/evse-bridge/instruments")

    @property
    def current(self) -> Path:
        """Returns the link to the version that the units start."""
        return self.slots / CURRENT

    @property
    def trial(self) -> Path:
        """Returns the file that is there while a trial is not decided."""
        return self.slots / TRIAL

    @property
    def copy(self) -> Path:
        """Returns the folder of database and state as they were before the switch."""
        return self.slots / COPY

    @property
    def mark(self) -> Path:
        """Returns the file by which the bridge knows of a trial."""
        return self.runtime / TRIAL_MARK

    def slot(self, version: str) -> Path:
        """Returns the folder of that version."""
        return self.slots / version
