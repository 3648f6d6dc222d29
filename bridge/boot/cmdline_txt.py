"""PURE: cmdline.txt without a login console on the UART of the header, and with it again."""

from __future__ import annotations

import re

# By board and overlay each of them may be the UART on GPIO 14 and 15.
_CONSOLE = re.compile(r"(?<!\S)console=(?:serial0|ttyAMA0|ttyS0)(?:,\S*)?(?!\S)")


def consoles(text: str) -> tuple[str, ...]:
    """Lists the consoles on that UART."""
    return tuple(_CONSOLE.findall(_first(text)))


def without_consoles(text: str) -> str:
    """Removes them; all else stays as it is."""
    first = re.sub(rf"{_CONSOLE.pattern}[ \t]*", "", _first(text))
    return first + text[len(_first(text)) :]


def with_consoles_of(text: str, before: str) -> str:
    """Puts back what `before` had: it whole, if nobody changed anything else since."""
    if without_consoles(before) == text:
        return before
    absent = [console for console in consoles(before) if console not in consoles(text)]
    return " ".join([*absent, text])


def _first(text: str) -> str:
    """Returns the one line that the firmware reads."""
    return text.partition("\n")[0]
