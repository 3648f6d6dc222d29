"""The box under measurement: every process of it, charging in a transaction of a Central System."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hal.contract import MOCK_SOCKET_NAME, SOCKET_NAME, Status
from tests.hal.mock.world import Voice
from tests.hal.safety.peers import Peer, hello, of
from tests.system import configured, folders
from tests.system.configured import Values
from tests.system.programs import BlockingRun

_PATIENCE_S = 30.0
PATIENTLESS: Values = {"contactor.min_off_s": 0.1, "contactor.after_fault_s": 0.1}  # of a mock box


@dataclass
class Box:
    """A charging box. Call `until` for all waiting: it keeps the status."""

    central_system: subprocess.Popen[bytes]
    safety_pid: int  # of the program that is measured
    observer: Peer
    world: Voice
    status: Status | None = None

    def do(self, verb: str, **fields: Any) -> dict[str, Any]:
        """One line to mock.sock, and its answer."""
        return self.world.say(json.dumps({"do": verb, **fields}).encode())

    def until(self, holds: Callable[[], bool]) -> None:
        """Raises TimeoutError with the last status."""
        began_s = time.monotonic()
        while not holds():
            if time.monotonic() - began_s > _PATIENCE_S:
                raise TimeoutError(f"the box does not come to it: {self.status}")
            self._look()

    def pass_time(self, seconds: float) -> None:
        """Keeps looking meanwhile."""
        ends_s = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= ends_s)

    def charging(self) -> bool:
        """The mirror contact says closed, and the box means it."""
        return self.status is not None and self.status.contactor_closed and self.status.contactor_commanded

    def _look(self) -> None:
        for status in of(Status, self.observer.heard()):
            self.status = status
        time.sleep(0.001)


@contextlib.contextmanager
def charging_box() -> Iterator[Box]:
    """All processes, a car that takes 16 A, 200 OCPP calls a second; all is gone afterwards."""
    with contextlib.ExitStack() as ending:
        run = BlockingRun(ending.enter_context(folders.box_folder()))
        central_system, url = _start_central_system(ending)
        configured.write_plain(run.config, PATIENTLESS, {"central_system.url": url})
        run.start("--mock")
        ending.callback(run.kill_orphans)
        ending.callback(run.end)
        pids = run.until_all_run()
        for name in (MOCK_SOCKET_NAME, SOCKET_NAME):
            run.until((run.runtime / name).exists, name)
        world = ending.enter_context(contextlib.closing(Voice(run.runtime / MOCK_SOCKET_NAME)))
        observer = ending.enter_context(contextlib.closing(hello(run.runtime, "observer")))
        box = Box(central_system, pids["safety"], observer, world)
        box.until(lambda: box.status is not None)
        box.do("plug-in")
        box.until(box.charging)
        yield box


def _start_central_system(ending: contextlib.ExitStack) -> tuple[subprocess.Popen[bytes], str]:
    """It, and where it listens."""
    command = [sys.executable, "-m", "tests.bench.central_system"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    ending.callback(_end, child)
    assert child.stdout is not None
    return child, child.stdout.readline().decode().strip()


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    child.wait(timeout=_PATIENCE_S)


def granted(box: Box) -> bool:
    """hal.safety has its real-time priority."""
    return box.status is not None and box.status.real_time.startswith("fifo")
