"""Runs the tools that build the image."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.builds import lacking

TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "arch-test": "arch-test",
    "qemu-aarch64-static": "qemu-user-static",
    "depmod": "kmod",
    "cpio": "cpio",
    "fdtput": "device-tree-compiler",
    "mkfs.vfat": "dosfstools",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
    "sfdisk": "fdisk",
    "unshare": "util-linux",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}  # and Debian's package of each

# The registration lives as long as a mount of it: ours ends with the command, and nothing stays mounted.
_EMULATED = """set -e
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] ||
      cat /usr/lib/binfmt.d/qemu-aarch64.conf >/proc/sys/fs/binfmt_misc/register
    exec "$@"
"""


class ImageError(Exception):
    """The image cannot be built; the text says why, and what to do."""


def run(*command: str | Path, stdin: str | None = None) -> str:
    """Returns what the command wrote. Raises ImageError with the command and all that it said."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise ImageError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def run_emulated(*command: str | Path) -> str:
    """As `run`, with arm64 programs running too, and mounts that end with the command. Raises ImageError."""
    alone = (
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    )
    return run(*alone, "sh", "-c", _EMULATED, "sh", *command)


def missing() -> str:
    """Says what this machine lacks for building an image; empty when nothing."""
    if os.geteuid() != 0:
        return "the image can only be built as root: its files belong to many users"
    return lacking(TOOLS)
