"""Small files of the owner's side that nobody else may read, from their first byte on."""

from __future__ import annotations

import os
from pathlib import Path

from hal import durable

PRIVATE = 0o600


def write(path: Path, content: bytes) -> None:
    """Leaves the old file or the whole new one, on the disk when this returns. Raises OSError."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
    durable.write(path, content)
