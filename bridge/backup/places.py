"""Where each part of a box lies and who owns it, as the units, sysusers and tmpfiles have it."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from bridge import settings
from bridge.backup.content import Content
from bridge.backup.disk import Owner
from bridge.backup.restoring import Box, Placed
from bridge.compose import DATABASE_NAME
from bridge.folders import Folders
from hal.contract import STATE_FILE

METER_FILE = "meter.json"  # of hal.instruments, which keeps a copy beside it
_STATE_MODE = 0o640  # umask 0027 of the units
_FOLDER_MODE = 0o750  # their StateDirectoryMode
_DATABASE_SIDECARS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of a box; `users`: each program has a user of its own, who owns its state."""

    config: Path
    state: Path
    of_bridge: Path
    of_safety: Path
    of_instruments: Path
    users: bool

    @property
    def database(self) -> Path:
        """Returns the place of the store."""
        return self.of_bridge / DATABASE_NAME

    @property
    def box(self) -> Box:
        """Returns what a restore has to know of the folders."""
        return Box(
            self.state, self.of_bridge, tuple(dict.fromkeys([self.config, *self._of_programs.values()]))
        )

    @property
    def folders(self) -> dict[Path, Owner]:
        """Returns the folders that must be there, and whose they are."""
        own = {path: self._owner(user, _FOLDER_MODE) for user, path in self._of_programs.items()}
        return {self.config: self._owner("root", 0o755), **own}

    @property
    def _of_programs(self) -> dict[str, Path]:
        return {
            "evse-bridge": self.of_bridge,
            "evse-safety": self.of_safety,
            "evse-instruments": self.of_instruments,
        }

    def placed(self, content: Content) -> list[Placed]:
        """Says where the files of a backup belong, the identity of the box last."""
        database, meter = self.database, self.of_instruments / METER_FILE
        beside = tuple(Path(f"{database}{suffix}") for suffix in _DATABASE_SIDECARS)
        safety = self._owner("evse-safety", _STATE_MODE)
        instruments = self._owner("evse-instruments", _STATE_MODE)
        return [
            Placed(database, content.database, self._owner("evse-bridge", 0o600), beside),
            Placed(self.of_safety / STATE_FILE, content.safety_state, safety),
            Placed(meter, content.meter, instruments, (meter.with_name(f"{METER_FILE}.copy"),)),
            *(
                Placed(self.config / name, file, self._config_owner(name))
                for name, file in sorted(content.configuration.items(), reverse=True)
            ),
        ]

    def _config_owner(self, name: str) -> Owner:
        if name == settings.FILE_NAME:  # may hold a password
            return self._owner("root", 0o640, group="evse-bridge") if self.users else Owner(mode=0o600)
        return self._owner("root", 0o644)

    def _owner(self, user: str, mode: int, group: str | None = None) -> Owner:
        if not self.users:
            return Owner(mode=mode)
        return Owner(pwd.getpwnam(user).pw_uid, grp.getgrnam(group or user).gr_gid, mode)


def places(folders: Folders) -> Places:
    """Says where the parts of this box lie; root gives them to the users of the units, if there are any."""
    users = os.geteuid() == 0 and folders.by_units and all(map(_is_user, ("bridge", "safety", "instruments")))

    def of(program: str) -> Path:
        return folders.state / program if users else folders.state_of(program)

    return Places(folders.config, folders.state, of("bridge"), of("safety"), of("instruments"), users)


def _is_user(program: str) -> bool:
    try:
        pwd.getpwnam(f"evse-{program}")
    except KeyError:
        return False
    return True
