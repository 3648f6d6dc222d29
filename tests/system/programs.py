"""The real programs of one box: where they live, how each is started, which of them run, that none is left.

`Run` is `evse-bridge run --mock` for a test with an event loop, `BlockingRun` for one without.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

EVSE_BRIDGE = [sys.executable, "-I", "-m", "bridge.cli.main"]
SAFE_OUTPUTS = "hal.safety.safe_outputs"  # it reads no file and writes none
MODULES = {
    "hal.mock": "mock", "hal.safety": "safety", "hal.instruments": "instruments", "bridge": "bridge",
    SAFE_OUTPUTS: "safe_outputs", "hal.safety.bolt": "bolt",
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


class Programs:
    """The three folders of one box, and whatever runs in them."""

    def __init__(self, folder: Path) -> None:
        self.config, self.state, self.runtime = folder / "c", folder / "d", folder / "r"

    @classmethod
    def in_one(cls, folder: Path) -> Self:
        """The three folders are one: for a program that shares them with nobody."""
        made = cls(folder)
        made.config = made.state = made.runtime = folder
        return made

    @property
    def arguments(self) -> list[str]:
        """The three folders, for any program."""
        folders = {"--config-dir": self.config, "--state-dir": self.state, "--runtime-dir": self.runtime}
        return [text for option, folder in folders.items() for text in (option, str(folder))]

    def program(self, module: str, *options: str) -> list[str]:
        """The command line of one of them, alone."""
        folders = self.arguments if module != SAFE_OUTPUTS else ["--runtime-dir", str(self.runtime)]
        return [sys.executable, "-I", "-m", module, *folders, *options]

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

    def _programs(self) -> Iterator[tuple[str | None, int]]:
        for folder in Path("/proc").glob("[0-9]*"):
            words = command_line(folder)
            if str(self.runtime) in words and "-m" in words:
                yield MODULES.get(words[words.index("-m") + 1]), int(folder.name)


class Run(Programs):
    """One `run --mock`; may be started again after its end."""

    def __init__(self, folder: Path, environment: Mapping[str, str] = {}) -> None:
        """`environment`: more of it for all programs of the box."""
        super().__init__(folder)
        self._environment = {**os.environ, **environment}
        self.said: list[Said] = []
        self._living: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

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

    async def _read(self, living: asyncio.subprocess.Process) -> None:
        assert living.stdout is not None
        while line := await living.stdout.readline():
            if line != b"filler\n":
                self.said.append(Said(time.monotonic(), line.decode(errors="replace").rstrip("\n")))


class BlockingRun(Programs):
    """One `run`, for a test that blocks. Its output is in a file."""

    main: subprocess.Popen[bytes]

    def __init__(self, folder: Path, before: Sequence[str] = ()) -> None:
        """`before`: what stands before its command, for a mount of its own."""
        super().__init__(folder)
        self._before = before
        self._log = folder / "log"

    def start(self, *options: str) -> None:
        """Returns at once."""
        command = [*self._before, *EVSE_BRIDGE, "run", *options, *self.arguments]
        with self._log.open("wb") as log:
            self.main = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def lines(self) -> list[str]:
        """All that was said."""
        return self._log.read_text(errors="replace").splitlines()

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Raises AssertionError with all that was said."""
        deadline_s = time.monotonic() + END_S
        while not holds():
            assert time.monotonic() < deadline_s, f"not in {END_S} s: {what}\n" + "\n".join(self.lines)
            time.sleep(0.05)

    def until_all_run(self) -> dict[str, int]:
        """Their pids."""
        self.until(lambda: sorted(self.pids()) == NAMES, "all four run")
        return self.pids()

    def end(self) -> int:
        """SIGTERM, unless it has ended; the exit code. Whatever happens, `run` itself is gone."""
        try:
            self.main.terminate()
            return self.main.wait(END_S)
        finally:
            self.main.kill()
            self.main.wait()


def started_at_s(pid: int) -> float:
    """When the process was made, on CLOCK_MONOTONIC, to 10 ms."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])  # proc(5): starttime
    asleep_s = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
    return ticks / os.sysconf("SC_CLK_TCK") - asleep_s


def _end_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def command_line(folder: Path) -> list[str]:
    """Of a process, by its folder in /proc."""
    try:
        return (folder / "cmdline").read_bytes().decode().split("\0")
    except OSError:  # it has just ended
        return []
