"""The mock box of a clone in a booted container, for all who test our units there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import container
from tests.deploy.container import Container
from tests.deploy.layers import no_debian


@pytest.fixture
def booted(short_folder: Path) -> Iterator[Container]:
    """Up, as far as systemd is concerned."""
    if why := no_debian():
        pytest.skip(f"no container: {why}")
    box = container.mock_box(short_folder)
    try:
        box.boot()
        yield box
    finally:
        box.close()
