"""The disk of a box as the test wants it: full, read-only or slow, and where its host name leads.

`disk.c` does it, preloaded into all programs of the box.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("disk.c")
ORDERS = "o"  # the folder of the orders, in that of the box


@dataclass(frozen=True, slots=True)
class Sync:
    """One that has ended. Times are of CLOCK_MONOTONIC."""

    program: str  # the module that was started
    pid: int
    thread: int
    began_s: float
    ended_s: float

    @property
    def in_main_thread(self) -> bool:
        """Where the event loop lives."""
        return self.pid == self.thread


def missing() -> str | None:
    """Why no disk can be made bad here; None: it can."""
    return None if shutil.which("gcc") else "gcc is not installed: apt-get install gcc libc6-dev"


def database_environment(folder: Path) -> dict[str, str]:
    """Of the programs of the box in that folder: the database alone is on such a disk."""
    return _environment(folder, folder / "d" / "bridge.sqlite")


def whole_environment(folder: Path) -> dict[str, str]:
    """Likewise: all that lasts is on it."""
    return _environment(folder, folder / "d")


def leading(folder: Path, name: str, address: str) -> dict[str, str]:
    """Likewise: the disk is well, but the host of that name has that address; see `Disk.lead`."""
    environment = database_environment(folder)
    Disk(folder).lead(name, address)
    return environment


def _environment(folder: Path, disk: Path) -> dict[str, str]:
    library = folder / "disk.so"
    command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    (folder / ORDERS).mkdir()
    return {
        "LD_PRELOAD": str(library),
        "EVSE_DISK": str(disk),
        "EVSE_DISK_ORDERS": str(folder / ORDERS),
    }


class Disk:
    """Orders to the programs of the box in that folder; in force at once."""

    def __init__(self, folder: Path) -> None:
        self._orders = folder / ORDERS

    def slow(self, sync_s: float) -> None:
        """How long each sync takes more."""
        self._write("slow", f"{sync_s * 1000:.0f}")

    def full(self) -> None:
        """Nothing can grow."""
        self._write("full", "")

    def read_only(self) -> None:
        """Nothing can be written."""
        self._write("readonly", "")

    def well(self) -> None:
        """Again."""
        for name in ("slow", "full", "readonly"):
            (self._orders / name).unlink(missing_ok=True)

    def lead(self, name: str, address: str) -> None:
        """The host of that name has this address from now on."""
        self._write("hosts", f"{name} {address}\n")

    @property
    def syncs(self) -> list[Sync]:
        """All of all programs that have ended."""
        try:
            lines = (self._orders / "syncs").read_text().splitlines()
        except FileNotFoundError:
            return []
        told = [line.split() for line in lines]
        return [
            Sync(_module(program), int(pid), int(thread), float(began) / 1000, float(ended) / 1000)
            for program, pid, thread, began, ended in told
        ]

    def _write(self, name: str, text: str) -> None:
        unfinished = self._orders / f"{name}.new"
        unfinished.write_text(text)
        unfinished.replace(self._orders / name)


def _module(command_line: str) -> str:
    words = command_line.split(",")
    return words[words.index("-m") + 1]
