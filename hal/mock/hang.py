"""A kernel that hangs: every program of the Pi stands still, lines and PWM stay, until a watchdog bites."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from hal.mock.simulated_box import RefusalError, SimulatedBox

_OF_THE_PI = ("hal.safety", "hal.instruments")  # modules, with those below them; of `bridge` itself alone
_RUN_BY = ("evse-bridge", "bridge.cli.main", "bridge.cli")  # whose command `run` starts and restarts them
_REBOOTS_S = 1.0  # from the bite to the boot
_LEFT_ALONE_S = 2.0  # then whoever runs the programs has not killed them: the power cut is ours to complete
_LOOKS_S = 0.5  # between two looks for programs that were just being started


class KernelHang:
    """Stops the programs that use the folders of this box. The world itself goes on."""

    def __init__(self, box: SimulatedBox, runtime_dir: Path, state_dir: Path) -> None:
        self._box = box
        self._folders = (os.fspath(runtime_dir), os.fspath(state_dir))
        self._stopped: set[int] = set()
        self._run_pid: int | None = None
        self._hangs = False
        self._bites_at_s: float | None = None
        self._looked_at_s = float("-inf")
        self._cut_at_s: float | None = None
        self._boots = False  # after the cut

    @property
    def hangs(self) -> bool:
        """Says whether it is between `begin` and the bite or a power cut."""
        return self._hangs

    def begin(self, bites_after_s: float | None, now_s: float) -> None:
        """Begins a hang. None: no watchdog is active, only a power cut ends it. Raises RefusalError."""
        if not self._box.powered:
            raise RefusalError("the power is off; use power-on first")
        if self._hangs:
            raise RefusalError("the kernel hangs already; power-cut ends it")
        self._hangs = True
        self._bites_at_s = None if bites_after_s is None else now_s + bites_after_s
        self._run_pid = _run_pid()
        self.step(now_s)

    def step(self, now_s: float) -> None:
        """Looks whether it is over; called every few milliseconds."""
        if self._cut_at_s is not None:
            self._reboot(self._cut_at_s, now_s)
        if not self._hangs:
            return
        if self._bites_at_s is not None and now_s >= self._bites_at_s:
            self._box.cut_power()
            self._boots = True
        if not self._box.powered:
            self._end(now_s)
        elif now_s - self._looked_at_s >= _LOOKS_S:
            self._looked_at_s = now_s
            self._stop_all()

    def close(self) -> None:
        """Leaves no program stopped behind: they go on."""
        for pid in (*self._stopped, *self._runner()):
            _signal(pid, signal.SIGCONT)

    def _stop_all(self) -> None:
        for pid in self._runner():
            _signal(pid, signal.SIGSTOP)
        for pid in _programs(self._folders) - self._stopped:
            _signal(pid, signal.SIGSTOP)
            self._stopped.add(pid)

    def _end(self, now_s: float) -> None:
        """Cuts the power: `run` goes on and kills what it started, which stands still until then."""
        self._hangs = False
        self._cut_at_s = now_s
        for pid in self._runner():
            _signal(pid, signal.SIGCONT)

    def _reboot(self, cut_at_s: float, now_s: float) -> None:
        if now_s - cut_at_s >= _LEFT_ALONE_S:
            for pid in self._stopped & _programs(self._folders):
                _signal(pid, signal.SIGKILL)
        self._stopped &= _programs(self._folders)
        if self._stopped or now_s - cut_at_s < _REBOOTS_S:
            return
        if self._boots and not self._box.powered:
            with contextlib.suppress(RefusalError):  # one is still on its way out
                self._box.restore_power()
        if self._box.powered or not self._boots:
            self._cut_at_s, self._boots = None, False

    def _runner(self) -> tuple[int, ...]:
        return () if self._run_pid is None else (self._run_pid,)


def _run_pid() -> int | None:
    """Returns the pid of `evse-bridge run`, if it started this world."""
    pid = os.getppid()
    words = _words(pid)
    if "run" not in words:
        return None
    return pid if Path(words[words.index("run") - 1]).name in _RUN_BY else None


def _programs(folders: tuple[str, ...]) -> set[int]:
    """Returns the pids of the programs of the Pi that were given one of those folders."""
    pids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return {pid for pid in pids if _belongs(_words(pid), folders)}


def _belongs(words: list[str], folders: tuple[str, ...]) -> bool:
    if "-m" not in words[:-1] or not any(folder in word for word in words for folder in folders):
        return False
    module = words[words.index("-m") + 1]
    return module == "bridge" or module.startswith(_OF_THE_PI)


def _words(pid: int) -> list[str]:
    """Returns its command line; empty for a process that has ended or is ending."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
