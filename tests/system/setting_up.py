"""`evse-bridge setup` on a terminal of its own: what it asks is answered, or it is stopped there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path

from tests.system.programs import EVSE_BRIDGE
from tests.system.waiting import PATIENCE_S

_PROMPT = re.compile(r"\? ([^\n]*?)(?: \[[^\n\]]*\])*:? $")  # the end of what is shown, while it waits


class Setting:
    """One run with a person. `asked`: the questions so far, each as often as it was asked."""

    def __init__(self, *options: str, environment: Mapping[str, str] = {}) -> None:
        self._master, slave = pty.openpty()
        self.text = ""
        self.asked: list[str] = []
        self._answered_to = 0

        def own_terminal() -> None:
            signal.signal(
                signal.SIGINT, signal.SIG_DFL
            )  # what runs in the background inherits that it is ignored
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self._process = subprocess.Popen(
            [*EVSE_BRIDGE, "setup", *options], stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, env={**os.environ, **environment},
            preexec_fn=own_terminal,  # noqa: PLW1509, it only calls the kernel
        )  # fmt: skip
        os.close(slave)

    def question(self) -> str | None:
        """The next question; None: it has ended."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            ended = self._process.poll() is not None
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self._master, 65_536).decode(errors="replace").replace("\r\n", "\n")
                except OSError:  # EIO: it has ended
                    ended = True
            elif found := _PROMPT.search(self.text, self._answered_to):
                self.asked.append(found[1])
                return found[1]
            if ended and not select.select([self._master], [], [], 0)[0]:
                return None
            if ended:
                with contextlib.suppress(OSError):
                    self.text += os.read(self._master, 65_536).decode(errors="replace")
                return None
        self._process.kill()
        self._process.wait()
        raise AssertionError(f"neither a question nor an end:\n{self.text}")

    def answer(self, words: str | bytes) -> None:
        """Types them, and Enter."""
        self._answered_to = len(self.text)
        typed = words.encode() if isinstance(words, str) else words
        os.write(self._master, typed + b"\n")

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self._answered_to = len(self.text)
        os.write(self._master, b"\x03")
        return self.end()

    def kill(self) -> int:
        """SIGKILL; the exit code."""
        return self.end_by(signal.SIGKILL)

    def end_by(self, number: signal.Signals) -> int:
        """That signal; the exit code."""
        self._answered_to = len(self.text)
        self._process.send_signal(number)
        return self.end()

    def end(self) -> int:
        """The exit code, once it has ended by itself."""
        while self.question() is not None:
            raise AssertionError(f"it asks:\n{self.text}")
        code = self._process.wait(PATIENCE_S)
        os.close(self._master)
        return code


def answered(setting: Setting, answers: Mapping[str, str]) -> int:
    """Answers each question by the first key that is in it, else with Enter."""
    while (question := setting.question()) is not None:
        setting.answer(next((said for part, said in answers.items() if part in question), ""))
    return setting.end()


def files(folder: Path) -> dict[str, bytes]:
    """What lies in it."""
    return {path.name: path.read_bytes() for path in folder.glob("*")} if folder.is_dir() else {}
