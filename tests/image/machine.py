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
# Twice as fast, but a guest's second is one of this machine.
OUR_CLOCK = ("-accel", "tcg,thread=multi", "-smp", "2")
ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL")
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


@dataclass(slots=True)
class Machine:
    """One that runs. `console` is all that it said."""

    process: subprocess.Popen[bytes]
    console: Path

    def reports(self) -> list[Report]:
        """All that are whole, the oldest first."""
        text = self.console.read_text(errors="replace") if self.console.exists() else ""
        lines = (line.partition(REPORT)[2] for line in text.split("\n")[:-1] if REPORT in line)
        return [json.loads(line) for line in lines if line.strip().endswith("}")]

    def until(self, what: str, seen: Callable[[Report], bool], limit_s: float) -> Report:
        """The first report of which `seen` is true. Raises BootError."""
        give_up_s = time.monotonic() + limit_s
        while time.monotonic() < give_up_s:
            ended = self.process.poll() is not None
            for report in self.reports():
                if seen(report):
                    return report
            if ended:
                break
            time.sleep(POLL_S)
        last = "\n".join(self.console.read_text(errors="replace").splitlines()[-40:])
        raise BootError(f"not {what} within {limit_s:.0f} s, or the machine ended:\n{last}")


@contextmanager
def running(
    card: Card, arguments: str, console: Path, log: Path | None = None, *, own_clock: bool = True
) -> Iterator[Machine]:
    """Boots; afterwards it is killed. With `log` every write to the card is also written there."""
    console.unlink(missing_ok=True)
    clock = OWN_CLOCK if own_clock else OUR_CLOCK
    process = subprocess.Popen([*_command(card, arguments, console, log), *clock], stdin=subprocess.DEVNULL)
    try:
        yield Machine(process, console)
    finally:
        process.kill()
        process.wait()


def _command(card: Card, arguments: str, console: Path, log: Path | None) -> list[str]:
    said = f"console=ttyAMA0 ro panic=-1 systemd.show_status=0 {arguments}"
    parts = [
        *ENDS_WITH_US,
        *(PROGRAM, "-M", "virt", "-cpu", "cortex-a53", "-m", "768"),
        *("-kernel", card.kernel, "-initrd", card.initrd, "-append", said),
        *("-blockdev", f"driver=file,filename={card.disk},node-name=card-file"),
        *("-blockdev", _logged(log)),
        *("-device", "virtio-blk-pci,drive=card,discard=off"),
        *("-drive", f"file={card.mock},format=raw,if=none,id=mock", "-device", "virtio-blk-pci,drive=mock"),
        *("-nic", "user,model=virtio-net-pci"),
        *("-serial", f"file:{console}", "-display", "none", "-monitor", "none", "-no-reboot"),
    ]
    return [str(part) for part in parts]


def _logged(log: Path | None) -> str:
    if log is None:
        return "driver=raw,file=card-file,node-name=card"
    log.write_bytes(b"")
    return (
        "driver=blklogwrites,node-name=card,log-sector-size=512,"
        f"file=card-file,log.driver=file,log.filename={log}"
    )


def has_qemu() -> bool:
    return shutil.which(PROGRAM) is not None
