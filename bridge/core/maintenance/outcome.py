"""PURE: how the last update ended, as root's program notes it."""

from __future__ import annotations

import msgspec


class Outcome(msgspec.Struct, frozen=True):
    """One line, and when it was written: date and time in UTC, as far as the box knew them."""

    at: str
    text: str

    @property
    def failed(self) -> bool:
        """Says whether a version was tried and taken back."""
        return self.text.startswith("failed: ")
