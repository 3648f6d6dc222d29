"""PURE: the last frames of the link, in memory: what was said and heard, without a secret.

A restart empties it. What is no frame is kept as text, cut short and made visible.
"""

from __future__ import annotations

import json
import re
from collections import deque
from typing import Any, Literal

from bridge.core.configuration.authorization_key import AUTHORIZATION_KEY
from bridge.local.orders import Frame, Frames
from hal.visible import visible

MOST = 500
MOST_CHARACTERS = 2**20  # of all payloads
LONGEST = 4096  # characters of one
SHOWN = 200  # characters of what is no frame
PAGE = 100
HIDDEN = "***"
_KINDS: dict[int, Literal["call", "result", "error"]] = {2: "call", 3: "result", 4: "error"}
_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s\"]*@")
_QUERY = re.compile(r"(://[^\s\"?#]*\?)[^\s\"#]+")  # of a presigned address the query is the secret

Direction = Literal["sent", "received"]


class FrameRing:
    """Keeps the newest; the oldest give way."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._actions: dict[str, str] = {}  # of CALLs that the ring holds, by their id
        self._characters = 0
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
        self._characters += _size(frame)
        if kind == "call":
            self._actions[identity] = action
        while len(self._frames) > MOST or self._characters > MOST_CHARACTERS:
            oldest = self._frames.popleft()
            self._characters -= _size(oldest)
            self._actions.pop(oldest.identity if oldest.kind == "call" else "", None)

    def page(self, after: int) -> Frames:
        """Returns the oldest PAGE frames with a number above this one."""
        those = [frame for frame in self._frames if frame.number > after]
        return Frames(tuple(those[:PAGE]), self._newest)

    def _read(
        self, message: str | bytes
    ) -> tuple[Literal["call", "result", "error", "unreadable"], str, str, str]:
        match _decoded(message):
            case [2, str() as identity, str() as action, *rest]:
                return "call", visible(action), visible(identity), _text(rest)
            case [(3 | 4) as kind, str() as identity, *rest]:
                known = visible(identity)
                return _KINDS[kind], self._actions.get(known, ""), known, _text(rest)
            case _:
                return "unreadable", "", "", _unreadable(message)


def _decoded(message: str | bytes) -> Any:
    """Returns None for what is no JSON."""
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return None


def _text(rest: list[Any]) -> str:
    """Writes what stands after the action, or after the id of an answer, as JSON without secrets."""
    try:
        text = json.dumps(_bare(rest[0] if len(rest) == 1 else rest), ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply)"
    return visible(_without_credentials(text), LONGEST)


def _bare(payload: Any) -> Any:
    """Hides the value that goes with the key AuthorizationKey, however deep it stands."""
    match payload:
        case {"key": str() as key} if key.strip().casefold() == AUTHORIZATION_KEY.casefold():
            return {name: HIDDEN if name != "key" else value for name, value in payload.items()}
        case dict():
            return {name: _bare(value) for name, value in payload.items()}
        case list():
            return [_bare(each) for each in payload]
        case _:
            return payload


def _unreadable(message: str | bytes) -> str:
    """Shows the beginning of what is no frame; what may hide a key behind an escape is not shown."""
    if isinstance(message, bytes):
        return f"{len(message)} binary bytes"
    if AUTHORIZATION_KEY.casefold() in message.casefold() or "\\u" in message:
        return f"({len(message)} characters that may hold a secret)"
    return visible(_without_credentials(message), SHOWN)


def _without_credentials(text: str) -> str:
    return _QUERY.sub(rf"\1{HIDDEN}", _CREDENTIALS.sub(f"{HIDDEN}@", text))


def _size(frame: Frame) -> int:
    return len(frame.payload) + len(frame.action) + len(frame.identity)
