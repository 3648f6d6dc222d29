"""A place where one emulated box runs: its card, its mock, and the Central System outside."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.image.central_system import Outside, listening
from tests.image.guest import MOCK_LABEL, initrd
from tests.image.log_writes import copied
from tests.image.machine import Card, device_tree
from tests.image.newer import Versions

CARD_BYTES = 4 * 2**30
MOCK_DISK = "32M"


@dataclass(frozen=True, slots=True)
class Bench:
    """The folder holds what only this one uses."""

    folder: Path
    card: Card
    outside: Outside

    def console(self, name: str) -> Path:
        """Names the file for what a boot says."""
        return self.folder / f"{name}.console"

    def takes(self, disk: Path, mock: Path) -> None:
        """Copies both disks into the box."""
        copied(disk, self.card.disk)
        copied(mock, self.card.mock)


@contextmanager
def built(image: Path, versions: Versions, folder: Path) -> Iterator[Bench]:
    """With the image on a card of 4 GiB, never booted, and an empty disk of the mock. `folder` is new."""
    folder.mkdir()
    disk, mock = copied(image, folder / "card.img"), folder / "mock.img"
    with disk.open("r+b") as file:
        file.truncate(CARD_BYTES)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", MOCK_LABEL, mock, MOCK_DISK], check=True)
    with listening() as outside:
        port = outside.system.port
        start = initrd(image.with_name("initrd"), port, versions.key, folder / "start")
        kernel, tree = image.with_name("vmlinuz"), device_tree(folder / "pi.dtb")
        yield Bench(folder, Card(kernel, start, disk, mock, versions.disk, tree), outside)
