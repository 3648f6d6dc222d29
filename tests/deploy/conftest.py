"""The mock box of a clone in a booted container, for all who test our units there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import container
from tests.deploy.container import Container
from tests.deploy.layers import no_debian


@pytest.hookimpl(trylast=True)  # after the plugin that shuffles
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Plays the tests of the marker `in_order` as they stand: each goes on with the box of the one before."""
    places = [place for place, item in enumerate(items) if item.get_closest_marker("in_order")]
    ordered = sorted((items[place] for place in places), key=_position)
    for place, item in zip(places, ordered, strict=True):
        items[place] = item


def _position(item: pytest.Item) -> tuple[str, str, int]:
    assert isinstance(item, pytest.Function)
    case = item.callspec.id if hasattr(item, "callspec") else ""
    return str(item.path), case, item.function.__code__.co_firstlineno


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
