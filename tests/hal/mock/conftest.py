"""Short folders (a Unix socket's path has 107 bytes at most) and the real mock process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hal.mock.world import RunningMock
from tests.memory import MEMORY


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def world(folder: Path) -> Iterator[RunningMock]:
    running = RunningMock(folder)
    running.start()
    yield running
    running.stop()
