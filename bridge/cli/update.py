"""`evse-bridge update`: fetches a bundle if it has to, and hands it to root's program, which tries it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge import parts, settings
from bridge.cli.asking import is_mock
from bridge.folders import CommandError, MisuseError
from bridge.jobs.attempt import SignatureError, TransferError
from bridge.jobs.firmware import ARCHIVE, FirmwareFolder, Installing
from bridge.jobs.manifest import SUFFIX
from hal.configuration.file import ConfigError
from hal.visible import visible


@dataclass(frozen=True, slots=True)
class Installed:
    """Where a box that was installed from the package has what an update needs."""

    updater: Path = Path("/usr/lib/evse-bridge/updater")
    slots: Path = Path("/var/lib/evse-bridge/slots/current")
    config: Path = Path("/etc/evse-bridge")
    runtime: Path = Path("/run/evse-bridge")


def update(what: str, box: Installed, *, allow_older: bool) -> int:
    """Returns the exit code of root's program, which says what became of it. Raises CommandError."""
    if os.geteuid() != 0:
        raise CommandError("evse-bridge update replaces the programs of the box: use sudo")
    if not box.slots.exists():
        raise CommandError(
            f"no {box.slots}: this box was not installed from the package, and has no versions to switch"
        )
    with _archive(what, box) as archive:
        install = [str(box.updater), "install", str(archive), *["--allow-older"] * allow_older]
        try:
            return subprocess.run(install, check=False).returncode
        except OSError as error:
            raise CommandError(
                f"{box.updater} cannot be run: {error.strerror}; install the package again"
            ) from None


@contextmanager
def _archive(what: str, box: Installed) -> Iterator[Path]:
    """Yields the file; a fetched one is removed at the end."""
    if what.startswith(("http://", "https://")):
        with tempfile.TemporaryDirectory(prefix="evse-update-", dir="/var/tmp") as folder:
            _fetch(what, Path(folder), box)
            yield Path(folder) / ARCHIVE
        return
    archive = Path(what).absolute()
    if archive.suffix == ".deb":
        raise MisuseError(
            f"{visible(str(archive))}: a package is installed by sudo apt install {visible(str(archive))}"
        )
    for path in (archive, Path(f"{archive}{SUFFIX}")):
        if not _is_file(path):
            raise MisuseError(
                f"{visible(str(path))}: no such file; an archive and its manifest lie side by side. An "
                "address begins with http:// or https://"
            )
    yield archive


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no such name can be
        return False


def _fetch(url: str, folder: Path, box: Installed) -> None:
    """Fetches archive and manifest, checked. Raises CommandError."""
    try:
        setup = settings.load(box.config / settings.FILE_NAME, mock=is_mock(box.runtime))
    except ConfigError as error:
        raise MisuseError("\n".join(str(fault) for fault in error.faults)) from None
    installing = Installing(parts.public_key(setup, box.config), ())
    fetching = FirmwareFolder(folder, installing, parts.trust(setup, box.config).context)
    try:
        asyncio.run(fetching.fetch(url))
    except (TransferError, SignatureError) as error:
        raise CommandError(f"not fetched: {error}") from None
