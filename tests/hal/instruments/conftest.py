"""Short folders: a Unix socket's path has 107 bytes at most."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.memory import MEMORY


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
    yield path
    shutil.rmtree(path)
