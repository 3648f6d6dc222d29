"""`python -m deploy.image.imager IMAGE.img.xz URL DATE`: writes the repository file for Raspberry Pi Imager.

URL: where the packed image will lie; the icon lies beside it. `rpi-imager --repo FILE` shows the entry.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import sys
from pathlib import Path

DEVICES = ("pi3-64bit", "pi4-64bit")  # Imager's names; a Zero 2 W counts as a pi3
BLOCK = 1024 * 1024


def entry(packed: Path, url: str, date: str) -> dict[str, object]:
    """Names no `init_format`: Imager's settings do nothing here; the boot partition has files for them."""
    image, size = hashlib.sha256(), 0
    with lzma.open(packed) as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            image.update(block)
            size += len(block)
    return {
        "name": "evse-bridge (wallbox)",
        "description": "Debian with evse-bridge, for a Raspberry Pi 3, 4 or Zero 2 W inside a wallbox",
        "icon": f"{url.rpartition('/')[0]}/evse-bridge.svg",
        "url": url,
        "extract_size": size,
        "extract_sha256": image.hexdigest(),
        "image_download_size": packed.stat().st_size,
        "image_download_sha256": _sha256(packed),
        "release_date": date,
        "devices": list(DEVICES),
        "architecture": "armv8",
    }


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def main(arguments: list[str]) -> int:
    """Prints the file."""
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    packed, url, date = arguments
    print(json.dumps({"os_list": [entry(Path(packed), url, date)]}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
