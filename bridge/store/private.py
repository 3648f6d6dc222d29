"""Files that hold idTags and a password: nobody but their owner ever reads them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

PRIVATE = 0o600


def private(path: Path) -> None:
    """Makes the file if it is not there, and hides it from all but its owner. SQLite gives its -wal the same.

    Raises OSError.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
    if stat.S_IMODE(path.stat().st_mode) != PRIVATE:
        path.chmod(PRIVATE)
