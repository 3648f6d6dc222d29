"""The serial ports of this machine: which there are, who uses them, and which meter answers."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from bridge.doctor.look import serial_ports
from bridge.folders import CommandError
from hal.found_meters import PortHeard


def there(dev: Path = Path("/dev")) -> list[str]:
    """Lists each port once, by the name that stays when another is plugged in."""
    found: dict[Path, str] = {}
    for port in serial_ports(dev):  # by-id first
        found.setdefault(Path(port).resolve(), port)
    return list(found.values())


def user_of(port: str, proc: Path = Path("/proc")) -> str:
    """Says which other program has the port open; empty: none that we can see."""
    try:
        device = Path(port).stat()
    except OSError:
        return ""
    ours = str(os.getpid())
    others = (pid for pid in proc.glob("[0-9]*") if pid.name != ours)
    for link in (link for pid in others for link in pid.glob("fd/*")):
        with contextlib.suppress(OSError):  # it has just ended, or is another user's
            if os.path.samestat(link.stat(), device):
                pid = link.parent.parent
                return f"{(pid / 'comm').read_text(errors='replace').strip()} (pid {pid.name})"
    return ""


def heard(ports: Sequence[str]) -> Iterator[PortHeard]:
    """Yields who answers at each port, as soon as it is known. Raises CommandError when the search breaks."""
    if not ports:
        return
    command = [sys.executable, "-I", "-m", "hal.instruments.find", *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as search:
        assert search.stdout is not None
        for line in search.stdout:
            yield msgspec.json.decode(line, type=PortHeard)
        assert search.stderr is not None
        if search.wait():
            said = search.stderr.read().decode(errors="replace")
            raise CommandError(f"the search for the meter failed: {said[-200:]}")


def line_of(found: PortHeard) -> list[str]:
    """Writes what a person reads about one port."""
    lines = [f"{found.port}: {found.heard}"] if found.heard else []
    for meter in found.meters:
        at = f"unit {meter.unit}, {meter.baud} baud, 8{meter.parity}{meter.stop_bits}"
        what = f"answers as {', '.join(meter.models)} ({meter.shows})" if meter.models else "answers"
        lines.append(f"{found.port}: {at} {what}")
    return lines
