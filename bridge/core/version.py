"""A version, as a Zaptec writes it."""

from __future__ import annotations


def four_numbers(version: str) -> str:
    """1.2 is 1.2.0.0. Raises ValueError for anything but numbers with dots."""
    numbers = [str(int(number)) for number in version.split(".")]
    return ".".join([*numbers, "0", "0", "0"][:4])
