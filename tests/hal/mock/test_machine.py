"""What is done to the program that drives the contactor, and to its file."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.configuration import wallbox_file
from hal.contract import STATE_FILE, WALLBOX_FILE
from hal.mock.machine import BUSY_S, Machine
from hal.mock.simulated_box import SimulatedBox

CONTACTOR = 17
PATIENCE_S = 30.0


class Victim:
    """Any process that drives the contactor's line."""

    def __init__(self, folder: Path) -> None:
        (folder / WALLBOX_FILE).write_text(wallbox_file.new_file(mock=True))
        self.box = SimulatedBox(wallbox_file.load(folder / WALLBOX_FILE, mock=True), folder)
        self.machine = Machine(self.box, CONTACTOR, folder)
        self.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        self.box.line_map.claim(CONTACTOR, self.process.pid)
        self.now_s = 0.0

    def fault(self, name: str) -> None:
        self.box.fault(name)
        self.machine.step(self.now_s)

    def stopped(self) -> bool:
        """State T in proc(5)."""
        text = Path(f"/proc/{self.process.pid}/stat").read_text()
        return text.rpartition(")")[2].split()[0] == "T"

    def until_stopped(self, so: bool) -> None:
        began_s = time.monotonic()
        while self.stopped() != so:
            assert time.monotonic() - began_s < PATIENCE_S
            time.sleep(0.002)


@pytest.fixture
def victim(folder: Path) -> Iterator[Victim]:
    victim = Victim(folder)
    yield victim
    victim.process.kill()
    victim.process.wait()


def test_busy_holds_it_up_once(victim: Victim) -> None:
    victim.fault("busy")
    victim.until_stopped(True)
    assert victim.box.faults() == []
    victim.machine.step(BUSY_S - 0.01)
    assert victim.stopped()
    victim.machine.step(BUSY_S)
    victim.until_stopped(False)


def test_crash_kills_it(victim: Victim) -> None:
    victim.fault("crash")
    assert victim.process.wait(PATIENCE_S) == -9
    assert victim.box.faults() == []


def test_nobody_there_is_nobody_hurt(victim: Victim) -> None:
    victim.box.line_map.release(CONTACTOR)
    for name in ("busy", "crash"):
        victim.fault(name)
    victim.now_s = 10.0
    victim.machine.step(10.0)
    assert victim.process.poll() is None


def test_garbled_is_killed_and_has_no_json_left(victim: Victim, folder: Path) -> None:
    (folder / STATE_FILE).write_text("{}")
    victim.fault("state_garbled")
    assert victim.process.wait(PATIENCE_S) == -9
    assert (folder / STATE_FILE).read_text() == "{ half of a fil"


def test_unwritable_until_it_is_cleared(victim: Victim, folder: Path) -> None:
    unfinished = folder / (STATE_FILE + ".new")
    unfinished.write_text("left behind")
    victim.fault("state_unwritable")
    with pytest.raises(IsADirectoryError):
        unfinished.write_text("x")
    assert victim.box.faults() == ["state_unwritable"]
    victim.box.clear("state_unwritable")
    victim.machine.step(1.0)
    unfinished.write_text("x")
