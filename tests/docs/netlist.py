"""Values of the parts in docs/circuits, so that a drawing shows what is simulated and nothing else."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

CIRCUITS = Path(__file__).parents[2] / "docs" / "circuits"
_SCALES = {"meg": "M", "k": "k", "": "", "m": "m", "u": "µ", "n": "n", "p": "p"}
_NUMBER = re.compile(r"([0-9.]+)(meg|[kmunp]|)")


def value(place: str) -> str:
    """Returns the value of a part as a drawing writes it: `pilot.lib/pilot_source/Rf` is 70 kΩ.

    `proximity.cir//Rpull` is a part outside any subcircuit. Raises KeyError, ValueError.
    """
    file, subcircuit, part = place.split("/")
    parts, defaults = _parsed(file)[subcircuit]
    text = parts[part]
    if found := re.fullmatch(r"\{(\w+)(?:\*1([munp]))?\}", text):
        text = defaults[found[1]] + (found[2] or "")
    number = _NUMBER.fullmatch(text)
    if number is None:
        raise ValueError(f"{place}: {text!r} is no value of a part")
    shown = f"{float(number[1]):.3g}"
    return f"{shown} {_SCALES[number[2]]}{'F' if part.startswith('C') else 'Ω'}"


@cache
def _parsed(file: str) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Returns, by subcircuit, the values of resistors and capacitors, and the parameters by default."""
    found: dict[str, tuple[dict[str, str], dict[str, str]]] = {"": ({}, {})}
    where = ""
    text = (CIRCUITS / file).read_text(encoding="utf-8").replace("\n+", " ")
    for words in (line.split() for line in text.splitlines() if line and not line.startswith("*")):
        if words[0] == ".subckt":
            where = words[1]
            found[where] = ({}, {})
        if words[0] in (".subckt", ".param"):
            defaults = (word.partition("=") for word in words if "=" in word)
            found[where][1].update({name: default for name, _, default in defaults})
        elif words[0] == ".ends":
            where = ""
        elif words[0][0] in "RC" and len(words) > 3:
            found[where][0][words[0]] = words[3]
    return found
