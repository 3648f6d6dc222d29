"""What the owner's charge-point.toml says of updates, and what this machine is."""

from __future__ import annotations

import platform
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.slots.bundle import Fits
from deploy.slots.names import CHARGE_POINT_FILE
from hal import durable

KEY_NAME = "firmware.pem"  # where the file names none
FILE_LIMIT = 2**20  # bytes
OS_RELEASE = Path("/etc/os-release")


@dataclass(frozen=True, slots=True)
class Owner:
    """What the owner wants of updates."""

    public_key: Path
    allow_older: bool


def will(config: Path) -> Owner:
    """Reads [firmware]; a file that cannot be read allows nothing beyond the usual."""
    try:
        found: Any = tomllib.loads(durable.read(config / CHARGE_POINT_FILE, FILE_LIMIT).decode()).get(
            "firmware"
        )
    except (OSError, ValueError, RecursionError):  # also what is no TOML
        found = None
    section = found if isinstance(found, dict) else {}
    key = section.get("public_key")
    return Owner(
        config / (key if isinstance(key, str) and key else KEY_NAME), section.get("allow_older") is True
    )


def this_machine(os_release: Path = OS_RELEASE) -> Fits:
    """Returns what a bundle must be for, by os-release(5) and uname(2)."""
    lines = durable.read(os_release, FILE_LIMIT).decode(errors="replace").splitlines()
    names = dict(line.split("=", 1) for line in lines if "=" in line)
    return Fits(names.get("VERSION_CODENAME", "").strip("\"'"), platform.machine())
