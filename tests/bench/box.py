"""The box under measurement: every process of it, charging in a transaction of a Central System."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge import settings as charge_point_settings
from hal.configuration import wallbox_file
from hal.contract import BOOT_ID_FILE, MOCK_SOCKET_NAME, SOCKET_NAME, WALLBOX_FILE, Status
from tests.hal.safety.peers import Peer, hello, of

_START_S = 30.0
_PATIENCE_S = 30.0
_PATIENTLESS = {"min_off_s": 0.1, "after_fault_s": 0.1}  # of a mock box


@dataclass
class Box:
    """A charging box. Call `until` for all waiting: it keeps the status."""

    folder: Path
    processes: dict[str, subprocess.Popen[bytes]]  # by module
    observer: Peer
    world: socket.socket
    status: Status | None = None

    @property
    def safety(self) -> subprocess.Popen[bytes]:
        """The process that is measured."""
        return self.processes["hal.safety"]

    def do(self, verb: str, **fields: Any) -> dict[str, Any]:
        """One line to mock.sock, and its answer."""
        self.world.sendall(json.dumps({"do": verb, **fields}).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.world.recv(65_536)
        parsed: dict[str, Any] = json.loads(answer)
        return parsed

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
    folder = Path(tempfile.mkdtemp(prefix="evse-"))
    (folder / WALLBOX_FILE).write_text(_impatient(wallbox_file.new_file(mock=True)))
    (folder / BOOT_ID_FILE).write_text("bench\n")
    with contextlib.ExitStack() as ending:
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        started: dict[str, subprocess.Popen[bytes]] = {}
        started["hal.mock"] = _start(ending, folder, "hal.mock")
        world = ending.enter_context(contextlib.closing(_connect(folder / MOCK_SOCKET_NAME)))
        started["hal.safety"] = _start(ending, folder, "hal.safety", "--mock")
        _connect(folder / SOCKET_NAME).close()
        started["hal.instruments"] = _start(ending, folder, "hal.instruments", "--mock")
        started["central_system"] = _start_central_system(ending, folder)
        started["bridge"] = _start(ending, folder, "bridge", "--mock")
        observer = ending.enter_context(contextlib.closing(hello(folder, "observer")))
        box = Box(folder, started, observer, world)
        box.until(lambda: box.status is not None)
        box.do("plug-in")
        box.until(box.charging)
        yield box


def _start_central_system(ending: contextlib.ExitStack, folder: Path) -> subprocess.Popen[bytes]:
    """Tells the bridge's configuration where it listens."""
    log = ending.enter_context((folder / "central_system.log").open("wb"))
    command = [sys.executable, "-m", "tests.bench.central_system"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    ending.callback(_end, child)
    assert child.stdout is not None
    url = child.stdout.readline().decode().strip()
    text = charge_point_settings.new_file(mock=True)
    text = re.sub(r"^url = .*$", f'url = "{url}"', text, flags=re.MULTILINE)
    (folder / charge_point_settings.FILE_NAME).write_text(text)
    return child


def granted(box: Box) -> bool:
    """hal.safety has its real-time priority."""
    return box.status is not None and box.status.real_time.startswith("fifo")


def _impatient(text: str) -> str:
    for name, value in _PATIENTLESS.items():
        text = re.sub(rf"^#?{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
    return text


def _start(ending: contextlib.ExitStack, folder: Path, module: str, *options: str) -> subprocess.Popen[bytes]:
    folders = [text for name in ("config", "state", "runtime") for text in (f"--{name}-dir", str(folder))]
    log = ending.enter_context((folder / f"{module}.log").open("wb"))
    child = subprocess.Popen([sys.executable, "-I", "-m", module, *folders, *options], stderr=log)
    ending.callback(_end, child)
    return child


def _end(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGCONT)
    child.terminate()
    child.wait(timeout=_PATIENCE_S)


def _connect(path: Path) -> socket.socket:
    """Waits until somebody listens there."""
    began_s = time.monotonic()
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            if time.monotonic() - began_s > _START_S:
                raise
            time.sleep(0.02)
        else:
            return connection
