"""`python -m tests.image.board IMAGE`: boots the image on QEMU's Raspberry Pi 3 B, with its own device tree.

QEMU models the SD card, the PL011, the watchdog and the pins (the kernel's own pinctrl); not SPI and PWM.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.image.guest import initrd
from tests.image.judged import boot_faults
from tests.image.log_writes import copied
from tests.image.machine import ENDS_WITH_US, OWN_CLOCK, PROGRAM, REVISION, Machine

BOOT_AT = "@@4M"  # the first partition
TREE = "bcm2837-rpi-3-b.dtb"
CARD_BYTES = 4 * 2**30  # QEMU takes powers of two
HANG_S = 3600.0  # of this machine, which may be busy
# QEMU's chip has no timer: it resets the moment that systemd starts the watchdog.
ARGUMENTS = "console=ttyAMA0,115200 ro quiet panic=-1 systemd.show_status=0 systemd.watchdog_sec=0"
LINE = "pinctrl-bcm2835 54 1 0"  # the chip, its lines, and the line as it was driven high, then low


def device_tree(image: Path, to: Path) -> Path:
    """The image's own, with the one property that the firmware adds and gpiozero needs."""
    subprocess.run(["mcopy", "-o", "-i", f"{image}{BOOT_AT}", f"::{TREE}", to], check=True)
    subprocess.run(["fdtput", "--create", to, "/system"], check=True)
    subprocess.run(["fdtput", "--type", "x", to, "/system", "linux,revision", REVISION], check=True)
    return to


def command(image: Path, folder: Path) -> list[str]:
    """The card is a copy."""
    card = copied(image, folder / "card.img")
    with card.open("r+b") as file:
        file.truncate(CARD_BYTES)
    start = initrd(image.with_name("initrd"), 9, None, folder / "start", mock_disk=False)
    parts = [
        *ENDS_WITH_US,
        *(PROGRAM, "-M", "raspi3b", *OWN_CLOCK),
        *("-kernel", image.with_name("vmlinuz"), "-initrd", start),
        *("-dtb", device_tree(image, folder / "board.dtb")),
        *("-append", f"{ARGUMENTS} evse.test=board"),
        *("-drive", f"file={card},format=raw,if=sd", "-serial", f"file:{folder}/console"),
        *("-display", "none", "-monitor", "none", "-no-reboot"),
    ]
    return [str(part) for part in parts]


def main(arguments: list[str]) -> int:
    """1 when the boot is not good, or the pins do not obey."""
    [image] = map(Path, arguments)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="evse-board-") as name:
        process = subprocess.Popen(command(image, Path(name)), stdin=subprocess.DEVNULL)
        try:
            machine = Machine(process, Path(name) / "console")
            booted = machine.until("booted", lambda report: report["what"] == "booted", HANG_S)
            found = machine.until("the hardware", lambda report: report["what"] == "hardware", HANG_S)
        finally:
            process.kill()
            process.wait()
    faults = boot_faults(booted) + ([] if found["line"] == LINE else [f"the pins: {found['line']}"])
    print(f"{booted}\n{found}\n{'; '.join(faults) or 'good'}, {time.monotonic() - began_s:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
