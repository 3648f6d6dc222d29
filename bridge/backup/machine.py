"""Which machine this is: by its installation and by the serial number of its board."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

_ID_FILE = "etc/machine-id"
_SERIAL_FILES = ("proc/device-tree/serial-number", "sys/firmware/devicetree/base/serial-number")
_DIGITS = 32


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A machine; an empty field is not known."""

    id: str = ""  # a digest of /etc/machine-id, which machine-id(5) wants to be shown to nobody
    serial: str = ""  # of the Raspberry Pi

    def is_same(self, other: Machine) -> bool:
        """Says whether both are one board, or one installation; what is not known is no proof."""
        by_id = self.id != "" and self.id == other.id
        if self.serial and other.serial:
            return self.serial == other.serial
        return by_id


def this_machine(root: Path = Path("/")) -> Machine:
    """Reads who we are."""
    identity = _read(root / _ID_FILE)
    digest = hashlib.sha256(f"evse-bridge {identity}".encode()).hexdigest()[:_DIGITS] if identity else ""
    serial = next(filter(None, (_read(root / file) for file in _SERIAL_FILES)), "")
    return Machine(digest, serial)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip("\0 \n")
    except OSError:
        return ""
