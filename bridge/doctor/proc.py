"""What the kernel reports about the programs of a box: which run, and where they are connected."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bridge.doctor.programs import Running

MODULES = {"hal.mock": "mock", "hal.safety": "safety", "hal.instruments": "instruments", "bridge": "bridge"}
_ESTABLISHED = "01"  # include/net/tcp_states.h


def running_programs(runtime_dir: Path, proc: Path = Path("/proc")) -> dict[str, Running]:
    """Finds by name those that were started for this runtime folder."""
    found = {}
    for folder in proc.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if "-m" in words and str(runtime_dir) in words:
                name = MODULES.get(words[words.index("-m") + 1])
                if name is not None:
                    found[name] = Running(int(folder.name), folder.stat().st_uid, _age_s(folder))
    return found


def _age_s(folder: Path) -> float:
    ticks = int((folder / "stat").read_text().rpartition(")")[2].split()[19])  # proc(5): starttime
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def connections(uid: int, remotes: Mapping[str, int], net: Path = Path("/proc/net")) -> frozenset[str]:
    """Returns that user's TCP connections to one of `remotes` (address -> port), by their own ends."""
    wanted = set(remotes.items())
    rows = [row for name in ("tcp", "tcp6") for row in _rows(net / name)]
    return frozenset(
        row[1]
        for row in rows
        if row[3] == _ESTABLISHED and int(row[7]) == uid and _endpoint(row[2]) in wanted
    )


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        lines = path.read_text().splitlines()[1:]
    except OSError:  # a kernel without IPv6
        return
    yield from (line.split() for line in lines)


def _endpoint(text: str) -> tuple[str, int]:
    """Turns `0100007F:1F90` into ("127.0.0.1", 8080): words in the machine's byte order, the port in hex."""
    address, _, port = text.partition(":")
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words)), int(port, 16)
