"""`evse-bridge run --mock` as one child: what it says, the pids of its programs, and that nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

EVSE_BRIDGE = [sys.executable, "-I", "-m", "bridge.cli.main"]
MODULES = {
    "hal.mock": "mock", "hal.safety": "safety", "hal.instruments": "instruments", "bridge": "bridge",
    "hal.safety.safe_outputs": "safe_outputs", "hal.safety.bolt": "bolt",
}  # fmt: skip
NAMES = ["bridge", "instruments", "mock", "safety"]
END_S = 60.0  # a busy machine; the patience of `run` with its programs is 35 s together
FILLER = b"filler\n" * (4096 // 7)  # one write to a pipe that is whole or refused
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Said:
    """One line of the output; `at_s` is when it was read here."""

    at_s: float
    text: str


class Run:
    """One `run --mock` in its three folders; may be started again after its end."""

    def __init__(self, folder: Path, environment: Mapping[str, str] = {}) -> None:
        """`environment`: more of it for all programs of the box."""
        self._environment = {**os.environ, **environment}
        self.config, self.state, self.runtime = folder / "c", folder / "d", folder / "r"
        self.said: list[Said] = []
        self._living: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def arguments(self) -> list[str]:
        """The three folders, for any program."""
        folders = {"--config-dir": self.config, "--state-dir": self.state, "--runtime-dir": self.runtime}
        return [text for option, folder in folders.items() for text in (option, str(folder))]

    async def start(self) -> None:
        """Returns at once. It ends when the test's own process dies."""
        self._living = await asyncio.create_subprocess_exec(
            *EVSE_BRIDGE, "run", "--mock", *self.arguments,
            stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, preexec_fn=_end_with_parent,
            env=self._environment,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self._living))

    async def stop_reading(self) -> None:
        """Nobody reads its output until `read_again`, and the pipe is full."""
        assert self._living is not None
        assert self._reading is not None
        self._reading.cancel()
        # A description of our own: ours is non-blocking, its own stays as it is.
        pipe = os.open(f"/proc/{self._living.pid}/fd/1", os.O_WRONLY | os.O_NONBLOCK)
        try:
            refused = 0
            while refused < 10:  # what waits in our own buffers makes room for some more
                try:
                    os.write(pipe, FILLER)
                    refused = 0
                except BlockingIOError:
                    refused += 1
                    await asyncio.sleep(0.02)
        finally:
            os.close(pipe)

    def read_again(self) -> None:
        """After `stop_reading`."""
        assert self._living is not None
        self._reading = asyncio.create_task(self._read(self._living))

    async def end(self) -> int:
        """SIGTERM; the exit code, once every line was read."""
        assert self._living is not None
        assert self._reading is not None
        if self._living.returncode is None:
            self._living.terminate()
        code = await asyncio.wait_for(self._living.wait(), END_S)
        await self._reading
        return code

    async def command(self, *words: str) -> str:
        """Another `evse-bridge` command for the same box: its output. Raises AssertionError when it fails."""
        command = await asyncio.create_subprocess_exec(
            *EVSE_BRIDGE, *words, "--mock", stdin=DEVNULL, stdout=PIPE, stderr=STDOUT,
            env=self._environment,
        )  # fmt: skip
        output, _ = await command.communicate()
        assert command.returncode == 0, output.decode()
        return output.decode()

    @property
    def texts(self) -> list[str]:
        """All that was said."""
        return [line.text for line in self.said]

    def times_said(self, what: str) -> int:
        """How many lines hold it."""
        return sum(what in text for text in self.texts)

    def pids(self) -> dict[str, int]:
        """Of the programs that live in this runtime folder, `run` itself not among them."""
        return {name: pid for name, pid in self._programs() if name}

    def kill(self, *names: str) -> float:
        """SIGKILL, one right after the other; when that was."""
        pids = self.pids()
        killed_at_s = time.monotonic()
        for name in names:
            os.kill(pids[name], signal.SIGKILL)
        return killed_at_s

    def kill_orphans(self) -> list[str]:
        """Whatever still runs in these folders; killed now."""
        orphans = [(name or "run", pid) for name, pid in self._programs()]
        for _, pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return [name for name, _ in orphans]

    async def _read(self, living: asyncio.subprocess.Process) -> None:
        assert living.stdout is not None
        while line := await living.stdout.readline():
            if line != b"filler\n":
                self.said.append(Said(time.monotonic(), line.decode(errors="replace").rstrip("\n")))

    def _programs(self) -> Iterator[tuple[str | None, int]]:
        for folder in Path("/proc").glob("[0-9]*"):
            words = _command_line(folder)
            if str(self.runtime) in words and "-m" in words:
                yield MODULES.get(words[words.index("-m") + 1]), int(folder.name)


def started_at_s(pid: int) -> float:
    """When the process was made, on CLOCK_MONOTONIC, to 10 ms."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])  # proc(5): starttime
    asleep_s = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
    return ticks / os.sysconf("SC_CLK_TCK") - asleep_s


def _end_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _command_line(folder: Path) -> list[str]:
    try:
        return (folder / "cmdline").read_bytes().decode().split("\0")
    except OSError:  # it has just ended
        return []
