"""lgpio, the driver of GPIO, imported where it can be: its import makes a FIFO in the working directory, and
raises FileNotFoundError where that is read-only or full."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

ANYWHERE = (Path("/dev/shm"), Path("/tmp"))  # for who must not fail for want of a folder
NOT_INSTALLED = "lgpio >= 0.2.2 is not installed: install the extra `pi`"


class NoLgpioError(Exception):
    """lgpio cannot be used, so there is no GPIO; the text says what to do."""


def loaded(*folders: Path) -> Any:
    """Loads the module, with its FIFO in the first of these folders that takes one, whatever the cwd.

    Raises NoLgpioError.
    """
    why = ""
    for folder in folders:
        try:
            with _in(folder):
                module = import_module("lgpio")
        except ImportError:
            raise NoLgpioError(NOT_INSTALLED) from None
        except OSError as error:
            why = f"lgpio cannot make its FIFO in {folder} ({error}): is it read-only or full (mount, df)?"
            continue
        if not hasattr(module, "error"):  # releases before 0.2 are an empty module
            raise NoLgpioError(NOT_INSTALLED)
        return module
    raise NoLgpioError(why)


@contextmanager
def _in(folder: Path) -> Iterator[None]:
    """Works in a folder; back afterwards, even where the one before was removed meanwhile."""
    before = os.open(".", os.O_PATH | os.O_DIRECTORY)
    try:
        os.chdir(folder)
        yield
    finally:
        os.fchdir(before)
        os.close(before)
