"""Why a box must not run: a file in the bridge's state folder. While it is there, the store is not opened."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from bridge.store.errors import StoreError
from hal import durable

FILE_NAME = "held.json"
_MOST_BYTES = 65_536


class HeldError(StoreError):
    """The store of a box that must not run: nothing of it is sent."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What holds the box. `moved`: another box speaks in its name; `restoring`: a restore has not ended;
    `unreadable`: nobody knows which."""

    kind: Literal["moved", "restoring", "unreadable"]
    why: str
    move: str = ""  # which move; a repeated one has the same
    before: Held | None = None  # what held it before a restore began, and does again if that is undone


def read(state_dir: Path) -> Held | None:
    """Says what holds the box of that state folder; a file that cannot be read holds it too."""
    path = state_dir / FILE_NAME
    try:
        return msgspec.json.decode(durable.read(path, _MOST_BYTES), type=Held)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or error
        why = (
            f"{path} cannot be read: {reason}; it says why this box must not run. Restore a backup; or, if "
            "no other box speaks in its name, remove that file"
        )
        return Held(kind="unreadable", why=why)


def encoded(held: Held) -> bytes:
    """Returns the content of the file."""
    return msgspec.json.encode(held) + b"\n"


def require_free(state_dir: Path) -> None:
    """Raises HeldError for a box that must not run."""
    if (held := read(state_dir)) is not None:
        raise HeldError(held.why)
