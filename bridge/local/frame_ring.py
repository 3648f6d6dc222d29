"""PURE: the last frames of the link, in memory: what was said and heard, without a secret.

A restart empties it. What is no frame is kept as text, cut short and made visible.
"""

from __future__ import annotations

import json
import re
from collections import deque
from typing import Any, Literal

from bridge.core.configuration.authorization_key import AUTHORIZATION_KEY
from bridge.local.hidden import may_hold_secret, without_secrets
from bridge.local.orders import Frame, Frames
from hal.visible import visible

MOST = 500
MOST_BYTES = 2**20  # of all texts in it
LONGEST = 4096  # characters of one
SHOWN = 200  # characters of what is no frame
READ_MOST = 2**16  # characters: a longer one is not read once more, only to be shown
PAGE = 100
_KINDS: dict[int, Literal["call", "result", "error"]] = {2: "call", 3: "result", 4: "error"}
# Type, id and action of a long frame.
_BEGINS = re.compile(r'\s*\[\s*([234])\s*,\s*"([^"\\]{0,64})"\s*(?:,\s*"([^"\\]{0,64})"\s*,)?')

Direction = Literal["sent", "received"]


class FrameRing:
    """Keeps the newest; the oldest give way."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._actions: dict[str, str] = {}  # of CALLs that the ring holds, by their id
        self._bytes = 0
        self._newest = 0

    def add(self, direction: Direction, message: str | bytes, at: str) -> None:
        """Keeps a frame. `at`: UTC in ISO 8601."""
        self._newest += 1
        kind, action, identity, payload = self._read(message)
        frame = Frame(
            number=self._newest,
            at=at,
            direction=direction,
            kind=kind,
            action=action,
            identity=identity,
            payload=payload,
        )
        self._frames.append(frame)
        self._bytes += _size(frame)
        if kind == "call":
            self._actions[identity] = action
        while len(self._frames) > MOST or self._bytes > MOST_BYTES:
            oldest = self._frames.popleft()
            self._bytes -= _size(oldest)
            self._actions.pop(oldest.identity if oldest.kind == "call" else "", None)

    def page(self, after: int) -> Frames:
        """Returns the oldest PAGE frames with a number above this one."""
        those = [frame for frame in self._frames if frame.number > after]
        return Frames(tuple(those[:PAGE]), self._newest)

    def _read(
        self, message: str | bytes
    ) -> tuple[Literal["call", "result", "error", "unreadable"], str, str, str]:
        if isinstance(message, str) and len(message) > READ_MOST:
            return self._long(message)
        match _decoded(message):
            case [2, str() as identity, str() as action, *rest]:
                return "call", _name(action), _name(identity), _text(message, rest)
            case [(3 | 4) as kind, str() as identity, *rest]:
                known = _name(identity)
                return _KINDS[kind], self._actions.get(known, ""), known, _text(message, rest)
            case _:
                return "unreadable", "", "", _unreadable(message)

    def _long(self, message: str) -> tuple[Literal["call", "result", "error", "unreadable"], str, str, str]:
        begins = _BEGINS.match(message)
        if begins is None:
            return "unreadable", "", "", _unreadable(message[: 2 * SHOWN])
        known, said = _name(begins[2]), f"({len(message)} characters: too long to be shown)"
        if begins[1] == "2":
            return "call", _name(begins[3] or ""), known, said
        return _KINDS[int(begins[1])], self._actions.get(known, ""), known, said


def _decoded(message: str | bytes) -> Any:
    """Returns None for what is no JSON, and for what is binary: OCPP-J is text."""
    try:
        return json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        return None


def _name(text: str) -> str:
    """Makes an action or an id visible, in which somebody may have put anything."""
    shown: str = without_secrets(text)
    return visible(shown)


def _text(message: str | bytes, rest: list[Any]) -> str:
    """Writes what stands after the action, or after the id of an answer, as JSON without secrets. Of repeated
    names only the last is read: where that dropped the name of the key, nothing is shown."""
    payload = rest[0] if len(rest) == 1 else rest
    try:
        if isinstance(message, str) and _named(message) > _named(json.dumps(rest)):
            return _unreadable(message)
        return visible(json.dumps(without_secrets(payload), ensure_ascii=False), LONGEST)
    except RecursionError:
        return "(nested too deeply)"


def _named(text: str) -> int:
    return text.casefold().count(AUTHORIZATION_KEY.casefold())


def _unreadable(message: str | bytes) -> str:
    """Shows the beginning of what is no frame, unless it may hold a secret."""
    if isinstance(message, bytes):
        return f"{len(message)} binary bytes"
    if may_hold_secret(message):
        return f"({len(message)} characters that may hold a secret)"
    return visible(message, SHOWN)


def _size(frame: Frame) -> int:
    return sum(len(text.encode()) for text in (frame.payload, frame.action, frame.identity))
