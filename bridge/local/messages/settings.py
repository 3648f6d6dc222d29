"""PURE: the section [messages] of owner.toml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from hal.configuration.file import Broken

URL_MOST = 2000  # characters
NO_ADDRESS = "must be an address: http:// or https://, a host, perhaps a port of 1 to 65535"


class Messages(msgspec.Struct, frozen=True):
    """Messages to the owner: docs/messages.md. Off unless one of these is set."""

    mqtt: Annotated[
        bool, Meta(description="true: publish them at the broker of [mqtt], on the topic .../message")
    ] = False
    url_file: Annotated[
        str,
        Meta(
            description="file whose first line is the address of a web hook, https://... or http://...: each "
            "message is sent there as JSON by POST. Such an address is often a secret: make the file "
            "readable by evse-local alone. A relative path counts from this folder"
        ),
    ] = ""
    url: Annotated[
        str,
        Meta(
            max_length=URL_MOST,
            title="an address in quotes, http://... or https://..., or empty",
            description="the same address, if it is no secret",
        ),
    ] = ""
    ca_file: Annotated[
        str,
        Meta(
            description="PEM file of the authorities to trust instead of the system's, for https://; a "
            "relative path counts from this folder"
        ),
    ] = ""
    language: Annotated[Literal["en", "de"], Meta(description="language of the messages")] = "en"

    @property
    def on(self) -> bool:
        """Says whether anybody is told."""
        return self.mqtt or bool(self.url or self.url_file)


def url_fault(url: str) -> str | None:
    """Says what is wrong with the address of a web hook, and repeats nothing of it; None: nothing."""
    if len(url) > URL_MOST or not url.isascii() or not url.isprintable() or " " in url:
        return f"must be an address of at most {URL_MOST} visible ASCII characters, without blanks"
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return NO_ADDRESS
    if not sound:
        return NO_ADDRESS
    if parts.username is not None or parts.password is not None:
        return "must have no user and no password before the host"
    return None


def broken(messages: Messages, *, broker: bool) -> Iterator[Broken]:
    """Yields what is wrong between the keys of this section. `broker`: [mqtt] has one."""
    if messages.url and (fault := url_fault(messages.url)):
        yield Broken(("messages.url",), fault)
    if messages.url and messages.url_file:
        yield Broken(("messages.url_file",), "must be left out with messages.url: there is one hook")
    if messages.mqtt and not broker:
        yield Broken(("messages.mqtt",), "needs mqtt.broker, the broker that takes them")
