"""A short folder of its own for each test, and an empty store in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.store import Database
from tests.memory import MEMORY


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "bridge.sqlite"


@pytest.fixture
def memory() -> Iterator[Database]:
    store = Database(":memory:")
    yield store
    store.close()
