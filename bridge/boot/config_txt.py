"""PURE: config.txt as the firmware of one board reads it, and our lines put into it and taken out again.

A text is one of bytes (latin-1): what we do not know stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

BEGIN = "# evse-bridge setup: begin"
_JOINED = " (the line above had no end)"
END = "# evse-bridge setup: end"
OFF = "#evse-bridge setup# "  # before a line that was switched off

# The model filters, which replace each other; each other kind of filter counts beside them (documentation of
# config.txt, conditional filters). Of a kind that depends on more than the board, its lines do not count.
_MODEL = re.compile(r"(pi|cm)[0-9][0-9a-z+]*$")
# Parameters of an overlay that the base has too: a dtparam behind that overlay is the overlay's.
_OVERLAY_PARAMETERS = {"vc4-": frozenset({"audio", "noaudio"}), "pwm": frozenset({"pin", "func", "clock"})}
_OVERLAY_DEFAULTS = {"pwm": {"pin": "18", "func": "2"}}
# The overlays that drive the PWM of the header: with two of them, neither pin is certain.
_OF_THE_PWM = re.compile(r"(pwm|pwm-2chan|pwm-pi5|audremap.*)$")
_YES, _NO = frozenset({"on", "true", "yes", "1", ""}), frozenset({"off", "false", "no", "0"})


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay that is loaded."""

    name: str
    parameters: dict[str, str]
    line: int  # from 0


@dataclass(slots=True)
class Boot:
    """All that counts on one board. Of what is written twice, the last."""

    parameters: dict[str, str] = field(default_factory=dict)  # of the base: dtparam
    overlays: list[Overlay] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)

    def has(self, wanted: str) -> bool:
        """Says whether what a line asks for holds already, in whatever way it is written."""
        asked = read(wanted, frozenset())
        same = all(_same(self.parameters.get(name), value) for name, value in asked.parameters.items())
        set_so = all(self.settings.get(name) == value for name, value in asked.settings.items())
        return same and set_so and all(self._loads(overlay) for overlay in asked.overlays)

    def _loads(self, asked: Overlay) -> bool:
        return any(
            one.name == asked.name and _whole(asked).items() <= _whole(one).items() for one in self.overlays
        )


def read(text: str, filters: Set[str]) -> Boot:
    """Reads what counts on a board with these model filters."""
    boot = Boot()
    scope: Overlay | None = None
    for number, name, value in _counting(text, filters):
        match name:
            case "dtoverlay" | "device_tree_overlay":
                scope = _overlay(value, number)
                if scope is not None:
                    boot.overlays.append(scope)
            case "dtparam" | "device_tree_param":
                for parameter, given in _parameters(value):
                    owner = scope.parameters if scope and _owns(scope.name, parameter) else boot.parameters
                    owner[parameter] = given
            case _:
                boot.settings[name] = value
    return boot


def edited(text: str, filters: Set[str], wanted: Sequence[str]) -> str:
    """Returns the text with all that is wanted, and nothing twice. Ours from before is made anew."""
    text = without_ours(text)
    rest = text
    while off := _in_the_way(read(rest, filters), wanted):
        rest = "\n".join(f"{OFF * (at in off)}{line}" for at, line in enumerate(rest.split("\n")))
    missing = [line for line in wanted if not read(rest, filters).has(line)]
    return rest + _block(missing, text) if missing else rest


def without_ours(text: str) -> str:
    """Returns the text as it was before `edited`, with what others changed since."""
    end = r"(?:\r?\n|\Z)"
    block = re.compile(
        rf"(?:\n(?={re.escape(BEGIN + _JOINED)}))?^{re.escape(BEGIN)}.*?^{re.escape(END)}{end}",
        re.DOTALL | re.MULTILINE,
    )
    return re.sub(rf"^{re.escape(OFF)}", "", block.sub("", text), flags=re.MULTILINE)


def _block(missing: Sequence[str], text: str) -> str:
    """Overlays last: a dtparam behind one might be taken for its own."""
    ends = "\r\n" if "\r\n" in text else "\n"
    joined = bool(text) and not text.endswith("\n")
    first = sorted(missing, key=lambda line: line.startswith("dtoverlay="))
    lines = [BEGIN + _JOINED * joined, "[all]", "dtoverlay=", *first, END, ""]
    return "\n" * joined + ends.join(lines)


def _in_the_way(boot: Boot, wanted: Sequence[str]) -> set[int]:
    """Finds lines that load another overlay for the same PWM."""
    asked = [one for line in wanted for one in read(line, frozenset()).overlays]
    ours = [one for one in asked if _OF_THE_PWM.match(one.name)]
    return {
        one.line
        for one in boot.overlays
        if ours
        and _OF_THE_PWM.match(one.name)
        and not any(one.name == mine.name and _whole(mine).items() <= _whole(one).items() for mine in ours)
    }


def _counting(text: str, filters: Set[str]) -> Iterator[tuple[int, str, str]]:
    """Yields line, name and value of what is in a section that counts."""
    holds: dict[str, bool] = {}
    for number, raw in enumerate(text.split("\n")):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            _enter(line[1:-1].strip().lower(), filters, holds)
        elif line and not line.startswith("#") and all(holds.values()):
            name, _, value = line.partition("=")
            yield number, name.strip(), value.strip()


def _enter(section: str, filters: Set[str], holds: dict[str, bool]) -> None:
    if section == "all":
        holds.clear()
    elif _MODEL.match(section):
        holds["model"] = section in filters
    else:
        holds[section.partition("=")[0]] = False


def _overlay(value: str, number: int) -> Overlay | None:
    """Returns None for `dtoverlay=`, which ends the one before."""
    name, _, rest = re.sub("[,:]", ",", value, count=1).partition(",")
    return Overlay(name, dict(_parameters(rest)), number) if name else None


def _parameters(value: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, value.split(",")):
        name, _, given = part.partition("=")
        yield name.strip(), given.strip()


def _owns(overlay: str, parameter: str) -> bool:
    return any(overlay.startswith(name) and parameter in its for name, its in _OVERLAY_PARAMETERS.items())


def _whole(overlay: Overlay) -> dict[str, str]:
    return _OVERLAY_DEFAULTS.get(overlay.name, {}) | overlay.parameters


def _same(found: str | None, wanted: str) -> bool:
    for words in (_YES, _NO):
        if wanted in words:
            return found is not None and found in words
    return found == wanted
