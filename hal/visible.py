"""PURE: texts of others as they may be shown: in a log, on a terminal, in the store's own words, in a table.

For eyes alone: what is compared, or sent back, stays as it came.
"""

from __future__ import annotations

MOST = 255  # characters: OCPP-J 1.6 4.2.3 of a description; nobody reads more of a reason
CUT = "..."


def visible(text: str, most: int = MOST) -> str:
    """Returns one line, of at most so many characters of `text`. What is none to see is written as \\x..:
    line breaks, escape sequences, marks that turn the direction of writing."""
    kept = text if len(text) <= most else text[: most - len(CUT)] + CUT
    if kept.isprintable():
        return kept
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in kept)
