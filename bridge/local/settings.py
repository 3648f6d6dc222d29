"""owner.toml: what the owner's side may do: the page, and whoever else is told.

A file of its own, which may be left out: no mistake in it ends the charge point, and its reader may not read
charge-point.toml.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from bridge.local.messages import settings as messages_settings
from bridge.local.messages.settings import Messages
from bridge.local.mqtt import settings as mqtt_settings
from bridge.local.mqtt.settings import Mqtt
from hal import durable
from hal.configuration.file import MOST_BYTES, Broken, initial, parse

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
    """The owner's side: page, REST, MQTT, messages. Everything in it may be left out."""

    page: Page = Page()
    mqtt: Mqtt = Mqtt()
    messages: Messages = Messages()

    @property
    def idle(self) -> bool:
        """Says whether the program has nothing to do."""
        return not (self.page.enabled or self.mqtt.broker or self.messages.on)


def load(path: Path) -> Owner:
    """Reads that file; the defaults without one. Raises ConfigError with all its faults."""
    with contextlib.suppress(OSError):  # then its reader says what is wrong
        if not path.exists():
            return Owner()
    read = partial(durable.read, path, MOST_BYTES)
    return _with_whole_paths(parse(read, Owner, file=path.name, rules=(_broken,)), path.parent)


def _broken(owner: Owner) -> Iterator[Broken]:
    yield from mqtt_settings.broken(owner.mqtt)
    yield from messages_settings.broken(owner.messages, broker=bool(owner.mqtt.broker))


def _with_whole_paths(owner: Owner, folder: Path) -> Owner:
    """Makes the names of files absolute: a relative one counts from the folder of the configuration."""

    def whole(name: str) -> str:
        return str(folder / name) if name else ""

    mqtt, messages = owner.mqtt, owner.messages
    return msgspec.structs.replace(
        owner,
        mqtt=msgspec.structs.replace(
            mqtt, password_file=whole(mqtt.password_file), ca_file=whole(mqtt.ca_file)
        ),
        messages=msgspec.structs.replace(
            messages, url_file=whole(messages.url_file), ca_file=whole(messages.ca_file)
        ),
    )


def new_file() -> str:
    """Writes a commented owner.toml."""
    return initial(Owner)
