"""PURE: config.txt as the firmware of one board reads it, and our lines put into it and taken out again.

A text is one of bytes (latin-1): what we do not know stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
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
_INCLUDE = re.compile(r"include\s+(\S.*)$")
_OF_ANOTHER_FILE = -1  # the line of what an included file says: nothing there is changed
_NO_OTHERS: Mapping[str, str] = {}
_YES, _NO = frozenset({"on", "true", "yes", "1", ""}), frozenset({"off", "false", "no", "0"})


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay that is loaded."""

    name: str
    parameters: dict[str, str]
    line: int  # from 0; _OF_ANOTHER_FILE
    file: str = ""  # the included file that loads it; empty: config.txt itself

    def __str__(self) -> str:
        """Writes it as its line."""
        given = "".join(
            f",{name}={value}" if value else f",{name}" for name, value in self.parameters.items()
        )
        return f"dtoverlay={self.name}{given}"


@dataclass(slots=True)
class Boot:
    """All that counts on one board. Of what is written twice, the last."""

    parameters: dict[str, str] = field(default_factory=dict)  # of the base: dtparam
    overlays: list[Overlay] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    included: list[str] = field(default_factory=list)  # the files that were to be read, too

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


def included(text: str) -> list[str]:
    """Lists the files that `include` lines name, whatever board they are for."""
    found = (_INCLUDE.match(line.strip()) for line in text.split("\n"))
    return list(dict.fromkeys(one[1] for one in found if one))


def read(text: str, filters: Set[str], others: Mapping[str, str] = _NO_OTHERS) -> Boot:
    """Reads what counts on a board with these model filters. `others`: the files that `include` may name; the
    firmware inserts their text."""
    boot = Boot()
    scope: Overlay | None = None
    for file, number, name, value in _counting(text, filters, _Others(others)):
        match name:
            case "include":
                boot.included.append(value)
            case "dtoverlay" | "device_tree_overlay":
                scope = _overlay(value, number, file)
                if scope is not None:
                    boot.overlays.append(scope)
            case "dtparam" | "device_tree_param":
                for parameter, given in _parameters(value):
                    owner = scope.parameters if scope and _owns(scope.name, parameter) else boot.parameters
                    owner[parameter] = given
            case _:
                boot.settings[name] = value
    return boot


def edited(
    text: str, filters: Set[str], wanted: Sequence[str], others: Mapping[str, str] = _NO_OTHERS
) -> str:
    """Returns the text with all that is wanted, and nothing twice. Ours from before is made anew. What is in
    the way in an included file stays: see `in_the_way`."""
    text = without_ours(text)
    rest = text
    while off := {one.line for one in in_the_way(read(rest, filters, others), wanted) if not one.file}:
        rest = "\n".join(f"{OFF * (at in off)}{line}" for at, line in enumerate(rest.split("\n")))
    missing = [line for line in wanted if not read(rest, filters, others).has(line)]
    return rest + _block(missing, text) if missing else rest


def without_ours(text: str) -> str:
    """Returns the text as it was before `edited`, with what others changed since."""
    end = r"(?:\r?\n|\Z)"
    begin, close = re.escape(BEGIN), re.escape(END)
    # From the last BEGIN before an END: after one that lost its END stand lines of somebody else.
    line = r"[^\n]*\n"
    block = re.compile(
        rf"(?:\n(?={re.escape(BEGIN + _JOINED)}))?^{begin}{line}(?:(?!{begin}|{close}){line})*+{close}{end}",
        re.MULTILINE,
    )
    return re.sub(rf"^{re.escape(OFF)}", "", block.sub("", text), flags=re.MULTILINE)


def _block(missing: Sequence[str], text: str) -> str:
    """Overlays last: a dtparam behind one might be taken for its own."""
    ends = "\r\n" if "\r\n" in text else "\n"
    joined = bool(text) and not text.endswith("\n")
    first = sorted(missing, key=lambda line: line.startswith("dtoverlay="))
    lines = [BEGIN + _JOINED * joined, "[all]", "dtoverlay=", *first, END, ""]
    return "\n" * joined + ends.join(lines)


def in_the_way(boot: Boot, wanted: Sequence[str]) -> list[Overlay]:
    """Lists what loads another overlay for the same PWM."""
    asked = [one for line in wanted for one in read(line, frozenset()).overlays]
    ours = [one for one in asked if _OF_THE_PWM.match(one.name)]
    return [
        one
        for one in boot.overlays
        if ours
        and _OF_THE_PWM.match(one.name)
        and not any(one.name == mine.name and _whole(mine).items() <= _whole(one).items() for mine in ours)
    ]


class _Others:
    """The included files. Each is inserted once: two that include each other have an end."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)

    def text(self, name: str) -> str:
        """Returns the text of that file, once."""
        return self._texts.pop(name, "")


def _counting(
    text: str, filters: Set[str], others: _Others, file: str = "", holds: dict[str, bool] | None = None
) -> Iterator[tuple[str, int, str, str]]:
    """Yields file, line, name and value of what is in a section that counts. `holds`: the filters that are in
    force; an included file goes on with them."""
    holds = {} if holds is None else holds
    for number, raw in enumerate(text.split("\n")):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            _enter(line[1:-1].strip().lower(), filters, holds)
        elif line and not line.startswith("#") and all(holds.values()):
            at = _OF_ANOTHER_FILE if file else number
            if include := _INCLUDE.match(line):
                yield file, at, "include", include[1]
                yield from _counting(others.text(include[1]), filters, others, include[1], holds)
            else:
                name, _, value = line.partition("=")
                yield file, at, name.strip(), value.strip()


def _enter(section: str, filters: Set[str], holds: dict[str, bool]) -> None:
    if section == "all":
        holds.clear()
    elif _MODEL.match(section):
        holds["model"] = section in filters
    else:
        holds[section.partition("=")[0]] = False


def _overlay(value: str, number: int, file: str) -> Overlay | None:
    """Returns None for `dtoverlay=`, which ends the one before."""
    name, _, rest = re.sub("[,:]", ",", value, count=1).partition(",")
    return Overlay(name, dict(_parameters(rest)), number, file) if name else None


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
