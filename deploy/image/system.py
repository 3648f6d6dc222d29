"""Puts the system together in a folder: Debian's root, the package, our files, the kernel's modules."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from deploy.image.building import ImageError, run, run_emulated
from deploy.image.debian import Hardware

FILES = Path(__file__).with_name("root")
OWNERS_FILES = Path(__file__).with_name("owners_files.py")
MARKER = Path("usr/lib/evse-bridge/image.json")  # by which doctor and setup know this kernel
WATCHDOG = (
    "usr/lib/systemd/system.conf.d/90-evse-bridge.conf"  # of the package: systemd feeds the chip's watchdog
)
ENABLED = (
    *("systemd-networkd.service", "systemd-resolved.service", "systemd-timesyncd.service", "ssh.service"),
    *("evse-image-first-boot.service", "evse-image-packages.service", "evse-image-answers.service"),
    *("evse-image-owners-files.service", "evse-image-wifi.service", "tmp.mount"),
)
# Emulated: the package's own scripts run.
INSTALL = """set -e
    mount -t proc proc "$1/proc"
    mount -t tmpfs -o mode=755 run "$1/run"
    mount --bind /dev/null "$1/dev/null" 2>/dev/null || true
    printf '#!/bin/sh\\nexit 101\\n' >"$1/usr/sbin/policy-rc.d"
    chmod 755 "$1/usr/sbin/policy-rc.d"
    cp "$2" "$1/tmp/evse-bridge.deb"
    DEBIAN_FRONTEND=noninteractive chroot "$1" dpkg --install /tmp/evse-bridge.deb
    rm "$1/tmp/evse-bridge.deb" "$1/usr/sbin/policy-rc.d"
"""
# Made for each box, or of the machine that built this.
FORGOTTEN = (
    *("etc/ssh/ssh_host_*", "var/lib/apt/lists/*", "var/cache/apt/*.bin", "var/cache/apt/archives/*.deb"),
    *(
        "var/log/*.log",
        "var/log/apt/*",
        "etc/apt/apt.conf.d/99mmdebstrap",
        "etc/hostname",
        "var/lib/systemd/random-seed",
    ),
)


def made(root_tar: Path, hardware: Hardware, deb: Path, root: Path) -> None:
    """Fills `root`, which is new. Raises ImageError."""
    root.mkdir()
    run("tar", "--extract", "--numeric-owner", "--file", root_tar, "--directory", root)
    run_emulated("sh", "-c", INSTALL, "sh", root, deb)
    if not (root / WATCHDOG).exists():
        raise ImageError(
            f"{deb.name} brings no /{WATCHDOG}: without it a hung kernel keeps a contactor closed"
        )
    run("cp", "--recursive", "--no-preserve=ownership", f"{FILES}/.", root)
    shutil.copy(OWNERS_FILES, root / "usr/lib/evse-image")
    for name in ("modules", "firmware"):
        run("cp", "--archive", hardware.folder / "lib" / name, root / "usr" / "lib")
    _settle(root)
    _mark(root, hardware, deb)


def _settle(root: Path) -> None:
    for pattern in FORGOTTEN:
        for path in root.glob(pattern):
            if path.is_file():
                path.unlink()
    (root / "etc/machine-id").write_text(
        ""
    )  # empty, not missing: a missing one makes systemd enable every unit
    resolv = root / "etc/resolv.conf"
    resolv.unlink(missing_ok=True)
    resolv.symlink_to("../run/systemd/resolve/stub-resolv.conf")
    # Where /etc/issue exists, agetty looks for more in /etc/issue.d alone.
    (root / "etc/issue.d").symlink_to("/run/evse-image/issue.d")
    for folder in ("boot/firmware", "state", "var/log/journal", "var/lib/evse-image"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    tmp = root / "usr/share/systemd/tmp.mount"
    if tmp.exists():  # bookworm's is an example only
        shutil.copy(tmp, root / "etc/systemd/system/tmp.mount")
    # ssh.service has an init script too: systemctl runs the root's own update-rc.d for it.
    run_emulated("systemctl", f"--root={root}", "--quiet", "enable", *ENABLED)


def _mark(root: Path, hardware: Hardware, deb: Path) -> None:
    marker = {
        "kernel": "debian",
        "release": hardware.release,
        "device_trees": ["spi0", "pwm0-gpio18", "uart0-gpio14", "watchdog"],
        "package": deb.name,
    }
    (root / MARKER).parent.mkdir(parents=True, exist_ok=True)
    (root / MARKER).write_text(json.dumps(marker, indent=2) + "\n")
