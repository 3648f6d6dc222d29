"""owner.toml: what the owner's side may do: the page, and whoever else is told.

A file of its own, which may be left out: no mistake in it ends the charge point, and its reader may not read
charge-point.toml.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from hal import durable
from hal.configuration.file import MOST_BYTES, initial, parse

FILE_NAME = "owner.toml"
LOOPBACK = "127.0.0.1"


class Page(msgspec.Struct, frozen=True):
    """The page of the wallbox, and its REST interface: docs/page.md, docs/rest.md."""

    enabled: Annotated[bool, Meta(description="false: there is no page and no REST interface")] = True
    listen: Annotated[
        str,
        Meta(
            pattern=r"^[0-9a-fA-F.:]*$",
            title="an address of this machine in quotes, or empty",
            description="where the page is reached; empty: everywhere, of a mock box 127.0.0.1",
        ),
    ] = ""
    port: Annotated[
        int,
        Meta(
            ge=1024, le=65_535, description="TCP port of the page; the unit allows 8016 alone: docs/page.md"
        ),
    ] = 8016
    https: Annotated[
        bool, Meta(description="serve https:// instead of http://, with a certificate that the box makes")
    ] = False
    names: Annotated[
        tuple[str, ...],
        Meta(description='other names under which the page is opened, for example "wallbox.fritz.box"'),
    ] = ()


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The owner's side: page, REST. Everything in it may be left out."""

    page: Page = Page()

    @property
    def idle(self) -> bool:
        """Says whether the program has nothing to do."""
        return not self.page.enabled


def load(path: Path) -> Owner:
    """Reads that file; the defaults without one. Raises ConfigError with all its faults."""
    if not path.exists():
        return Owner()
    return parse(partial(durable.read, path, MOST_BYTES), Owner, file=path.name)


def new_file() -> str:
    """Writes a commented owner.toml."""
    return initial(Owner)
