"""`evse-bridge demo`: a right session, a wrong one, and how it ends when it must."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from rich.console import Console

from bridge.demo.command import central_system, show
from bridge.demo.screen import Screen
from bridge.demo.session import Stage

PATIENCE_S = 150.0


@dataclass
class Demo:
    """A demo that runs, and all it has started, found by a mark in their environment."""

    popen: subprocess.Popen[str]
    mark: str

    @property
    def stdout(self) -> IO[str]:
        assert self.popen.stdout is not None
        return self.popen.stdout

    def lines_until(self, words: str) -> str:
        """Up to the first line with these words."""
        read = []
        for line in self.stdout:
            read.append(line)
            if words in line:
                return "".join(read)
        raise AssertionError(f"it ended before {words!r}:\n{''.join(read)}")

    def ended(self) -> tuple[int, str]:
        """Exit code and the rest of the lines."""
        rest = self.stdout.read()
        return self.popen.wait(PATIENCE_S), rest

    def programs(self) -> dict[int, list[str]]:
        """Command lines by pid, its own included."""
        return {pid: _read(pid, "cmdline") for pid in _pids() if self.mark in _read(pid, "environ")}

    def runtime_dir(self) -> Path:
        """Of the programs that live now."""
        commands = [command for command in self.programs().values() if "--runtime-dir" in command]
        return Path(commands[0][commands[0].index("--runtime-dir") + 1])


Start = Callable[..., Demo]  # with the options


def _pids() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())


def _read(pid: int, name: str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace").split("\0")
    except OSError:  # it has just ended, or is another user's
        return []


@pytest.fixture
def start() -> Iterator[Start]:
    demos: list[Demo] = []

    def started(*options: str) -> Demo:
        mark = f"EVSE_TEST_MARK={uuid.uuid4()}"
        name, _, value = mark.partition("=")
        command = [sys.executable, "-I", "-m", "bridge.cli.main", "demo", *options]
        popen = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {name: value},
        )
        demos.append(Demo(popen, mark))
        return demos[-1]

    yield started
    for demo in demos:
        for pid in demo.programs():
            os.kill(pid, signal.SIGKILL)
        demo.popen.wait()
        demo.stdout.close()


def nothing_is_left(demo: Demo, root: Path) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while demo.programs() and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert demo.programs() == {}
    assert not root.exists()


# Each in its order; what is less than 0.1 s apart may be told by two sources in either.
CHAINS = (
    (
        "car plugs in", "cable locked", "card shown", "0004AABBCC", "pilot: 16 A", "contactor CLOSES",
        "16.0 A", "card shown", "pilot: no offer", "contactor OPENS", "cable released", "car leaves",
    ),
    (
        "BootNotification", "1 Available", "1 Preparing", "Authorize 0004AABBCC", "← Accepted",
        "StartTransaction", "← transaction 1, Accepted", "1 Charging", "MeterValues", "StopTransaction",
        "1 Finishing", "1 Available",
    ),
)  # fmt: skip


@pytest.mark.real
def test_the_demo_shows_a_right_session(start: Start) -> None:
    demo = start()
    shown = demo.lines_until("car plugs in")
    root = demo.runtime_dir().parent
    code, rest = demo.ended()
    shown += rest
    assert code == 0, shown
    assert shown.startswith("MOCK")
    assert "MOCK demo: the session was right." in shown
    assert "WRONG" not in shown
    for what in ("transactions", "energy billed", "energy the car received", "statuses", "OCPP frames"):
        assert re.search(rf"ok +{what}", shown), shown
    for chain in CHAINS:
        place = 0
        for event in chain:
            place = shown.find(event, place)
            assert place >= 0, f"{event!r} is missing or too early in\n{shown}"
    nothing_is_left(demo, root)


@pytest.mark.real
def test_kept_it_can_be_played_with_until_ctrl_c(start: Start) -> None:
    demo = start("--keep")
    shown = demo.lines_until("mock plug-out --runtime-dir")
    assert "MOCK demo: the session was right." in shown
    folder = demo.runtime_dir()
    assert f"mock swipe 0004AABBCC --runtime-dir {folder}" in shown
    command = [sys.executable, "-m", "bridge.cli.main", "mock", "swipe", "00DEADBEEF"]
    subprocess.run([*command, "--runtime-dir", str(folder)], check=True, capture_output=True)
    demo.lines_until("← Invalid")
    demo.popen.send_signal(signal.SIGINT)
    assert demo.ended()[0] == 0
    nothing_is_left(demo, folder.parent)


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_in_order(start: Start, number: signal.Signals) -> None:
    demo = start()
    demo.lines_until("StartTransaction")
    root = demo.runtime_dir().parent
    demo.popen.send_signal(number)
    demo.popen.send_signal(number)  # an impatient person
    code, rest = demo.ended()
    assert code == 1
    assert rest.endswith("MOCK demo: interrupted; all programs have ended.\n")
    nothing_is_left(demo, root)


@pytest.mark.real
def test_programs_that_die_are_told_with_their_last_lines(start: Start) -> None:
    demo = start()
    demo.lines_until("car plugs in")
    root = demo.runtime_dir().parent
    run = next(pid for pid, command in demo.programs().items() if "run" in command)
    os.kill(run, signal.SIGKILL)
    code, rest = demo.ended()
    assert code == 1
    assert re.search(r"MOCK demo: .+: `evse-bridge run` ended with -9", rest), rest
    assert re.search(r"The last \d+ lines of the programs:\n(  MOCK .+\n)+", rest), rest
    nothing_is_left(demo, root)


@pytest.mark.real
async def test_a_refused_card_is_no_right_session() -> None:
    stage, written = Stage(), io.StringIO()
    refusing = central_system(stage)
    refusing.script.answers["Authorize"] = {"idTagInfo": {"status": "Invalid"}}
    right = await show(stage, Screen(Console(file=written, width=100), time.monotonic()), refusing)
    shown = written.getvalue()
    assert not right
    assert "MOCK demo: Authorize: the Central System answered Invalid" in shown
    assert "StartTransaction" not in shown
    assert "was right" not in shown
