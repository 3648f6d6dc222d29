"""What floods of the local sockets cost, and that the owner gets in: `python -m tests.bench.floods`.

A mock box; at each of the three sockets a crowd that says nothing, half a line, great depth or garbage, and
stays. Meanwhile the owner asks once. Exit code 1 when he gets no answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from pathlib import Path

from bridge.local import orders
from hal.contract import MOCK_SOCKET_NAME, SOCKET_NAME, Hello, encode
from tests.bench.memory import pss_kib
from tests.system.world import World, world

CROWD = 200
PATIENCE_S = 30.0
SAID = {
    "silence": b"",
    "half a line": b'{"do": "ready", "order": ' + b"1" * 60_000,
    "depth": b"[" * 65_000 + b"\n",
    "garbage": b"\x00\xff\n" * 20_000,
}
ASKED = {
    SOCKET_NAME: encode(Hello(role="observer")),
    orders.SOCKET_NAME: orders.encode(orders.ListSessions(0)),
    MOCK_SOCKET_NAME: b'{"do": "state"}\n',
}


async def answered(path: Path, asked: bytes) -> bool:
    """The owner comes, asks and hears a line."""
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(asked)
            line = await reader.readline()
            writer.close()
            return line.endswith(b"\n")
    return False


def crowd(path: Path, said: bytes) -> list[socket.socket]:
    """All who get a place; none waits for an answer."""
    those = []
    for _ in range(CROWD):
        one = socket.socket(socket.AF_UNIX)
        one.setblocking(False)
        with contextlib.suppress(OSError):
            one.connect(str(path))
            one.send(said)
        those.append(one)
    return those


async def flooded(box: World) -> int:
    """Prints a line for each flood; returns how often the owner got no answer."""
    print(f"{'before':<28} {shown(box)}", flush=True)
    missed = 0
    for name, asked in ASKED.items():
        for kind, said in SAID.items():
            those = crowd(box.run.runtime / name, said)
            await asyncio.sleep(1.0)
            heard = await answered(box.run.runtime / name, asked)
            missed += not heard
            verdict = "answered" if heard else "NOT ANSWERED"
            print(f"{name:<14} {kind:<13} {shown(box)}  owner {verdict}", flush=True)
            for one in those:
                one.close()
    return missed


def shown(box: World) -> str:
    """Writes the PSS of each program."""
    return "  ".join(f"{name} {pss_kib(pid) / 1024:.1f} MiB" for name, pid in sorted(box.run.pids().items()))


async def measured() -> int:
    """Starts a box for it."""
    async with world() as box:
        return await flooded(box)


if __name__ == "__main__":
    sys.exit(1 if asyncio.run(measured()) else 0)
