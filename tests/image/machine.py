"""A QEMU that boots the image: the card, a second disk that is not cut, and what the guest reports."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = "qemu-system-aarch64"
REPORT = "evse-test: "  # begins each line of the guest's that is for us
POLL_S = 0.2
# A processor of 1000 million instructions a second by its own clock, however slow this machine is: hal.safety
# has a watchdog of one second.
OWN_CLOCK = ("-accel", "tcg,thread=single", "-icount", "shift=0")
ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL")
MODEL, REVISION = "Raspberry Pi 3 Model B Rev 1.2", "a02082"
SERIAL = "10000000c0ffee42"
Report = dict[str, Any]


class BootError(Exception):
    """The guest did not report in time, or its machine ended; the text is the last of its console."""


@dataclass(frozen=True, slots=True)
class Card:
    """Two disks as files, and the kernel that the firmware would load."""

    kernel: Path
    initrd: Path
    disk: Path
    mock: Path
    update: Path  # a disk that is only read
    tree: Path  # the device tree


@dataclass(slots=True)
class Machine:
    """One that runs. `console` is all that it said."""

    process: subprocess.Popen[bytes]
    console: Path

    def reports(self) -> list[Report]:
        """All that are whole, the oldest first."""
        text = self.console.read_text(errors="replace") if self.console.exists() else ""
        lines = (line.partition(REPORT)[2] for line in text.split("\n")[:-1] if REPORT in line)
        return [report for line in lines if (report := _read(line)) is not None]

    def until(self, what: str, seen: Callable[[Report], bool], limit_s: float) -> Report:
        """The first report of which `seen` is true. Raises BootError."""
        give_up_s = time.monotonic() + limit_s
        while time.monotonic() < give_up_s:
            ended = self.process.poll() is not None
            for report in self.reports():
                if seen(report):
                    return report
                ended |= report["what"] == "late"
            if ended:
                break
            time.sleep(POLL_S)
        last = "\n".join(self.console.read_text(errors="replace").splitlines()[-40:])
        raise BootError(f"not {what} within {limit_s:.0f} s, or the machine ended:\n{last}")


def _read(line: str) -> Report | None:
    """None for one that the kernel has written into."""
    try:
        report = json.loads(line)
    except ValueError:
        return None
    return report if isinstance(report, dict) else None


@dataclass(frozen=True, slots=True)
class Boot:
    """How a card is booted. With `log` every write to it is also written there."""

    arguments: str
    console: Path
    log: Path | None = None
    network: str = "user,model=virtio-net-pci"
    more: tuple[str, ...] = ()  # of QEMU's arguments


@contextmanager
def running(card: Card, boot: Boot) -> Iterator[Machine]:
    """Boots; afterwards it is killed."""
    boot.console.unlink(missing_ok=True)
    process = subprocess.Popen(_command(card, boot), stdin=subprocess.DEVNULL)
    try:
        yield Machine(process, boot.console)
    finally:
        process.kill()
        process.wait()


def _command(card: Card, boot: Boot) -> list[str]:
    said = f"console=ttyAMA0 ro quiet panic=-1 net.ifnames=0 systemd.show_status=0 {boot.arguments}"
    parts = [
        *ENDS_WITH_US,
        *(PROGRAM, "-M", "virt", "-cpu", "cortex-a53", "-m", "768"),
        *("-kernel", card.kernel, "-initrd", card.initrd, "-append", said, "-dtb", card.tree),
        *("-blockdev", f"driver=file,filename={card.disk},node-name=card-file"),
        *("-blockdev", _logged(boot.log)),
        *("-device", "virtio-blk-pci,drive=card,discard=off"),
        *_disk("mock", card.mock, ""),
        *_disk("update", card.update, ",readonly=on"),
        *("-nic", boot.network),
        *("-serial", f"file:{boot.console}", "-display", "none", "-monitor", "none", "-no-reboot"),
        *OWN_CLOCK,
        *boot.more,
    ]
    return [str(part) for part in parts]


def _disk(name: str, file: Path, how: str) -> tuple[str, ...]:
    drive = f"file={file},format=raw,if=none,id={name}{how}"
    return ("-drive", drive, "-device", f"virtio-blk-pci,drive={name}")


def _logged(log: Path | None) -> str:
    if log is None:
        return "driver=raw,file=card-file,node-name=card"
    log.write_bytes(b"")
    return (
        "driver=blklogwrites,node-name=card,log-sector-size=512,"
        f"file=card-file,log.driver=file,log.filename={log}"
    )


def device_tree(to: Path) -> Path:
    """QEMU's own for this machine, which calls itself a Raspberry Pi with a serial number."""
    dump = (PROGRAM, "-M", f"virt,dumpdtb={to}", "-cpu", "cortex-a53", "-m", "768", "-display", "none")
    subprocess.run(dump, check=True, capture_output=True)
    subprocess.run(["fdtput", "--create", to, "/system"], check=True)
    for node, kind, name, value in (
        ("/", "s", "model", MODEL),
        ("/", "s", "serial-number", SERIAL),
        ("/system", "x", "linux,revision", REVISION),
    ):
        subprocess.run(["fdtput", "--type", kind, to, node, name, value], check=True)
    return to


def has_qemu() -> bool:
    return shutil.which(PROGRAM) is not None
