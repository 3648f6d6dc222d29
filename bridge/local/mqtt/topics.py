"""PURE: the names of our topics, and those of Home Assistant that we use."""

from __future__ import annotations

import re
from dataclasses import dataclass

COMMANDS = ("start", "stop", "limit")
_OTHERS = re.compile(r"[^A-Za-z0-9_-]")  # what Home Assistant takes in an id, and no wildcard of MQTT
_NO_NAME = re.compile(r"[^A-Za-z0-9]")


def safe(name: str) -> str:
    """Returns the name with a `_` in place of each character that a topic or an id must not have."""
    return _OTHERS.sub("_", name)


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics of one box. `prefix`: mqtt.topic_prefix, checked by the settings."""

    prefix: str
    serial: str

    @property
    def node(self) -> str:
        """Returns the id of the box, which also begins each unique id in Home Assistant."""
        return f"evse_bridge_{safe(self.serial)}"

    @property
    def base(self) -> str:
        """Returns what all topics of this box begin with."""
        return f"{self.prefix}/{safe(self.serial)}"

    @property
    def client(self) -> str:
        """Returns our name at the broker: letters and digits, 23 at most (MQTT 3.1.1, 3.1.3.1)."""
        return f"evse{_NO_NAME.sub('', self.serial)[-19:]}"

    @property
    def availability(self) -> str:
        """Returns the topic of the last will: `online` while this program is connected."""
        return f"{self.base}/availability"

    @property
    def bridge(self) -> str:
        """Returns the topic that says whether the bridge itself answers: `online` or `offline`."""
        return f"{self.base}/bridge"

    @property
    def state(self) -> str:
        """Returns the topic of what changes at once: JSON."""
        return f"{self.base}/state"

    @property
    def meter(self) -> str:
        """Returns the topic of what is measured: JSON, seldom."""
        return f"{self.base}/meter"

    @property
    def message(self) -> str:
        """Returns the topic of the messages to the owner."""
        return f"{self.base}/message"

    @property
    def answer(self) -> str:
        """Returns the topic on which each command is answered."""
        return f"{self.base}/answer"

    @property
    def commands(self) -> str:
        """Returns the filter of all commands."""
        return self.command("+")

    def command(self, name: str) -> str:
        """Returns the topic of this command."""
        return f"{self.base}/set/{name}"

    def command_of(self, topic: str) -> str | None:
        """Returns the name of the command that this topic gives; None: it gives none."""
        return next((name for name in COMMANDS if topic == self.command(name)), None)
