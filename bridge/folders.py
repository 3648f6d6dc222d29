"""The folders of the programs, and the errors that end a command."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hal.contract import MOCK_SOCKET_NAME


class CommandError(Exception):
    """Ends the command with one clear line."""

    exit_code = 1


class MisuseError(CommandError):
    """A wrong configuration or a wrong use."""

    exit_code = 2


def unusable(error: OSError, option: str) -> CommandError:
    """Says which file or folder the system refused, and what to do about it."""
    rights = "use sudo, or " if isinstance(error, PermissionError) else ""
    return CommandError(f"{error.filename}: {error.strerror}; {rights}name another folder with {option}")


@dataclass(frozen=True, slots=True)
class Folders:
    """The three folders that every program is given, and whether the box is the mock one."""

    config: Path
    state: Path
    runtime: Path
    mock: bool
    state_named: bool = True  # by the owner; else it is the usual place

    @property
    def by_units(self) -> bool:
        """Says whether systemd's units run this box: a real one, or a mock one in their folders."""
        return not self.mock or self.runtime == _REAL.runtime

    def state_of(self, program: str) -> Path:
        """Says where this program keeps what lasts: the units give each its own folder, `run` one to all."""
        own = self.state / program
        return own if is_folder(own) else self.state

    @property
    def arguments(self) -> list[str]:
        """Returns command-line arguments for a program."""
        given = ["--config-dir", self.config, "--state-dir", self.state, "--runtime-dir", self.runtime]
        return [str(one) for one in given] + ["--mock"] * self.mock


def is_there(path: Path) -> bool:
    """Says whether there is something that we can see."""
    try:
        return path.exists()
    except OSError:  # no permission for a folder above it
        return False


def is_folder(path: Path) -> bool:
    """Says whether it is one that we can see."""
    try:
        return path.is_dir()
    except OSError:  # no permission for a folder above it
        return False


Named = tuple[Path | None, Path | None, Path | None]  # configuration, state, sockets; None: not named
_REAL = Folders(Path("/etc/evse-bridge"), Path("/var/lib/evse-bridge"), Path("/run/evse-bridge"), mock=False)


def of_running(named: Named, *, mock: bool, units: Folders = _REAL, own: Folders | None = None) -> Folders:
    """Is `chosen` for what looks at a box: `units` may run the mock one, in their own folders.

    These are meant when one of their folders is named; or when none is named, they have a mock and the user
    has none; or without `mock`, while none is named: then a mock that they run is a mock. `own`: the user's.
    """
    if not mock:
        return _filled(named, units, mock=not any(named) and is_there(units.runtime / MOCK_SOCKET_NAME))
    own = own or _mock_folders()
    theirs = (units.config, units.state, units.runtime)
    meant = any(each == usual for each, usual in zip(named, theirs, strict=True))
    if not any(named):
        meant = is_there(units.runtime / MOCK_SOCKET_NAME) and not is_there(own.runtime / MOCK_SOCKET_NAME)
    return _filled(named, units if meant else own, mock=True)


def chosen(config: Path | None, state: Path | None, runtime: Path | None, *, mock: bool) -> Folders:
    """Returns what was asked, made absolute, else the usual places; a mock's are the user's own."""
    return _filled((config, state, runtime), _mock_folders() if mock else _REAL, mock=mock)


def _filled(named: Named, usual: Folders, *, mock: bool) -> Folders:
    config, state, runtime = named
    return Folders(
        (config or usual.config).absolute(),
        (state or usual.state).absolute(),
        (runtime or usual.runtime).absolute(),
        mock,
        state_named=state is not None,
    )


def _mock_folders() -> Folders:
    """Returns what belongs to a user by the XDG Base Directory Specification."""
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    base = home / "evse-bridge" / "mock"
    return Folders(base / "config", base / "state", base / "run", mock=True)
