"""Looks at the machine: clock, storage, serial ports, PWM. Nothing is judged, nothing changed."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.doctor.machine import Storage, Watchdog
from bridge.doctor.pi import Devices

_PORTS = ("serial/by-id/*", "ttyUSB*", "ttyACM*", "ttyAMA*", "ttyS[0-9]")


def serial_ports(dev: Path = Path("/dev")) -> list[str]:
    """Lists those that this machine has."""
    return [str(path) for pattern in _PORTS for path in sorted(dev.glob(pattern))]


def storage(folder: Path, sys: Path = Path("/sys")) -> Storage:
    """Describes the medium that holds `folder`."""
    number = folder.stat().st_dev
    partition = (sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}").resolve()
    disk = partition.parent if (partition / "partition").exists() else partition
    steps = _text(disk / "device" / "life_time").split()
    end_of_life = _text(disk / "device" / "pre_eol_info")
    errors = _text(sys / "fs" / "ext4" / partition.name / "errors_count")
    return Storage(
        device=disk.name if disk.exists() else "this file system",
        life_steps=tuple(int(step, 16) for step in steps),
        end_of_life=int(end_of_life, 16) if end_of_life else None,
        errors=int(errors) if errors else None,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def watchdogs(sys: Path = Path("/sys")) -> list[Watchdog]:
    """Lists those of the kernel (Documentation/ABI/testing/sysfs-class-watchdog)."""
    folders = sorted((sys / "class" / "watchdog").glob("watchdog*"))
    return [_watchdog(folder) for folder in folders]


def _watchdog(folder: Path) -> Watchdog:
    timeout = _text(folder / "timeout")
    return Watchdog(folder.name, _text(folder / "state"), int(timeout) if timeout.isdigit() else None)


def panic(proc: Path = Path("/proc")) -> tuple[int, bool] | None:
    """Reads kernel.panic and kernel.panic_on_oops; None: this machine reports none."""
    kernel = proc / "sys" / "kernel"
    try:
        return int(_text(kernel / "panic")), int(_text(kernel / "panic_on_oops")) != 0
    except ValueError:
        return None


def free_space(folder: Path) -> tuple[int, int]:
    """Returns what is free for ordinary users, and all of it, in bytes. Raises OSError."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


def synced_s(folder: Path) -> float:
    """Measures how long a small file takes to be written, synced and removed again. Raises OSError."""
    path, began_s = folder / f".doctor-{os.getpid()}", time.monotonic()
    try:
        with path.open("xb") as file:
            file.write(b"evse-bridge doctor\n")
            file.flush()
            os.fsync(file.fileno())
        return time.monotonic() - began_s
    finally:
        path.unlink(missing_ok=True)


def state_folders(state_dir: Path) -> list[Path]:
    """Returns the folder itself, or under systemd those of the programs in it."""
    own = [state_dir / name for name in ("safety", "instruments", "bridge")]
    return [folder for folder in own if folder.is_dir()] or [state_dir]


@dataclass(frozen=True, slots=True)
class Pwm:
    """An exported channel as sysfs shows it."""

    period_ns: int
    duty_ns: int
    runs: bool


def pwm(chips: Path) -> Pwm | None:
    """Returns the exported channel of 1 kHz, else any; None: there is none to be seen."""
    channels = list(_channels(chips))
    return max(channels, key=lambda channel: (channel.period_ns == 1_000_000, channel.runs), default=None)


def _channels(chips: Path) -> Iterator[Pwm]:
    for folder in sorted(chips.glob("pwmchip*/pwm[0-9]*")):
        with contextlib.suppress(OSError, ValueError):  # withdrawn meanwhile
            period, duty, runs = (
                int((folder / name).read_text()) for name in ("period", "duty_cycle", "enable")
            )
            yield Pwm(period, duty, bool(runs))


def users(root: Path = Path("/")) -> tuple[list[str], dict[str, list[str]]]:
    """Lists the users, and the members of each group, as the files of `root` have them."""
    passwd, group = (_rows(root / "etc" / name) for name in ("passwd", "group"))
    return [row[0] for row in passwd], {row[0]: row[3].split(",") for row in group if len(row) > 3}


def _rows(path: Path) -> list[list[str]]:
    return [line.split(":") for line in _text(path).splitlines() if line]


def header_devices(root: Path = Path("/")) -> Devices:
    """Lists SPI devices and the PWM chips, by the device behind each."""
    spi = [str(path.relative_to(root / "dev")) for path in sorted((root / "dev").glob("spidev0.*"))]
    chips = sorted((root / "sys/class/pwm").glob("pwmchip*"))
    return Devices(spi, [(chip / "device").resolve().name for chip in chips])
