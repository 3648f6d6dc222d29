"""PURE: which Raspberry Pi, kernel and distribution a machine has, by what its kernel's files say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Family = Literal["pi3", "zero2", "pi4", "pi5"]
Kernel = Literal["raspberry", "debian"]  # whose: Debian's own knows no dtparam and no dtoverlay

# Raspberry Pi documentation, revision codes (bits 4 to 11: the type) and conditional filters of config.txt.
_TYPES: dict[int, tuple[Family, str]] = {
    0x08: ("pi3", "pi3"),
    0x0A: ("pi3", "pi3 cm3"),
    0x0D: ("pi3", "pi3 pi3+"),
    0x0E: ("pi3", "pi3 pi3+"),
    0x10: ("pi3", "pi3 cm3 cm3+"),
    0x11: ("pi4", "pi4"),
    0x12: ("zero2", "pi0 pi0w pi02"),
    0x13: ("pi4", "pi4 pi400"),
    0x14: ("pi4", "pi4 cm4"),
    0x15: ("pi4", "pi4 cm4s"),
    0x17: ("pi5", "pi5"),
    0x18: ("pi5", "pi5 cm5"),
    0x19: ("pi5", "pi5 pi500"),
    0x1A: ("pi5", "pi5 cm5"),
}
_NEW_STYLE = 1 << 23  # a revision code without this bit is of a board that is too old
# A device tree without a revision code, as QEMU's: the first that fits.
_MODELS: tuple[tuple[str, int], ...] = (
    (r"Zero 2", 0x12),
    (r"Compute Module 5", 0x18),
    (r"Pi 500", 0x19),
    (r"Pi 5\b", 0x17),
    (r"Compute Module 4S", 0x15),
    (r"Compute Module 4", 0x14),
    (r"Pi 400", 0x13),
    (r"Pi 4\b", 0x11),
    (r"Compute Module 3 Plus", 0x10),
    (r"Compute Module 3", 0x0A),
    (r"Pi 3 Model A Plus", 0x0E),
    (r"Pi 3 Model B Plus", 0x0D),
    (r"Pi 3\b", 0x08),
)
KNOWN_BOARDS = "Raspberry Pi 3, 4, 5 or Zero 2 W"


@dataclass(frozen=True, slots=True)
class Board:
    """A Raspberry Pi that can be a wallbox. `filters`: the sections of config.txt that count on it."""

    family: Family
    model: str
    filters: frozenset[str]


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that runs the programs. No board: no Raspberry Pi, or `model` is one that is too old."""

    model: str  # empty: no Raspberry Pi
    board: Board | None
    kernel: Kernel | None  # of a board
    system: str  # as /etc/os-release names it
    suite: str  # bookworm, trixie; empty: unknown
    serial: str  # of the board, in hex; empty: unknown

    @property
    def words(self) -> str:
        """Says what was recognised."""
        if not self.model:
            return f"no Raspberry Pi; {self.system}"
        whose = {"raspberry": "Raspberry Pi's kernel", "debian": "Debian's own kernel", None: "not supported"}
        return f"{self.model}; {self.system}, {whose[self.kernel]}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the machine's files contain; empty where one is not there."""

    model: str = ""  # /proc/device-tree/model
    revision: bytes = b""  # /proc/device-tree/system/linux,revision
    serial: str = ""
    overrides: bool = False  # /proc/device-tree/__overrides__ or __symbols__
    release: str = ""  # /proc/sys/kernel/osrelease
    os_release: str = ""
    rpi_issue: bool = False  # /etc/rpi-issue: only Raspberry Pi OS has it


def machine(seen: Seen) -> Machine:
    """Recognises board, kernel and distribution."""
    model = seen.model.strip("\0\n ")
    board = _board(model, seen.revision) if model.startswith("Raspberry Pi") else None
    os_release = dict(_assignments(seen.os_release))
    name = os_release.get("PRETTY_NAME") or "an unknown system"
    if seen.rpi_issue:
        name = f"Raspberry Pi OS {os_release.get('VERSION_CODENAME', '')}".strip()
    return Machine(
        model=model if model.startswith("Raspberry Pi") else "",
        board=board,
        kernel=_kernel(seen) if board else None,
        system=name,
        suite=os_release.get("VERSION_CODENAME", ""),
        serial=seen.serial.strip("\0\n ").lstrip("0"),
    )


def _board(model: str, revision: bytes) -> Board | None:
    code = int.from_bytes(revision)
    kind = code >> 4 & 0xFF if code & _NEW_STYLE else None
    if kind is None:
        kind = next((kind for words, kind in _MODELS if re.search(words, model)), None)
    if kind not in _TYPES:
        return None
    family, filters = _TYPES[kind]
    return Board(family, model, frozenset(filters.split()))


def _kernel(seen: Seen) -> Kernel:
    """Debian's device trees carry neither overrides nor symbols, and its release has no `rpi` or `rpt`."""
    ours = seen.overrides or re.search(r"rpi|rpt|-v[78]", seen.release)
    return "raspberry" if ours else "debian"


def _assignments(text: str) -> Mapping[str, str]:
    found = re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE)
    return {name: value.strip("\"' ") for name, value in found}
