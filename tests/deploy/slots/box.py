"""The folders of a box with a version that runs, one before it, and a package that brings a newer one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.slots.carrying_out import Carrier
from deploy.slots.disk import Disk
from deploy.slots.looking import look
from deploy.slots.names import ConfigFile
from deploy.slots.places import Places
from deploy.slots.steps import Seen, Trial

OLDEST, OLD, NEW = "0.1.0.7", "0.1.0.9", "0.1.0.10"
CONFIG: dict[ConfigFile, str] = {"wallbox.toml": "key of before", "charge-point.toml": "of both"}
MIGRATED: dict[ConfigFile, str] = {"wallbox.toml": "key of now"}
KEPT = f"wallbox.toml.before-{NEW}"
TRIAL = Trial(NEW, OLD, "boot-1", "2026-11-29T12:00:00Z", tuple(MIGRATED))
BEFORE = {"bridge.sqlite": b"pages before", "bridge.sqlite-wal": b"log before"}
IN_TRIAL = {"bridge.sqlite": b"pages of another schema", "bridge.sqlite-wal": b"", "bridge.sqlite-shm": b"x"}


@dataclass(frozen=True)
class Box:
    base: Path

    @property
    def places(self) -> Places:
        at = self.base
        own = at / "slots", at / "application", at / "bridge", at / "run", at / "etc"
        return Places(*own, at / "safety", at / "instruments")

    def carrier(self, disk: Disk, package: str = NEW) -> Carrier:
        return Carrier(self.places, package, disk)

    def look(self) -> Seen:
        return look(self.places)

    def database(self) -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in self.places.bridge.iterdir() if each.is_file()}

    def config(self) -> dict[str, str]:
        return {each.name: each.read_text() for each in self.places.config.glob("*.toml*")}

    def copy(self, base: Path) -> Box:
        shutil.copytree(self.base, base, symlinks=True)
        return Box(base)

    def moved(self, other: Box, path: Path) -> Path | None:
        """The same place on the other box; None in the folder that is lost with the power."""
        within = path.relative_to(self.base)
        return None if within.parts[0] == "run" else other.base / within


def tree(folder: Path) -> dict[str, str]:
    """What is in it, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        elif path.is_dir():
            found[name] = "folder"
        else:
            found[name] = f"{path.stat().st_mode & 0o111 != 0} {path.read_text()}"
    return found


def environment(folder: Path, version: str) -> None:
    """As a virtual environment, in small."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to("/usr/bin/python3")
    (folder / "bin" / "evse-bridge").write_text("#!/bin/sh\n")
    (folder / "bin" / "evse-bridge").chmod(0o755)
    (folder / "lib").mkdir()
    (folder / "lib64").symlink_to("lib")
    (folder / "lib" / "bridge.py").write_text(f"VERSION = {version!r}\n")


def box(base: Path, package: str = NEW) -> Box:
    made = Box(base)
    for version in (OLDEST, OLD):
        environment(made.places.slot(version), version)
    made.places.current.symlink_to(OLD)
    environment(made.places.application, package)
    at = made.places
    for folder in (at.bridge, at.runtime, at.config, at.safety, at.instruments):
        folder.mkdir()
    for file, text in CONFIG.items():
        (at.config / file).write_text(text)
        (at.config / file).chmod(0o640)
    for name, content in BEFORE.items():
        (made.places.bridge / name).write_bytes(content)
    return made
