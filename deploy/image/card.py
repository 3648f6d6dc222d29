"""Lays the system out on a card: a file with three partitions, made without mounting any of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.image import device_trees
from deploy.image.building import run
from deploy.image.debian import Hardware

BOOT_FILES = Path(__file__).with_name("boot")
# What a Pi 3, a Zero 2 W (start) and a Pi 4 (start4) load; not the variants for cameras or little memory.
CHIP_FILES = ("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat")
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Partition:
    """Sizes in MiB; `kind` is the MBR's number."""

    label: str
    start_mib: int
    size_mib: int
    kind: str


# 4 MiB is what cards erase at once, or a multiple of it. The last one grows to the end of the card.
BOOT = Partition("EVSE-BOOT", 4, 256, "c")
ROOT = Partition("evse-root", 260, 1280, "83")
STATE = Partition("evse-state", 1540, 508, "83")
SIZE_MIB = 2048


def boot_folder(hardware: Hardware, initrd: Path, to: Path) -> None:
    """Collects what the chip's firmware reads, and the owner's files. Raises ImageError."""
    shutil.copytree(BOOT_FILES, to)
    shutil.copy(hardware.kernel, to / "vmlinuz")
    shutil.copy(initrd, to / "initrd")
    for name in CHIP_FILES:
        shutil.copy(hardware.chip_firmware / name, to / name)
    for board in device_trees.BOARDS:
        device_trees.patched(hardware.device_trees / f"{board}.dtb", to / f"{board}.dtb")


def split(root: Path, state: Path) -> None:
    """Moves /var to the state partition's folder, and makes the place for what changes in /etc."""
    for folder in ("etc/upper", "etc/work"):
        (state / folder).mkdir(parents=True)
    run("mv", root / "var", state / "var")
    (root / "var").mkdir()


def written(boot: Path, root: Path, state: Path, image: Path) -> None:
    """Writes the whole card. Raises ImageError."""
    with image.open("wb") as file:
        file.truncate(SIZE_MIB * MIB)
    table = "\n".join(
        f"start={each.start_mib}MiB, size={each.size_mib}MiB, type={each.kind}"
        for each in (BOOT, ROOT, STATE)
    )
    run("sfdisk", "--quiet", image, stdin=f"label: dos\n{table}\n")
    _fat(BOOT, boot, image)
    for partition, folder in ((ROOT, root), (STATE, state)):
        _ext4(partition, folder, image)


def _fat(partition: Partition, folder: Path, image: Path) -> None:
    part = image.with_suffix(f".{partition.label}")
    run("mkfs.vfat", "-C", "-F", "32", "-n", partition.label, part, str(partition.size_mib * 1024))
    run("mcopy", "-s", "-m", "-i", part, *sorted(folder.iterdir()), "::")
    _place(partition, part, image)


def _ext4(partition: Partition, folder: Path, image: Path) -> None:
    """Makes one that is read-only after an error: hal.safety goes on, and the next boot repairs it."""
    part = image.with_suffix(f".{partition.label}")
    make = ("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-m", "1", "-L", partition.label, "-e", "remount-ro")
    run(*make, "-d", folder, part, f"{partition.size_mib}M")
    _place(partition, part, image)


def _place(partition: Partition, part: Path, image: Path) -> None:
    """Writes it to its place on the card, and removes it."""
    place = f"seek={partition.start_mib}"
    run("dd", f"if={part}", f"of={image}", "bs=1M", place, "conv=notrunc,sparse", "status=none")
    part.unlink()
