"""PURE: when a retained topic is published: on change, and no more often than its interval allows."""

from __future__ import annotations

from collections.abc import Mapping

EVERY_S = 1.0
MEASURED_EVERY_S = 10.0  # a recorder of a home keeps each value


class Pace:
    """Remembers what the broker has. `slow`: the topics of what is measured."""

    def __init__(self, slow: frozenset[str]) -> None:
        self._slow = slow
        self._sent: dict[str, tuple[float, bytes]] = {}

    def due(self, wanted: Mapping[str, bytes], now_s: float) -> list[tuple[str, bytes]]:
        """Returns what to publish now, in the order of `wanted`; a value that waits is sent later, if it
        still counts then."""
        return [(topic, payload) for topic, payload in wanted.items() if self._is_due(topic, payload, now_s)]

    def published(self, topic: str, payload: bytes, now_s: float) -> None:
        """Remembers that the broker has taken it."""
        self._sent[topic] = now_s, payload

    def forget(self) -> None:
        """Begins anew, as with a broker that has nothing: all is due."""
        self._sent.clear()

    def _is_due(self, topic: str, payload: bytes, now_s: float) -> bool:
        if topic not in self._sent:
            return True
        at_s, before = self._sent[topic]
        every_s = MEASURED_EVERY_S if topic in self._slow else EVERY_S
        return payload != before and now_s - at_s >= every_s
