"""A reason of the owner in one line: for scenarios, and to tell whether it is another one than before."""

from __future__ import annotations

import msgspec

from bridge.local.why.reason import Reason

Sentence = tuple[object, ...]


def sentence(reason: Reason) -> Sentence:
    """What makes it another one: not that time passes."""
    return reason.id, tuple(sorted(reason.values.items())), reason.until, type(reason.remedy)


def shown(what: str, reason: Reason) -> str:
    """`why`: its row; `remedy`: what to do, with whom, and until when it holds."""
    if what == "why":
        return reason.id
    remedy = msgspec.structs.asdict(reason.remedy)
    words = [str(value) for name, value in remedy.items() if value is not None and name != "most_s"]
    until = [f"until {reason.until}"] if reason.until is not None else []
    return " ".join([type(reason.remedy).__name__, *words, *until])
