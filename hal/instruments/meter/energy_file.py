"""The count of energy on disk, in the state folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hal import durable
from hal.instruments.meter.energy import StoredCount

FILE_NAME = "meter.json"


class CountFileError(Exception):
    """The stored count cannot be read; the text names the file and what to do."""


def read(path: Path) -> StoredCount | None:
    """Reads what `write` wrote last; None at the first start. Raises CountFileError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=StoredCount)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        why = f"{path} cannot be read: {error}; remove it to begin with the meter's own count"
        raise CountFileError(why) from None


def write(path: Path, count: StoredCount) -> None:
    """Leaves it on disk when it returns; the file is the old or the new one at any time. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    durable.write(path, msgspec.json.encode(count) + b"\n")
