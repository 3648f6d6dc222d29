"""One program that is kept running, as systemd would."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bridge.run.watchdog import Watch, Watchdog

RESTART_S = 1.0  # RestartSec of the units
LONGEST_RESTART_S = 30.0  # a program that lacks something says so twice a minute, and no oftener
SETTLED_S = 10.0  # one that ran so long had started; the next wait is the shortest again
DRAIN_S = 1.0  # for the last lines of a program that has ended
LINE_LIMIT = 65_536  # bytes; a longer line is shown in pieces

_OURS_ALONE = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)

Say = Callable[[str, str], None]  # who, what


@dataclass(frozen=True, slots=True)
class Program:
    """What to start, how long it may take to end by itself after SIGTERM, and its watchdog if it has one."""

    name: str
    command: Sequence[str]
    patience_s: float
    watch: Watch | None = None


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One program, started again when it exits by itself: after 1 s, and later each time that it ended with a
    failure before it had settled."""

    def __init__(
        self, program: Program, say: Say, after: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Carries out `after` at once after every exit but a `kill`."""
        self._program = program
        self._say = say
        self._after = after
        self._wanted = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._living: asyncio.subprocess.Process | None = None
        self._power_lost = False
        self._asked = asyncio.Event()  # somebody wants it now, whatever is left of a pause

    def start(self) -> None:
        """Starts it: from now on it is wanted."""
        self._power_lost = False
        self._wanted.set()
        self._asked.set()

    async def keep(self) -> None:
        """Keeps the child alive; runs until it is cancelled."""
        now_s = asyncio.get_running_loop().time
        pause_s = RESTART_S
        while True:
            await self._wanted.wait()
            if self._asked.is_set():
                self._asked.clear()
                pause_s = RESTART_S
            self._idle.clear()
            began_s = now_s()
            code = 1
            try:
                code = await self._live()
                end = _ended(code)
            except OSError as error:  # no such file while the programs are replaced, no memory ...
                end = f"cannot be started: {error}"
            finally:
                self._idle.set()
            if code < 0 or now_s() - began_s >= SETTLED_S:  # it had started; a signal ended it
                pause_s = RESTART_S
            if self._wanted.is_set():
                self._say("run", f"{self._program.name} {end}; again in {pause_s:g} s")
                await self._pause(pause_s)
                pause_s = min(2 * pause_s, LONGEST_RESTART_S)

    async def _pause(self, pause_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._asked.wait()

    @property
    def lives(self) -> bool:
        """Says whether the process runs now."""
        return self._living is not None

    async def stop(self) -> None:
        """Ends it by SIGTERM, else by SIGKILL. Returns when all is over."""
        self._wanted.clear()
        self._signal(signal.SIGTERM)
        if not await self._ends_within(self._program.patience_s):
            self._say("run", f"{self._program.name} did not end in {self._program.patience_s:g} s: killed")
            self._signal(signal.SIGKILL)
            await self._idle.wait()

    async def kill(self) -> None:
        """Kills it like a power cut: nothing is done after it."""
        self._power_lost = True
        self._wanted.clear()
        self._signal(signal.SIGKILL)
        await self._idle.wait()

    async def _ends_within(self, limit_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._idle.wait()
        return self._idle.is_set()

    def _signal(self, number: signal.Signals) -> None:
        if self._living is not None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                self._living.send_signal(number)

    async def _live(self) -> int:
        """Raises OSError when it cannot be started."""
        watch = self._program.watch
        if watch is None:
            return await self._until_over(await started(self._program.command))
        with contextlib.closing(Watchdog(watch)) as watchdog:
            living = await started(self._program.command, watch.environment)
            watching = asyncio.create_task(self._watched(watchdog))
            try:
                return await self._until_over(living)
            finally:
                watching.cancel()

    async def _until_over(self, living: asyncio.subprocess.Process) -> int:
        self._living = living
        if not self._wanted.is_set():  # stopped while it was being started
            self._signal(signal.SIGKILL if self._power_lost else signal.SIGTERM)
        shown = asyncio.create_task(show(living, self._program.name, self._say))
        try:
            code = await living.wait()
        finally:
            self._living = None
        if self._after is not None and not self._power_lost:
            await self._after()
        await asyncio.wait([shown], timeout=DRAIN_S)
        shown.cancel()
        return code

    async def _watched(self, watchdog: Watchdog) -> None:
        await watchdog.silence()
        self._say("run", f"{self._program.name} no longer feeds its watchdog: killed")
        self._signal(signal.SIGKILL)


async def started(command: Sequence[str], more: Mapping[str, str] = {}) -> asyncio.subprocess.Process:
    """Starts it in its own session, so that Ctrl-C reaches only `run`; it dies with `run`. `more`: of the
    environment. A socket of systemd's, if we have one, is not handed on. Raises OSError.

    The pipe is ours: with asyncio's own, `wait` may wait for everyone who holds the output, and a process
    that `hal.safety` left behind holds it while its disk hangs.
    """
    ours = {name: value for name, value in os.environ.items() if name not in _OURS_ALONE}
    reading_end, writing_end = os.pipe()
    try:
        output = await _read(reading_end)
        living = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing_end,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
            env={**ours, **more},
        )
    finally:
        os.close(writing_end)  # the last one closed ends the other end, too
    living.stdout = output
    return living


async def _read(pipe: int) -> asyncio.StreamReader:
    """Reads until the last who holds its other end has closed it."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", buffering=0)
    )
    return reader


async def show(living: asyncio.subprocess.Process, name: str, say: Say) -> None:
    """Shows every line it writes, under its name."""
    assert living.stdout is not None
    rest = b""
    while received := await living.stdout.read(LINE_LIMIT):
        *lines, rest = (rest + received).split(b"\n")
        if len(rest) > LINE_LIMIT:
            lines, rest = [*lines, rest], b""
        for line in lines:
            say(name, line.decode(errors="replace"))
    if rest:
        say(name, rest.decode(errors="replace"))


def _ended(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
