"""`python -m deploy.image DEB [--suite bookworm] [--to build/image] [--xz]`: builds the SD image; as root.

The first build of a suite takes some ten minutes, the next ones one; docs/image.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from deploy.image import card, initramfs, system
from deploy.image.building import ImageError, missing, run
from deploy.image.debian import SUITES, hardware, root


def build(deb: Path, suite: str, to: Path) -> Path:
    """Returns the image; beside it lie the kernel and the initramfs, for QEMU. Raises ImageError."""
    parts = hardware(suite)
    to.mkdir(parents=True, exist_ok=True)
    image = to / f"evse-bridge-{suite}-arm64.img"
    with tempfile.TemporaryDirectory(prefix="evse-image-") as name:
        folder = Path(name)
        initramfs.made(parts, folder / "initramfs", folder / "initrd")
        system.made(root(suite), parts, deb, folder / "root")
        card.boot_folder(parts, folder / "initrd", folder / "boot")
        card.split(folder / "root", folder / "state")
        card.written(folder / "boot", folder / "root", folder / "state", image)
        for each in ("vmlinuz", "initrd"):
            (to / each).write_bytes((folder / "boot" / each).read_bytes())
    return image


def main() -> int:
    """2 when this machine or the package does not fit, with what to do."""
    parser = argparse.ArgumentParser(prog="deploy.image")
    parser.add_argument("deb", type=Path, help="the package, of this suite and arm64")
    parser.add_argument("--suite", choices=SUITES, default=SUITES[0])
    parser.add_argument("--to", type=Path, default=Path("build/image"))
    parser.add_argument("--xz", action="store_true", help="also packed, as Raspberry Pi Imager takes it")
    asked = parser.parse_args()
    began_s = time.monotonic()
    try:
        if why := missing():
            raise ImageError(why)
        if not asked.deb.is_file():
            raise ImageError(f"{asked.deb}: no such package: make deb")
        image = build(asked.deb, asked.suite, asked.to)
        if asked.xz:
            run("xz", "--keep", "--force", "--threads=0", image)
    except ImageError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{image}: {time.monotonic() - began_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
