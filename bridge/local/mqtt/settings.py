"""PURE: the section [mqtt] of owner.toml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from bridge.local.mqtt.commands import ID_TAG_MOST
from hal.configuration.file import Broken

PORT, TLS_PORT = 1883, 8883  # as registered with IANA
_TOPIC = r"([A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*)"
_TOPIC_TITLE = "letters, digits and -_. in quotes, parts separated by /; no + or #"


class Mqtt(msgspec.Struct, frozen=True):
    """MQTT, and Home Assistant: docs/home-assistant.md. Off while broker is empty."""

    broker: Annotated[
        str,
        Meta(
            pattern=r"^(mqtts?://[^\s/?#@]+)?$",
            title="an address in quotes, mqtt://HOST or mqtts://HOST, perhaps with :PORT, or empty",
            description="the broker; mqtts:// is encrypted; without user and password here",
            examples=["mqtt://homeassistant.local"],
        ),
    ] = ""
    user: Annotated[str, Meta(max_length=255, description="name at the broker; empty: none")] = ""
    password_file: Annotated[
        str,
        Meta(
            description="file whose first line is the password, readable by evse-local alone; a relative "
            "path counts from this folder"
        ),
    ] = ""
    ca_file: Annotated[
        str,
        Meta(
            description="PEM file of the authorities to trust instead of the system's, for mqtts://; a "
            "relative path counts from this folder"
        ),
    ] = ""
    topic_prefix: Annotated[
        str,
        Meta(
            pattern=f"^{_TOPIC}$",
            max_length=100,
            title=_TOPIC_TITLE,
            description="what all topics of the box begin with",
        ),
    ] = "evse-bridge"
    discovery_prefix: Annotated[
        str,
        Meta(
            pattern=f"^{_TOPIC}?$",
            max_length=100,
            title=f"{_TOPIC_TITLE}; or empty",
            description="where Home Assistant looks for devices; empty: the box does not announce itself",
        ),
    ] = "homeassistant"
    commands: Annotated[
        bool,
        Meta(
            description="true: whoever may write to the broker may start and stop charging, with any card, "
            "and set the owner's limit"
        ),
    ] = False
    id_tag: Annotated[
        str,
        Meta(
            pattern=r"^[^\x00-\x1f\x7f]*$",
            max_length=ID_TAG_MOST,
            description="idTag that the start button of Home Assistant presents; empty: there is no button",
        ),
    ] = ""
    language: Annotated[Literal["en", "de"], Meta(description="language of names and sentences")] = "en"

    @property
    def tls(self) -> bool:
        """Says whether the connection is encrypted."""
        return self.broker.startswith("mqtts:")

    @property
    def address(self) -> tuple[str, int]:
        """Returns host and port of the broker."""
        parts = urlsplit(self.broker)
        return parts.hostname or "", parts.port or (TLS_PORT if self.tls else PORT)


def broken(mqtt: Mqtt) -> Iterator[Broken]:
    """Yields what is wrong between the keys of this section."""
    try:
        parts = urlsplit(mqtt.broker)
        fault = bool(mqtt.broker) and (not parts.hostname or parts.port == 0)
    except ValueError:
        fault = True
    if fault:
        yield Broken(("mqtt.broker",), "is no address: it needs a host, and its port is 1 to 65535")
    if mqtt.password_file and not mqtt.user:
        yield Broken(("mqtt.user",), "is missing: mqtt.password_file counts only with a user")
    if mqtt.discovery_prefix and mqtt.discovery_prefix == mqtt.topic_prefix:
        yield Broken(("mqtt.topic_prefix",), "must differ from mqtt.discovery_prefix")
