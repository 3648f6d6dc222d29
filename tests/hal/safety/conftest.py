"""Folders whose paths are short enough for a Unix socket (107 bytes)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.memory import MEMORY


@pytest.fixture
def runtime_dir() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def log() -> Iterator[tuple[int, int]]:
    """The reading and the writing end of a pipe for a journal."""
    reading_end, writing_end = os.pipe()
    os.set_blocking(reading_end, False)
    yield reading_end, writing_end
    os.close(reading_end)
    os.close(writing_end)
