"""The programs of one box together: their order, their restarts, power and resets, as systemd and the mains
do it on a real one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bridge.folders import CommandError, Folders
from bridge.local import settings
from bridge.run import bolt
from bridge.run.child import Child, Program, show, started
from bridge.run.watchdog import Watch
from hal.configuration.file import ConfigError
from hal.contract import BOOT_ID_FILE, MOCK_SOCKET_NAME, POWER_FILE, STATE_LOCK_NAME

LOOK_S = 0.05  # how often the files of the programs are looked at
MOCK_READY_S = 30.0
BRIDGE_ENDS_S = 15.0  # after it asked for a reset: up to 10 s for the answer to its StopTransaction

RESET_FILE = "reset"
LOCAL_FOLDER = "local"  # of the state; the others share one
WATCHDOG_FILE = "watchdog-"  # and the name of the program
SAFE_OUTPUTS_S = 10.0  # it takes 0.1 s, on a Pi some seconds; what hangs must not keep hal.safety away

# Who makes the outputs safe must not stand still: Ctrl-Z, and a write from the background.
_TERMINAL_STOPS = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
_PYTHON = (sys.executable, "-I", "-u", "-m")
OF_ONE_BOOT = (BOOT_ID_FILE, RESET_FILE, POWER_FILE, "safe-outputs.json", MOCK_SOCKET_NAME)


class Programs:
    """All programs: mock (if it is one), safety, instruments, bridge, local; started in this order, ended in
    the opposite one."""

    def __init__(self, folders: Folders, write: Callable[[str], None]) -> None:
        """Shows lines by `write`, which never waits for a reader."""
        self._folders = folders
        self._write = write
        self._ending = asyncio.Event()
        self._reboot_asked = False
        self._reset_seen_at_s: float | None = None
        self._power: tuple[int, str] | None = None  # the file's inode and word
        safety_command = [*self._command("hal.safety"), "--safe-outputs-after"]  # see _safe_outputs
        safety = Program("safety", safety_command, 10.0, self._watch("safety", 1.0))  # 6 s: a car leaves C
        instruments = Program(
            "instruments", self._command("hal.instruments"), 5.0, self._watch("instruments", 30.0)
        )
        bridge = Program("bridge", self._command("bridge"), 15.0, self._watch("bridge", 30.0))
        own = replace(folders, state=folders.state / LOCAL_FOLDER)
        local = Program("local", [*_PYTHON, "bridge.local", *own.arguments], 8.0)
        self._mock = Child(Program("mock", self._mock_command(), 5.0), self.say)
        self._safety = Child(safety, self.say, after=self._safe_outputs)
        self._instruments = Child(instruments, self.say)
        self._bridge = Child(bridge, self.say)
        self._local = Child(local, self.say)

    def _command(self, module: str) -> list[str]:
        return [*_PYTHON, module, *self._folders.arguments]

    def _watch(self, name: str, silence_s: float) -> Watch:
        """Watches with the WatchdogSec of its unit."""
        return Watch(self._path(f"{WATCHDOG_FILE}{name}"), silence_s)

    def _mock_command(self) -> list[str]:
        """Returns the mock's command, without `--mock`: it is nothing else, and runs for a mock box only."""
        return [*_PYTHON, "hal.mock", *replace(self._folders, mock=False).arguments]

    def say(self, who: str, what: str) -> None:
        """Writes one line, and does not wait for a reader."""
        self._write(f"{'MOCK ' * self._folders.mock}{who:<11} | {what}")

    async def live(self) -> bool:
        """Runs until SIGTERM, SIGINT or SIGHUP; all have ended then. True: the Pi is to be rebooted.

        Raises CommandError when the mock wallbox does not come up.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup
                asyncio.get_running_loop().add_signal_handler(number, self._ending.set)
        for number in _TERMINAL_STOPS:
            signal.signal(number, signal.SIG_IGN)
        self._lose_bolt()
        for name in OF_ONE_BOOT:
            self._path(name).unlink(missing_ok=True)
        keeping = [
            asyncio.create_task(child.keep())
            for child in (self._mock, self._safety, self._instruments, self._bridge, self._local)
        ]
        try:
            await self._start_world()
            while not self._ending.is_set():
                await self._follow_power()
                await self._follow_reset()
                await self._pause(LOOK_S)
        finally:
            await self._stop_all()
            for task in keeping:
                task.cancel()
        return self._reboot_asked

    def _path(self, name: str) -> Path:
        return self._folders.runtime / name

    async def _pause(self, pause_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._ending.wait()

    async def _start_world(self) -> None:
        if self._folders.mock:
            self._mock.start()
            await self._mock_ready()
            self._power = self._power_now()
        self._boot()

    async def _mock_ready(self) -> None:
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + MOCK_READY_S
        while not self._path(MOCK_SOCKET_NAME).exists() and not self._ending.is_set():
            if loop.time() > deadline_s:
                raise CommandError(
                    f"the mock wallbox did not come up in {MOCK_READY_S:g} s; its lines above say why"
                )
            await self._pause(LOOK_S)

    def _boot(self) -> None:
        """Starts all programs of the Pi; a simulated Pi has a boot id of its own."""
        if self._folders.mock:
            unfinished = self._path(f"{BOOT_ID_FILE}.new")
            unfinished.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
            unfinished.replace(self._path(BOOT_ID_FILE))
        for child in (self._safety, self._instruments, self._bridge):
            child.start()
        if self._has_page():
            self._local.start()

    def _has_page(self) -> bool:
        """Says whether the owner wants anything of that program; it says itself what is wrong in its file."""
        try:
            return not settings.load(self._folders.config / settings.FILE_NAME).idle
        except ConfigError:
            return True

    async def _stop_all(self) -> None:
        for child in (self._local, self._bridge, self._instruments, self._safety):
            await child.stop()
        self._lose_bolt()
        await self._mock.stop()

    def _lose_bolt(self) -> None:
        """Ends the holder with a simulated Pi; a real one goes on holding a plug that may be live."""
        if self._folders.mock:
            bolt.kill(self._folders.runtime)

    async def _safe_outputs(self) -> None:
        """Runs ExecStopPost of `hal.safety`: a Pi's kernel keeps its outputs."""
        arguments = ["-m", "hal.safety.safe_outputs", "--runtime-dir", str(self._folders.runtime)]
        try:
            living = await started([sys.executable, "-I", "-u", *arguments])
        except OSError as error:
            self.say("run", f"safe_outputs FAILED: {error}: the contactor may still be closed")
            return
        try:
            async with asyncio.timeout(SAFE_OUTPUTS_S):
                await show(living, "safety", self.say)
                code = await living.wait()
        except TimeoutError:
            living.kill()
            code = await living.wait()
        if code:
            self.say("run", f"safe_outputs FAILED with {code}: the contactor may still be closed")

    def _power_now(self) -> tuple[int, str] | None:
        """Reads the mains; a new inode means they changed, even if back already. None: a real box."""
        try:
            with self._path(POWER_FILE).open(encoding="ascii") as file:
                return os.fstat(file.fileno()).st_ino, file.read().strip()
        except FileNotFoundError:
            return None

    async def _follow_power(self) -> None:
        power = self._power_now()
        if power is None or power == self._power:
            return
        self._power = power
        self.say("run", f"the power is {power[1]}")
        of_pi = (self._safety, self._instruments, self._bridge, self._local)
        await asyncio.gather(*(child.kill() for child in of_pi))
        self._lose_bolt()
        for name in (RESET_FILE, STATE_LOCK_NAME):  # the runtime folder of a Pi does not outlive its power
            self._path(name).unlink(missing_ok=True)
        if power[1] == "on":
            self._boot()

    async def _follow_reset(self) -> None:
        """Carries out what the bridge asks for and then exits: soft, hard or reboot."""
        path, now_s = self._path(RESET_FILE), asyncio.get_running_loop().time()
        if not path.exists():
            self._reset_seen_at_s = None
            return
        self._reset_seen_at_s = self._reset_seen_at_s or now_s
        if self._bridge.lives and now_s - self._reset_seen_at_s < BRIDGE_ENDS_S:
            return
        kind = path.read_text(encoding="ascii", errors="replace").strip()
        path.unlink()
        self.say("run", f"reset: {kind}")
        await self._bridge.stop()
        if kind == "soft":
            self._bridge.start()
            return
        await self._instruments.stop()
        await self._safety.stop()
        if kind == "reboot" and not self._folders.mock:
            self._reboot_asked = True
            self._ending.set()
        elif kind == "reboot":
            self._boot()
        else:
            for child in (self._safety, self._instruments, self._bridge):
                child.start()
