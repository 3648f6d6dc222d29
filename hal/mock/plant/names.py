"""PURE: what to answer to a name that there is not."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches


def unknown(kind: str, name: str, known: Collection[str]) -> str:
    """Guesses what was meant, and lists what there is."""
    near = get_close_matches(name.lower(), known, n=1)
    guess = f"did you mean {near[0]}? There are" if near else "there are"
    return f"no {kind} {name!r}; {guess} {', '.join(known)}"
