"""`hal.safety` as a process of its own, on a simulated box that the test itself steps in real time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from hal.configuration import wallbox_file
from hal.contract import SOCKET_NAME, WALLBOX_FILE, Cable, FaultRef, Status
from hal.mock.simulated_box import SimulatedBox
from tests.hal.safety.peers import Peer, hello, of, wish
from tests.system.programs import Programs

CONTACTOR = 17  # of wallbox_file.new_file
_PATIENCE_S = 30.0  # a busy machine


def module(name: str, *options: str) -> list[str]:
    return [sys.executable, "-I", "-m", name, *options]


class SafetyProcess:
    """The box, the process on it and a bridge that wishes 16 A as long as `renewing`."""

    def __init__(
        self, folder: Path, text: str | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """`text` is its wallbox.toml; `environment` comes on top of ours."""
        self.folder = folder
        self._environment = os.environ | (environment or {})
        (folder / WALLBOX_FILE).write_text(text or wallbox_file.new_file(mock=True))
        self.box = SimulatedBox(wallbox_file.load(folder / WALLBOX_FILE, mock=True), folder)
        self.log = (folder / "log").open("a")
        self.renewing = True
        self.limit_a = 16.0
        self.cable: Cable = "auto"
        self.clear_faults: tuple[FaultRef, ...] = ()
        self.each_step: Callable[[], object] = lambda: None
        self.seen: list[Status] = []
        self._bridge: Peer | None = None
        self._wished_at_s = 0.0
        self.start()

    def start(self) -> None:
        """Until it says READY; the bridge is connected then."""
        command = Programs.in_one(self.folder).program("hal.safety", "--mock")
        self.child = subprocess.Popen(command, stderr=self.log, env=self._environment)
        began_s = time.monotonic()
        while not self._connected():
            assert self.child.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() - began_s < _PATIENCE_S
            self.live()

    def live(self) -> None:
        """2 ms of the box and of the bridge."""
        time.sleep(0.002)
        self.box.step()
        self.each_step()
        if self._bridge is None or self._bridge.over:
            return
        now_s = time.monotonic()
        if self.renewing and now_s - self._wished_at_s >= 0.5:
            self._wished_at_s = now_s
            seq, until_s = int(now_s * 1000), now_s + 15
            asked = wish(self.limit_a, seq=seq, valid_until_s=until_s, cable=self.cable)
            self._bridge.say(msgspec.structs.replace(asked, clear_faults=self.clear_faults))
        self.seen += of(Status, self._bridge.heard())

    def until(self, holds: Callable[[], bool]) -> float:
        """Seconds until it holds."""
        began_s = time.monotonic()
        while not holds():
            assert time.monotonic() - began_s < _PATIENCE_S, self.seen[-1:]
            self.live()
        return time.monotonic() - began_s

    def charge(self) -> None:
        """A car comes and takes current."""
        self.box.plant.plug_in()
        self.until(lambda: self.box.plant.current_a[0] > 1)

    def wish_now(self) -> None:
        """Not only at the next renewal."""
        self._wished_at_s = 0.0

    def relay_high(self) -> bool:
        return self.box.line_map.driven_high(CONTACTOR)

    def kill(self) -> None:
        """SIGKILL, and the kernel's part of it."""
        self.child.kill()
        self.child.wait()
        self.until(lambda: self.box.line_map.owner(CONTACTOR) == 0)
        self.forget_bridge()

    def end(self) -> int:
        """SIGTERM; the exit code."""
        self.child.send_signal(signal.SIGTERM)
        self.until(lambda: self.child.poll() is not None)
        return self.child.returncode

    def close(self) -> None:
        """Whatever still runs is killed."""
        self.child.kill()
        self.child.wait()
        self.log.close()
        self.forget_bridge()
        self._wait_for_the_keeper()
        for pid in self.pids("hal.safety.bolt"):
            os.kill(pid, signal.SIGKILL)
        self.box.line_map.close()

    def pids(self, *modules: str) -> list[int]:
        """Of all processes of this box that run one of these modules."""
        words = [f"\0-m\0{module}\0".encode() for module in modules]
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                command = (process / "cmdline").read_bytes()
                if str(self.folder).encode() in command and any(word in command for word in words):
                    found.append(int(process.name))
        return found

    def _connected(self) -> bool:
        if self._bridge is None and (self.folder / SOCKET_NAME).exists():
            try:
                self._bridge = hello(self.folder, "bridge")
            except (ConnectionRefusedError, FileNotFoundError):  # of one that was killed, or just taken away
                return False
        return bool(self.seen)

    def _wait_for_the_keeper(self) -> None:
        """It outlives its `hal.safety` by what is not on the disk yet; its lock ends with it."""
        lock = self.folder / "wallbox-state.lock"
        if lock.exists():
            with lock.open() as held:
                fcntl.flock(held, fcntl.LOCK_EX)

    def forget_bridge(self) -> None:
        """The next start has another one."""
        if self._bridge is not None:
            self._bridge.close()
        self._bridge = None
        self.seen.clear()
