"""Composes what tells others: messages, web hook, MQTT. A library is loaded where it is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from bridge.local.asker import Asker
from bridge.local.messages.settings import Messages, url_fault
from bridge.local.messages.teller import Teller
from bridge.local.messages.waiting import HOOK, MQTT
from bridge.local.secret_file import SecretError, first_line
from bridge.local.settings import Owner
from bridge.local.watch import Watch
from bridge.trust import Trust


def parts(
    settings: Owner, state_dir: Path, asker: Asker, watch: Watch
) -> dict[str, Callable[[], Awaitable[None]]]:
    """Returns the parts that the settings ask for, by their names."""
    messages, mqtt = settings.messages, settings.mqtt
    names = [MQTT] * messages.mqtt + [HOOK] * bool(messages.url or messages.url_file)
    teller = Teller(state_dir, watch, messages.language, tuple(names))
    found: dict[str, Callable[[], Awaitable[None]]] = {"messages": teller.run}
    if HOOK in names:
        from bridge.local.messages.hook import Hook

        trust = Trust(_path(messages.ca_file), "messages.ca_file")
        found["web hook"] = Hook(teller.outlets[HOOK], lambda: _address(messages), trust.context).run
    if mqtt.broker:
        from bridge.local.mqtt.publisher import Publisher

        trust = Trust(_path(mqtt.ca_file), "mqtt.ca_file")
        found["mqtt"] = Publisher(mqtt, state_dir, asker, watch, teller, trust.context).run
    return found


def _path(name: str) -> Path | None:
    return Path(name) if name else None


def _address(messages: Messages) -> str:
    """Reads the address of the web hook. Raises ValueError with a sentence that does not hold it."""
    if not messages.url_file:
        return messages.url
    try:
        url = first_line(Path(messages.url_file), "messages.url_file").strip()
    except SecretError as error:
        raise ValueError(str(error)) from None
    if (fault := url_fault(url)) is not None:
        raise ValueError(f"messages.url_file: {messages.url_file}: its first line {fault}")
    return url
