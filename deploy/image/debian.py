"""What Debian brings: a root, installed under emulation, and kernel and firmware, which are only unpacked."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.builds import cached
from deploy.image.building import run, run_emulated

SUITES = ("bookworm", "trixie")
ROOT_PACKAGES = (
    *("systemd", "systemd-sysv", "systemd-resolved", "systemd-timesyncd", "dbus", "udev", "kmod", "procps"),
    *("python3", "ca-certificates", "openssh-server", "wpasupplicant", "wireless-regdb", "iproute2"),
    *("e2fsprogs", "fdisk", "unattended-upgrades", "tzdata"),
)
# Unpacked, not installed: the kernel's own scripts would run for minutes under emulation.
HARDWARE_PACKAGES = (
    "linux-image-arm64",
    "raspi-firmware",
    "firmware-brcm80211",
    "busybox-static",
    "e2fsck-static",
)
SMALL = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/locale/*",
)
# Where the packages have it, and where it is put; `**/` because trixie's have everything in /usr.
PLACES = {
    "boot/vmlinuz-*": "vmlinuz",
    "**/lib/modules": "lib/modules",
    "**/lib/firmware": "lib/firmware",
    "usr/lib/linux-image-*/broadcom": "device-trees",
    "usr/lib/raspi-firmware": "raspi-firmware",
    "**/bin/busybox": "bin/busybox",
    "**/sbin/e2fsck.static": "bin/e2fsck.static",
}
# Of the kernel's modules; no wallbox has such a device.
UNUSED_DRIVERS = ("gpu", "media", "infiniband", "isdn", "ata", "scsi", "nvme", "mtd", "staging")


def root(suite: str) -> Path:
    """Returns a tar of the installed system, without kernel and us. Takes a quarter of an hour once."""
    arguments = (
        *("mmdebstrap", "--quiet", "--arch=arm64", "--variant=minbase", "--components=main"),
        f"--include={','.join(ROOT_PACKAGES)}",
        *(f"--dpkgopt={option}" for option in SMALL),
        suite,
    )

    def build(to: Path) -> None:
        run_emulated(*arguments, to / "root.tar")

    return cached(f"image-root-{suite}", " ".join(arguments).encode(), build) / "root.tar"


@dataclass(frozen=True, slots=True)
class Hardware:
    """What is made for the board and the kernel; nothing of it has been run."""

    folder: Path

    @property
    def release(self) -> str:
        """Names the kernel's version, as the folder of its modules does."""
        [modules] = (self.folder / "lib" / "modules").iterdir()
        return modules.name

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def device_trees(self) -> Path:
        return self.folder / "device-trees"

    @property
    def chip_firmware(self) -> Path:
        """Names the folder of what the chip itself loads, before any kernel."""
        return self.folder / "raspi-firmware"

    @property
    def tools(self) -> Path:
        """Names the folder of programs without libraries, for the initramfs."""
        return self.folder / "bin"


def hardware(suite: str) -> Hardware:
    """Returns what is unpacked for the board and the kernel. Takes a minute the first time."""
    arguments = (
        *(
            "mmdebstrap",
            "--quiet",
            "--arch=arm64",
            "--variant=extract",
            "--components=main,non-free-firmware",
        ),
        f"--include={','.join(HARDWARE_PACKAGES)}",
        suite,
    )
    key = f"{arguments} {UNUSED_DRIVERS}".encode()
    return Hardware(cached(f"image-hardware-{suite}", key, lambda to: _unpacked(arguments, to)))


def _unpacked(arguments: tuple[str, ...], to: Path) -> None:
    everything = to / "everything"
    run(*arguments, to / "all.tar")
    everything.mkdir()
    run("tar", "--extract", "--file", to / "all.tar", "--directory", everything)
    (to / "all.tar").unlink()
    (to / "lib").mkdir()
    (to / "bin").mkdir()
    for pattern, place in PLACES.items():
        [found] = {path.resolve() for path in everything.glob(pattern)}
        shutil.move(found, to / place)
    shutil.rmtree(everything)
    for driver in UNUSED_DRIVERS:
        for modules in to.glob(f"lib/modules/*/kernel/drivers/{driver}"):
            shutil.rmtree(modules)
    run("depmod", "--basedir", to, Hardware(to).release)
