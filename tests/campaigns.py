"""How much of a campaign runs: a part that covers each kind in `make test`, all of it in `make campaigns`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
WHOLE = os.environ.get("EVSE_CAMPAIGNS") == "whole"


def many(few: int, whole: int) -> int:
    """Returns how many lives, seeds or drawn examples run."""
    return whole if WHOLE else few


def part(whole: Sequence[T], each: int, begin: int = 0) -> Sequence[T]:
    """Returns each so-manieth of them, from one to the last, or all."""
    return whole if WHOLE else whole[begin % each :: each]
