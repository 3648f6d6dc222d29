"""One at a time: whoever changes what lasts of a box, be it the command or the unit of a boot."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from bridge.backup.disk import Disk, Owner
from bridge.backup.errors import BackupError, refused


@contextlib.contextmanager
def alone(state: Path) -> Iterator[None]:
    """Has the state folder for itself; the kernel lets go of it however this process ends. Raises BackupError
    while another has it."""
    try:
        Disk().make_folder(state, Owner(mode=0o755))
        folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise refused(error, "--state-dir") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BackupError(f"{state}: another backup or restore is at work; wait for its end") from None
    finally:
        os.close(folder)
