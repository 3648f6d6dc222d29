"""Folders and certificates of the jobs' tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge.jobs.servers import Authority
from tests.memory import MEMORY


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="evse-", dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()
