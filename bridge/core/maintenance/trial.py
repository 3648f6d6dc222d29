"""PURE: a new version on trial. If it does not prove itself, root puts the version before it back, together
with the copy of the database from before: so nothing may happen meanwhile that the copy would lose or double.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trial:
    """Whether a new version is on trial. `why` says so in words; empty: none is."""

    why: str = ""
