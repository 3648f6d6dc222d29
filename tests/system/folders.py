"""The folders of a test's box: configuration and state on the disk, the runtime folder in memory.

As on a Raspberry Pi, where /run is memory: a write to a mapped file on a busy disk can wait for seconds, and
with it the simulated world.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

MEMORY = Path("/dev/shm")


def new() -> Path:
    """Short enough for the path of a Unix socket in it (107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="evse-", dir="/tmp"))
    runtime = MEMORY / folder.name
    if MEMORY.is_dir():
        runtime.mkdir()
        (folder / "r").symlink_to(runtime)
    return folder


def remove(folder: Path) -> None:
    """Both."""
    shutil.rmtree(MEMORY / folder.name, ignore_errors=True)
    shutil.rmtree(folder)


@contextlib.contextmanager
def box_folder() -> Iterator[Path]:
    """Gone afterwards."""
    folder = new()
    try:
        yield folder
    finally:
        remove(folder)
