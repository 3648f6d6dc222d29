"""A Raspberry Pi as a folder, with a systemctl that notes what it is asked, and a person with answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bridge.folders import Folders
from bridge.setup.services import TARGET, Services
from bridge.setup.steps import Options
from bridge.setup.terminal import StoppedError
from tests.bridge.boot.pis import PIS, lay_out

_MOCK = Path(__file__).parents[3] / "systemd" / "mock"


class PiBox:
    """The system below `root`."""

    def __init__(self, root: Path, pi: str = "pi4") -> None:
        self.root = lay_out(root, PIS[pi] if pi else None)
        self.config, self.state = root / "etc/evse-bridge", root / "var/lib/evse-bridge"
        for folder in (self.config, self.state, root / "run", root / "dev", root / "bin"):
            folder.mkdir(parents=True, exist_ok=True)
        self._log, self._active = root / "bin/log", root / "bin/active"
        systemctl = root / "bin/systemctl"
        systemctl.write_text(
            f'#!/bin/sh\necho "$*" >> {self._log}\n'
            f"case $1 in is-active) test -e {self._active};; restart|start) touch {self._active};;"
            f" stop) rm -f {self._active};; esac\n"
        )
        systemctl.chmod(0o755)
        unit = root / "usr/lib/systemd/system" / TARGET
        unit.parent.mkdir(parents=True)
        unit.write_text("[Unit]\n")
        patterns = root / "usr/share/evse-bridge/mock"
        patterns.mkdir(parents=True)
        for path in _MOCK.iterdir():
            (patterns / path.name).write_bytes(path.read_bytes())

    def folders(self, *, mock: bool = False) -> Folders:
        """Those of the units; nobody listens in the runtime folder."""
        runtime = Path("/run/evse-bridge") if mock else self.root / "run/evse-bridge"
        return Folders(self.config, self.state, runtime, mock)

    def options(self, answers: Path | None = None, *, undo: bool = False) -> Options:
        """With the systemctl of this box."""
        services = Services(self.root, str(self.root / "bin/systemctl"))
        return Options(lambda _: "", answers=answers, undo=undo, root=self.root, services=services)

    def run_units(self) -> None:
        """The programs run."""
        self._active.touch()

    @property
    def asked(self) -> list[str]:
        """What systemctl was asked to do."""
        return [line for line in _lines(self._log) if not line.startswith("is-active")]

    def reboot(self) -> None:
        """/run is memory."""
        for path in (self.root / "run").iterdir():
            path.unlink()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


class Answering:
    """A person who answers by a part of the question, else with Enter, and stops at a question with None."""

    def __init__(self, answers: Mapping[str, str | None] = {}) -> None:
        self._answers = answers
        self.asked: list[str] = []
        self.read: list[str] = []

    def say(self, line: str = "") -> None:
        self.read.append(line)

    def ask(self, question: str, default: str | None = None, *, secret: bool = False) -> str:  # noqa: ARG002
        said = self._answer(question)
        if not said and default is None:
            raise AssertionError(f"no answer to: {question}\n{self.text}")
        return said or default or ""

    def agrees(self, question: str, *, default: bool) -> bool:
        said = self._answer(question)
        return said == "y" if said else default

    def _answer(self, question: str) -> str:
        self.asked.append(question)
        assert self.asked.count(question) < 20, f"it asks again and again: {question}\n{self.read[-5:]}"
        said = next((said for part, said in self._answers.items() if part in question), "")
        if said is None:
            raise StoppedError
        return said

    @property
    def text(self) -> str:
        """All that was said to it."""
        return "\n".join(self.read)
