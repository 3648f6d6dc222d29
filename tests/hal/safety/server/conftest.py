"""A server of the socket, whose journal nobody reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.safety.journal import Journal
from hal.safety.server.server import Server
from tests.hal.safety.server.box import BOX


@pytest.fixture
def journal() -> Iterator[Journal]:
    sink = os.open(os.devnull, os.O_WRONLY)
    yield Journal(sink)
    os.close(sink)


@pytest.fixture
def server(runtime_dir: Path, journal: Journal) -> Iterator[Server]:
    server = Server(runtime_dir, BOX, journal)
    yield server
    server.close()
