"""Folders whose paths are short enough for a Unix socket (107 bytes)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def runtime_dir() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="evse-"))
    yield folder
    shutil.rmtree(folder)
