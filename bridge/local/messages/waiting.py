"""PURE: the messages that one outlet has not delivered yet: bounded, the oldest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from bridge.local.messages.texts import Message

MQTT, HOOK = "mqtt", "hook"  # the outlets
MOST = 32
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 600.0


class Waiting:
    """What waits for one outlet. When it is full the oldest gives way, and is counted."""

    def __init__(self, kept: Iterable[Message] = ()) -> None:
        self._messages = deque(kept, MOST)
        self._pause_s = FIRST_PAUSE_S
        self._next_s = float("-inf")
        self.lost = 0

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Returns all of them, to be stored."""
        return tuple(self._messages)

    def put(self, message: Message) -> None:
        """Adds one at the end."""
        self.lost += len(self._messages) == MOST
        self._messages.append(message)

    def due(self, now_s: float) -> Message | None:
        """Returns the oldest, unless the pause after a failure is not over."""
        return self._messages[0] if self._messages and now_s >= self._next_s else None

    def delivered(self, message: Message) -> None:
        """Removes it, if it still waits: it may have given way meanwhile."""
        if self._messages and self._messages[0] is message:
            self._messages.popleft()
        self._pause_s = FIRST_PAUSE_S
        self._next_s = float("-inf")

    def failed(self, now_s: float) -> float:
        """Begins a pause, each twice as long as the one before. Returns its length."""
        pause_s = self._pause_s
        self._next_s = now_s + pause_s
        self._pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)
        return pause_s
