"""Reads how the last update ended: root's program notes it beside the slots, for whoever looks later."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bridge.core.maintenance.outcome import Outcome
from hal import durable

NAME = "outcome.json"  # in SLOTS
SLOTS = "slots"  # in the state folder of the whole box
_MOST_BYTES = 8192


def read(state_dir: Path) -> Outcome | None:
    """Reads the last one; None where there is none that can be read."""
    try:
        return msgspec.json.decode(durable.read(state_dir / SLOTS / NAME, _MOST_BYTES), type=Outcome)
    except (OSError, ValueError, RecursionError):
        return None
