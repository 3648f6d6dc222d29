"""Runs in the guest, with the image's own Python: reports how it booted, then charges again and again.

Only the standard library. Each line that begins with `evse-test: ` is for the host.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

CARD = "0004AABBCC"
MOCK = "/run/evse-bridge/mock.sock"
SLOTS = Path("/var/lib/evse-bridge/slots")
SERVICES = ("evse-safety", "evse-instruments", "evse-bridge")
PATIENCE_S = 400.0  # an emulated processor on a busy machine
ENOUGH_WH = 300


def report(what: str, **more: Any) -> None:
    with Path("/dev/console").open("w") as console:
        console.write("\nevse-test: " + json.dumps({"what": what, **more}) + "\n")


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def until(holds: Any, what: str) -> Any:
    give_up_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_s:
        if found := holds():
            return found
        time.sleep(0.5)
    failed = output("systemctl", "--failed", "--no-legend")
    report(
        "late",
        waited_for=what,
        failed=failed,
        journal=output("journalctl", "-b", "-n", "60", "-o", "cat")[-3000:],
    )
    raise SystemExit(1)


def states() -> dict[str, str]:
    lines = output("systemctl", "is-active", *SERVICES).splitlines()
    return dict(zip(SERVICES, lines, strict=False))


def mount_of(path: str) -> str:
    return " ".join(output("findmnt", "--noheadings", "--output", "FSTYPE,OPTIONS", path).split())


def as_booted() -> dict[str, Any]:
    """What a good boot is judged by."""
    size = os.statvfs("/state")
    slots = sorted(path.name for path in SLOTS.iterdir() if path.name != "current") if SLOTS.exists() else []
    return {
        "first_boot_done": Path("/var/lib/evse-image/first-boot.done").exists(),
        "name": socket.gethostname(),
        "state_mib": size.f_blocks * size.f_frsize // 2**20,
        "root": mount_of("/"),
        "etc": mount_of("/etc"),
        "var": mount_of("/var"),
        "current": str((SLOTS / "current").readlink()),
        "slots": slots,
        "services": states(),
        "failed": output("systemctl", "--failed", "--no-legend", "--plain"),
        "ssh": output("systemctl", "is-active", "ssh.service"),
        "swaps": Path("/proc/swaps").read_text().splitlines()[1:],
        "up_s": time.monotonic(),
    }


# Drives a free line and reads it back through the kernel; prints what the chip is called.
_LINE = """
import lgpio
chip = lgpio.gpiochip_open(0)
lgpio.gpio_claim_output(chip, 26, 0)
lgpio.gpio_write(chip, 26, 1)
high = lgpio.gpio_read(chip, 26)
lgpio.gpio_write(chip, 26, 0)
print(lgpio.gpio_get_chip_info(chip)[3], lgpio.gpio_get_chip_info(chip)[1], high, lgpio.gpio_read(chip, 26))
"""


def hardware() -> dict[str, Any]:
    """What the kernel made of the device tree."""
    python = ("/usr/lib/evse-bridge/current/bin/python", "-I", "-c", _LINE)
    line = subprocess.run(python, capture_output=True, text=True, check=False, cwd="/run", timeout=PATIENCE_S)
    identity = Path("/sys/class/watchdog/watchdog0/identity")
    return {
        "line": (line.stdout or line.stderr[-200:]).strip(),
        "spi": sorted(path.name for path in Path("/dev").glob("spidev*")),
        "pwm": sorted(path.name for path in Path("/sys/class/pwm").glob("pwmchip*")),
        "uart": Path("/dev/ttyAMA0").exists(),
        "watchdog": identity.read_text().strip() if identity.exists() else None,
        "model": Path("/proc/device-tree/model").read_text()
        if Path("/proc/device-tree/model").exists()
        else None,
    }


def mock(**request: str) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(MOCK)
        door.sendall(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = json.loads(door.makefile().readline())
    return answer


def charge() -> None:
    """A session from car to car."""
    began_wh = mock(do="state")["register_wh"]
    mock(do="plug-in")
    time.sleep(3)
    mock(do="swipe", tag=CARD)
    until(lambda: mock(do="state")["register_wh"] > began_wh + ENOUGH_WH, "energy")
    report("charging", **counted())
    time.sleep(8)
    mock(do="swipe", tag=CARD)
    until(no_car, "the car's leaving")
    report("left", **counted())


def counted() -> dict[str, Any]:
    """The meter's register, and what the cars got in all."""
    state = mock(do="state")
    return {
        "register_wh": state["register_wh"],
        "received_wh": sum(one["received_wh"] for one in state["ledger"]),
    }


def no_car() -> bool:
    """The lock may hold the plug for a while."""
    if mock(do="state")["plugged"]:
        mock(do="plug-out")
    return not mock(do="state")["plugged"]


def main() -> None:
    mode = re.search(r"evse\.test=(\S+)", Path("/proc/cmdline").read_text())
    report("began", up_s=time.monotonic())
    if mode and mode[1] == "first":
        report("booted", **as_booted())
        return
    until(lambda: set(states().values()) == {"active"}, "all services")
    until(lambda: output("systemctl", "is-system-running") in ("running", "degraded"), "a system that runs")
    report("booted", **as_booted(), **counted())
    if mode and mode[1] == "board":
        report("hardware", **hardware())
    if mode and mode[1] == "sessions":
        # A car that a power cut left behind goes first.
        until(no_car, "no car")
        while True:
            charge()
            time.sleep(3)


if __name__ == "__main__":
    main()
