"""No fault that was reported is forgotten, whenever writers are killed or stopped: real writers, any order.

The life of `hal.safety` is this process; its death closes what it held, as the kernel does.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hal.contract import STATE_FILE, FaultRef
from hal.safety.state.file import StateFile, clocks, read

Step = Literal["fault", "clear", "count", "wait", "kill", "stop", "continue", "die", "stumble"]
STEPS: tuple[Step, ...] = (
    "fault", "fault", "clear", "count", "wait", "kill", "stop", "continue", "die", "die", "stumble",
)  # fmt: skip


@dataclass
class Model:
    """PURE: what a person was told of and has not cleared. A start may close if nothing stands and what it
    read is sure; else it stands there with what it read, and `lost_state`."""

    told: set[FaultRef] = field(default_factory=set)

    def started(self, read_faults: tuple[FaultRef, ...], *, sure: bool) -> None:
        """Raises AssertionError when something was forgotten."""
        if sure:
            assert self.told <= set(read_faults), f"forgotten: {self.told - set(read_faults)}"
        self.told = set(read_faults) | (set() if sure else {FaultRef("lost_state", 1)})


class Box:
    """Lives on one folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / STATE_FILE
        self.model = Model()
        self.writers: list[int] = []
        self.number = 0
        self.start()

    def start(self) -> None:
        self.state_file = StateFile(self.path, self.path.parent)
        sure = self.state_file.ready(within_s=0.5 if self._one_is_stopped() else 20.0)
        kept = read(self.path, clocks())
        self.model.started(kept.faults, sure=sure)
        self.kept = replace(kept, faults=tuple(self.model.told))
        self.tick()

    def tick(self) -> None:
        now_s = time.monotonic()
        self.state_file.store(self.kept, now_s)
        self.state_file.trouble(now_s)
        self._meet()

    def _meet(self) -> None:
        if self.state_file.pid and self.state_file.pid not in self.writers:
            self.writers.append(self.state_file.pid)

    def do(self, step: Step) -> None:
        match step:
            case "fault":
                self.number += 1
                fault = FaultRef("welded", self.number)
                self.kept = replace(self.kept, faults=(*self.kept.faults, fault))
                self.tick()
                self.model.told.add(fault)  # the Status leaves after it
            case "clear":
                self.model.told.clear()
                self.kept = replace(self.kept, faults=())
                self.tick()
            case "count":
                self.kept = replace(self.kept, closings=self.kept.closings + 1)
                self.tick()
            case "wait":
                self._wait()
            case "kill" | "stop" | "continue":
                number = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "continue": signal.SIGCONT}[step]
                self._signal(self.writers[-1:] if step != "continue" else self.writers, number)
            case "die":
                self.die()
                self.start()
            case "stumble":  # killed before the first tick
                self.die()
                self.state_file = StateFile(self.path, self.path.parent)
                self.state_file.ready(within_s=0.2)
                self._meet()
                self.die()
                self.start()

    def die(self) -> None:
        if self.state_file._socket is not None:  # noqa: SLF001
            self.state_file._socket.close()  # noqa: SLF001
        self.state_file._lock.close()  # noqa: SLF001

    def close(self) -> None:
        self.die()
        self._signal(self.writers, signal.SIGKILL)
        for pid in self.writers:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def _wait(self) -> None:
        ends_s = time.monotonic() + 0.15
        while time.monotonic() < ends_s:
            self.tick()
            time.sleep(0.01)

    def _signal(self, pids: list[int], number: signal.Signals) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _one_is_stopped(self) -> bool:
        for pid in self.writers:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
                    return True
        return False


@pytest.mark.real
@settings(max_examples=12, deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=3, max_size=12))
@example(steps=["stop", "fault", "kill", "die"])
@example(steps=["kill", "fault", "die"])
@example(steps=["stop", "fault", "die", "continue", "wait", "die"])
@example(steps=["stop", "count", "die", "fault", "continue", "wait", "wait", "wait", "wait", "die"])
@example(steps=["stop", "fault", "kill", "stumble"])
@example(steps=["stop", "fault", "die", "clear", "continue", "wait", "fault", "die"])
def test_no_reported_fault_is_forgotten(steps: list[Step]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="evse-"))
    box = Box(folder)
    try:
        for step in steps:
            box.do(step)
        box._signal(box.writers, signal.SIGCONT)  # noqa: SLF001
        box.do("die")
    finally:
        box.close()
        shutil.rmtree(folder)
