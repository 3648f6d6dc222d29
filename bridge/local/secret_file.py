"""Reads a secret that the owner has put into a file of its own."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

from hal import durable

MOST_BYTES = 4096

log = logging.getLogger(__name__)


class SecretError(Exception):
    """The file cannot be used; says which setting, which file, why and what to do. It repeats no secret."""


def first_line(path: Path, setting: str) -> str:
    """Returns the first line. Raises SecretError. A file that everybody may read is named in the log."""
    try:
        text = durable.read(path, MOST_BYTES).decode()
        open_to_all = path.stat().st_mode & stat.S_IROTH
    except OSError as error:
        raise SecretError(f"{setting}: {path}: {error.strerror or error}; evse-local must read it") from None
    except UnicodeDecodeError:
        raise SecretError(f"{setting}: {path}: is no UTF-8 text") from None
    if open_to_all:
        log.warning("%s: %s: everybody may read it; chmod o-r %s", setting, path, path)
    line = text.split("\n", 1)[0].rstrip("\r")
    if not line:
        raise SecretError(f"{setting}: {path}: its first line is empty; it must be the secret")
    return line
