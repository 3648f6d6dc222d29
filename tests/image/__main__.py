"""`make test-image`: boots the image in QEMU, charges, and cuts its power; docs/image.md.

`python -m tests.image IMAGE [--first-boot 20] [--sessions 30] [--seed 1] [--short]`. IMAGE is the file that
`make image` wrote, with vmlinuz and initrd beside it. Exit code 1: a boot or the ledger was not good.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.image import power_cuts
from tests.image.central_system import listening
from tests.image.guest import MOCK_LABEL, initrd
from tests.image.judged import boot_faults
from tests.image.log_writes import copied
from tests.image.machine import BootError, Card, has_qemu

CARD_BYTES = 4 * 2**30
MOCK_DISK = "32M"
SHORT = (2, 2)


def main() -> int:
    """2 when there is no image or no QEMU."""
    parser = argparse.ArgumentParser(prog="tests.image")
    parser.add_argument("image", type=Path)
    parser.add_argument("--first-boot", type=int, default=20, help="power cuts in it")
    parser.add_argument("--sessions", type=int, default=30, help="power cuts in sessions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shallow", action="store_true", help="after those, boot without our services")
    parser.add_argument("--short", action="store_true", help="two cuts of each kind")
    asked = parser.parse_args()
    if asked.short:
        asked.first_boot, asked.sessions = SHORT
    if not has_qemu() or not asked.image.is_file():
        print(
            f"needs {asked.image} (make image) and qemu-system-aarch64: apt install qemu-system-arm",
            file=sys.stderr,
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="evse-image-") as name:
        try:
            return _played(asked, Path(name))
        except BootError as error:
            print(error)
            return 1


def _played(asked: argparse.Namespace, folder: Path) -> int:
    draw = random.Random(asked.seed)
    depth = power_cuts.SHALLOW if asked.shallow else power_cuts.ALL
    wrong = 0
    with listening() as system:
        card = _new_card(asked.image, folder, system.port)
        untouched = copied(card.disk, folder / "untouched.img")
        began_s = time.monotonic()
        report, inside = power_cuts.first_boot(card, folder, folder / "first.log", depth)
        faults = tuple(boot_faults(report, depth.services))
        wrong += _said("first boot", faults, time.monotonic() - began_s)
        recorded = power_cuts.Recorded(untouched, folder / "first.log", inside)
        good = copied(card.disk, folder / "good.img")
        cuts = power_cuts.in_first_boot(card, recorded, asked.first_boot, draw, depth)
        for number, cut in enumerate(cuts, 1):
            wrong += _said(f"cut {number}: {cut.what}", cut.faults, cut.took_s)
        good.replace(card.disk)
        for number, cut in enumerate(power_cuts.in_sessions(card, folder, asked.sessions, draw), 1):
            wrong += _said(f"cut {asked.first_boot + number}: {cut.what}", cut.faults, cut.took_s)
        if not asked.sessions:
            return _summed_up(asked, wrong)
        began_s = time.monotonic()
        faults = power_cuts.ledger(card, folder, system)
        count = len(system.ledger.transactions)
        wrong += _said(f"ledger of {count} transactions", faults, time.monotonic() - began_s)
    return _summed_up(asked, wrong)


def _summed_up(asked: argparse.Namespace, wrong: int) -> int:
    print(f"seed {asked.seed}: {asked.first_boot + asked.sessions} power cuts, {wrong} wrong")
    return 1 if wrong else 0


def _said(what: str, faults: tuple[str, ...], took_s: float) -> int:
    print(f"{what}: {'; '.join(faults) or 'good'} ({took_s:.0f} s)", flush=True)
    return bool(faults)


def _new_card(image: Path, folder: Path, port: int) -> Card:
    """The image on a card of 4 GiB, and the mock's disk."""
    disk, mock = copied(image, folder / "card.img"), folder / "mock.img"
    with disk.open("r+b") as file:
        file.truncate(CARD_BYTES)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", MOCK_LABEL, mock, MOCK_DISK], check=True)
    start = initrd(image.with_name("initrd"), port, folder / "start")
    return Card(image.with_name("vmlinuz"), start, disk, mock)


if __name__ == "__main__":
    sys.exit(main())
