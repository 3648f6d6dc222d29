"""Runs in the guest, with the image's own Python: reports how it booted, then does what the host asked for.

Only the standard library. Each line that begins with `evse-test: ` is for the host. The kernel's command line
has the mode, `evse.test=MODE`: one of MODES.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

CARD = "0004AABBCC"
MOCK = "/run/evse-bridge/mock.sock"
SLOTS = Path("/var/lib/evse-bridge/slots")
DATABASE = "/var/lib/evse-bridge/bridge/bridge.sqlite"
UPDATE_LABEL = "evse-update"
UPDATE = Path("/run/evse-test/update")  # the second version's bundle
PROGRAMS = ("evse-safety", "evse-instruments", "evse-bridge")
SERVICES = (*PROGRAMS, "evse-local")
ROOTS = ("evse-update-boot", "evse-update")  # root's programs for updates
SETTLE = (
    "/usr/lib/evse-bridge/application/bin/python",
    "-I",
    "-m",
    "deploy.slots",
    "boot",
)  # as the unit has it
PATIENCE_S = 600.0  # of the guest's own clock
ENOUGH_WH = 100
CONSOLE = threading.Lock()


def report(what: str, **more: Any) -> None:
    with CONSOLE, Path("/dev/console").open("w") as console:
        console.write("\nevse-test: " + json.dumps({"what": what, "up_s": time.monotonic(), **more}) + "\n")


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def until(holds: Callable[[], Any], what: str) -> Any:
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


def states(*units: str) -> dict[str, str]:
    return dict(zip(units, output("systemctl", "is-active", *units).splitlines(), strict=False))


def mount_of(path: str) -> str:
    return " ".join(output("findmnt", "--noheadings", "--output", "FSTYPE,OPTIONS", path).split())


def as_booted() -> dict[str, Any]:
    """What a good boot is judged by."""
    return on_disk() | {
        "services": states(*SERVICES),
        "failed": output("systemctl", "--failed", "--no-legend", "--plain"),
        "ssh": output("systemctl", "is-active", "ssh.service"),
    }


def on_disk() -> dict[str, Any]:
    """The part of it that needs no systemd."""
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
        "swaps": Path("/proc/swaps").read_text().splitlines()[1:],
    }


def slowest() -> dict[str, Any]:
    """Where the time of the boot went."""
    units = (*SERVICES, *ROOTS, "evse-mock", "evse-image-first-boot", "systemd-udevd")
    show = ("systemctl", "show", "--property=CPUUsageNSec", "--value")
    cpu = dict(zip(units, output(*show, *(f"{unit}.service" for unit in units)).split("\n\n"), strict=False))
    return {
        "boot": output("systemd-analyze", "time"),
        "blame": output("systemd-analyze", "blame").splitlines()[:25],
        "chain": output("systemd-analyze", "critical-chain", "evse-bridge.service").splitlines(),
        "cpu_ns": cpu,
    }


def digest(folder: Path) -> str:
    """Of all files of a version: their names, contents, and where its links lead."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found.update(f"{name} -> {path.readlink()}\n".encode())
        elif path.is_file():
            found.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def running_versions() -> list[str]:
    """Of which slot each program has its libraries open."""
    found = set()
    for unit in PROGRAMS:
        pid = output("systemctl", "show", "--property=MainPID", "--value", f"{unit}.service") or "0"
        maps = Path(f"/proc/{pid}/maps")
        found |= set(re.findall(rf"{SLOTS}/([^/]+)/", maps.read_text() if maps.exists() else ""))
    return sorted(found)


def stored() -> dict[str, Any]:
    """What the bridge's database holds, and whether it is whole. Of a copy: to open it would write beside it,
    and a bridge that runs keeps it to itself."""
    for name in (DATABASE, f"{DATABASE}-wal"):
        if Path(name).exists():
            shutil.copy(name, "/run/evse-test")
    with sqlite3.connect(f"/run/evse-test/{Path(DATABASE).name}") as database:
        [[whole]] = database.execute("PRAGMA integrity_check")
        counts = {
            table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("transactions", "outbox", "set_aside")
        }
    return {"whole": whole, **counts}


def after_an_update() -> dict[str, Any]:
    """Of the version that counts: whether it is whole, what runs, what is stored."""
    return {
        "digest": digest(SLOTS / (SLOTS / "current").readlink()),
        "running": running_versions(),
        "stored": stored(),
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
    model = Path("/proc/device-tree/model")
    return {
        "line": (line.stdout or line.stderr[-200:]).strip(),
        "spi": sorted(path.name for path in Path("/dev").glob("spidev*")),
        "pwm": sorted(path.name for path in Path("/sys/class/pwm").glob("pwmchip*")),
        "uart": Path("/dev/ttyAMA0").exists(),
        "watchdog": identity.read_text().strip() if identity.exists() else None,
        "model": model.read_text() if model.exists() else None,
    }


def machine_checks() -> dict[str, str]:
    """What doctor says of the machine, by the name of the check."""
    said = json.loads(output("evse-bridge", "doctor", "--json") or "{}")
    return {
        check["id"]: f"{check['result']}: {check['measured']}"
        for check in said.get("checks", [])
        if check["id"].startswith("machine.")
    }


def mock(**request: str) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(MOCK)
        door.sendall(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = json.loads(door.makefile().readline())
    return answer


def begin_to_charge() -> None:
    began_wh = mock(do="state")["register_wh"]
    mock(do="plug-in")
    time.sleep(3)
    mock(do="swipe", tag=CARD)
    until(lambda: mock(do="state")["register_wh"] > began_wh + ENOUGH_WH, "energy")
    report("charging", **counted())


def end_charging() -> None:
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


def all_services() -> None:
    until(lambda: set(states(*SERVICES).values()) == {"active"}, "all services")
    until(lambda: output("systemctl", "is-system-running") in ("running", "degraded"), "a system that runs")


def booted(**more: Any) -> None:
    report("booted", **as_booted(), **counted(), **more)


def first() -> None:
    """In systemd's place: the first boot has ended."""
    report("booted", **on_disk())


def boot() -> None:
    all_services()
    booted()
    report("slowest", **slowest())


def board() -> None:
    all_services()
    booted()
    report("hardware", **hardware())


def sessions() -> None:
    all_services()
    booted()
    threading.Thread(target=tick, daemon=True).start()
    until(no_car, "no car")  # one that a power cut left behind
    while True:
        begin_to_charge()
        time.sleep(8)
        end_charging()
        time.sleep(3)


def tick() -> None:
    """Lets the host know the guest's time."""
    while True:
        time.sleep(1)
        report("tick")


def update() -> None:
    """A session whose end is not delivered, then a new version by the owner's command."""
    all_services()
    booted()
    begin_to_charge()
    until(is_cut_off, "a Central System that is gone")
    end_charging()
    time.sleep(5)
    [archive] = bundle().glob("*.tar.xz")
    report("update", stored=stored(), **counted())
    command = ("evse-bridge", "update", str(archive))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout is not None
        said = []
        for line in running.stdout:
            said.append(line.strip())
            report("update says", line=line.strip())
    report("updated", code=running.returncode, said=said)
    os.sync()
    report("at rest", **after_an_update())


def is_cut_off() -> bool:
    """Says whether the Central System of our configuration refuses connections."""
    text = Path("/etc/evse-bridge/charge-point.toml").read_text()
    found = re.search(r'url = "ws://([^:/]+):(\d+)', text)
    assert found is not None
    try:
        socket.create_connection((found[1], int(found[2])), timeout=5).close()
    except OSError:
        return True
    return False


def bundle() -> Path:
    """Mounts the disk that has it."""
    UPDATE.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "ro", f"/dev/disk/by-label/{UPDATE_LABEL}", UPDATE], check=True)
    return UPDATE


def slots() -> None:
    """In systemd's place, after a cut in an update: what a boot does before our services."""
    settled = subprocess.run(SETTLE, capture_output=True, text=True, check=False)
    report("booted", **on_disk(), **after_an_update(), settled=settled.stderr[-500:])


def settled() -> None:
    """After a cut in an update, to the end of a trial that the boot begins."""
    all_services()
    until(lambda: is_settled() and set(states(*SERVICES).values()) == {"active"}, "the end of an update")
    booted(**after_an_update())


def is_settled() -> bool:
    state = states("evse-update.service")["evse-update.service"]
    return state == "inactive" and not (SLOTS / "trial.json").exists()


def owner() -> None:
    """With the owner's files on the boot partition, and a Wi-Fi in the air: of the kernel's simulator."""
    until(lambda: Path("/var/lib/evse-image/first-boot.done").exists(), "the first boot's end")
    subprocess.run(["modprobe", "mac80211_hwsim", "radios=2"], check=False)
    access_point = ("wpa_supplicant", "-B", "-c", "/run/evse-test/access-point.conf", "-i", "wlan1")
    subprocess.run(access_point, check=False)
    done = Path("/var/lib/evse-image/answers.done")
    until(lambda: done.exists() or is_failed("evse-image-answers"), "the answers")
    until(lambda: states("ssh.service")["ssh.service"] == "active", "ssh")
    until(lambda: carrier("wlan0"), "Wi-Fi")
    point = Path("/etc/evse-bridge/charge-point.toml")
    report(
        "owner",
        name=socket.gethostname(),
        answers=states("evse-image-answers.service")["evse-image-answers.service"],
        answers_said=output("journalctl", "-b", "-u", "evse-image-answers", "-o", "cat")[-1500:],
        files=sorted(path.name for path in Path("/etc/evse-bridge").iterdir()),
        point=point.read_text() if point.exists() else "",
        wifi=output("journalctl", "-b", "-u", "evse-image-wifi", "-o", "cat")[-800:],
        failed=output("systemctl", "--failed", "--no-legend", "--plain"),
        screen=screen(),
        mdns=output("resolvectl", "mdns"),
        doctor=machine_checks(),
    )


def screen() -> str:
    """What stands on a terminal before any login."""
    ours, theirs = os.openpty()
    subprocess.run(("agetty", "--show-issue"), stdin=theirs, stdout=theirs, stderr=theirs, check=False)
    os.close(theirs)
    return os.read(ours, 4096).decode(errors="replace")


def is_failed(unit: str) -> bool:
    return states(f"{unit}.service")[f"{unit}.service"] == "failed"


def carrier(interface: str) -> bool:
    try:
        return Path(f"/sys/class/net/{interface}/carrier").read_text().strip() == "1"
    except OSError:
        return False


MODES = {
    function.__name__: function for function in (first, boot, board, sessions, update, slots, settled, owner)
}


def main() -> None:
    mode = re.search(r"evse\.test=(\S+)", Path("/proc/cmdline").read_text())
    report("began")
    try:
        MODES[mode[1] if mode else "boot"]()
    except Exception:
        report("late", why=traceback.format_exc())
        raise


if __name__ == "__main__":
    main()
