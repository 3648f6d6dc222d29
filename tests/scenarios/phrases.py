"""PURE: the verbs that stand for several lines of a scenario, and are as strict as these."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tests.scenarios import every_key
from tests.scenarios.script import Mode

# The usual opening of a story about a running transaction.
BEGIN_CHARGING = """\
  car plugs in, ready
< StatusNotification 1 Preparing
  card $TAG
< Authorize {"idTag": "$TAG"}
< StartTransaction $FIELDS
< StatusNotification 1 Charging"""
EVERY_KEY: dict[str, Callable[[Mode], Iterator[str]]] = {
    "read every key, as at first start": every_key.begins_so,
    "write every key, refused": every_key.refused,
    "write every key, malformed": every_key.malformed,
    "write every key": every_key.written,
    "read every key, as written": every_key.as_written,
}
PHRASES = ("begin charging with TAG", *EVERY_KEY)


def lines_of(text: str, mode: Mode) -> list[str] | None:
    """Returns what the verb stands for; None when it is none of these."""
    if text in EVERY_KEY:
        return list(EVERY_KEY[text](mode))
    if found := re.fullmatch(r"begin charging with (\w+)(?: (\{.*))?", text):
        lines = BEGIN_CHARGING.replace("$TAG", found[1]).replace("$FIELDS", found[2] or "{}")
        return lines.splitlines()
    return None
