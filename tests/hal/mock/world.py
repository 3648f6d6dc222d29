"""The real mock process, and a voice to talk to it."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from hal.configuration import wallbox_file
from hal.configuration.sections import Wallbox
from hal.contract import WALLBOX_FILE
from tests.system.programs import Programs

PATIENCE_S = 30.0  # for a machine with other things to do

Answer = dict[str, Any]


def until(holds: Callable[[], bool]) -> None:
    """Polls until it holds; fails after a generous while."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up_s, "it did not come true"
        time.sleep(0.005)


def _connect(to: socket.socket, path: Path) -> None:
    """Waits where a crowd is at the door, as a socket without a limit of time would."""
    give_up_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return to.connect(str(path))
        except BlockingIOError:
            assert time.monotonic() < give_up_s, "nobody is let in"
            time.sleep(0.005)


class Voice:
    """One connection to mock.sock."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        try:
            _connect(self._socket, path)
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")

    def say(self, line: bytes) -> Answer:
        self._socket.sendall(line + b"\n")
        return self.hear()

    def mutter(self, said: bytes) -> None:
        """Waits for no answer."""
        self._socket.sendall(said)

    @property
    def is_over(self) -> bool:
        """Waits until nothing more comes."""
        try:
            return self._socket.recv(1) == b""
        except ConnectionError:
            return True

    def hear(self) -> Answer:
        answer: Answer = json.loads(self._lines.readline())
        return answer

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


class RunningMock:
    """`hal.mock` in folders of its own below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.programs = Programs(folder)
        self.runtime_dir, self.state_dir = self.programs.runtime, self.programs.state
        self.programs.config.mkdir()
        self.configure(wallbox_file.new_file(mock=True))
        self._voice: Voice | None = None
        self._running: subprocess.Popen[str] | None = None
        self._log = folder / "log"

    def configure(self, text: str) -> None:
        (self.programs.config / WALLBOX_FILE).write_text(text)

    @property
    def box(self) -> Wallbox:
        return wallbox_file.load(self.programs.config / WALLBOX_FILE, mock=True)

    def start(self) -> None:
        with self._log.open("w") as log:
            self._running = self.launch(log)
        until(lambda: self._running is not None and self._reach(self._running))

    def _reach(self, running: subprocess.Popen[str]) -> bool:
        """A socket that a killed mock left behind is there, but answers nobody."""
        assert running.poll() is None, "it has ended"
        try:
            self._voice = Voice(self.runtime_dir / "mock.sock")
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    @property
    def said(self) -> str:
        """On stderr, since the last start."""
        return self._log.read_text()

    def launch(self, stderr: int | TextIO = subprocess.PIPE) -> subprocess.Popen[str]:
        return subprocess.Popen(self.programs.program("hal.mock"), stderr=stderr, text=True)

    def stop(self) -> str:
        """What it said on stderr."""
        assert self._running is not None
        assert self._voice is not None
        self._voice.close()
        self._running.terminate()
        self._running.wait(PATIENCE_S)
        return self.said

    def kill(self) -> None:
        assert self._running is not None
        assert self._voice is not None
        self._voice.close()
        self._running.kill()
        self._running.wait(PATIENCE_S)

    def ask(self, do: str, **fields: object) -> Answer:
        assert self._voice is not None
        return self._voice.say(json.dumps({"do": do, **fields}).encode())

    def say(self, line: bytes) -> Answer:
        assert self._voice is not None
        return self._voice.say(line)

    def state(self) -> Answer:
        return self.ask("state")
