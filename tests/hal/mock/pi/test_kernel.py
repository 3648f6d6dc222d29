"""What becomes of the lines of a process that is really killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hal.mock.pi.kernel import Kernel, Policy
from hal.mock.pi.line_map import LineMap
from tests.hal.mock.world import until

HOLDER = """
import sys, time
from pathlib import Path
from gpiozero import DigitalOutputDevice
from hal.mock.pi.board import BoardFactory
relay = DigitalOutputDevice(17, initial_value=True, pin_factory=BoardFactory(Path(sys.argv[1])))
print("driven", flush=True)
if sys.argv[2] == "stays":
    time.sleep(600)
relay.close()
"""


def hold(path: Path, how: str) -> subprocess.Popen[str]:
    """A process that drives GPIO17 high."""
    command = [sys.executable, "-I", "-c", HOLDER, str(path), how]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "driven\n"
    return holder


def kill(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.communicate()


@pytest.mark.parametrize(("policy", "still_high"), [("keeps", True), ("releases", False)])
def test_a_killed_owner(folder: Path, policy: Policy, still_high: bool) -> None:
    line_map = LineMap.create(folder / "map")
    kernel = Kernel(line_map, policy)
    holder = hold(folder / "map", "stays")
    kernel.bury_the_dead()
    assert kernel.owners_alive() == [holder.pid]
    assert line_map.driven_high(17)
    kill(holder)
    until(lambda: not kernel.owners_alive())
    assert line_map.driven_high(17) == still_high
    assert line_map.owned() == []


@pytest.mark.parametrize(("policy", "still_high"), [("keeps", True), ("releases", False)])
def test_an_owner_that_died_before_anybody_looked(folder: Path, policy: Policy, still_high: bool) -> None:
    line_map = LineMap.create(folder / "map")
    kill(hold(folder / "map", "stays"))
    Kernel(line_map, policy).bury_the_dead()
    assert line_map.driven_high(17) == still_high
    assert line_map.owned() == []


def test_an_orderly_end_lets_the_line_fall_under_any_kernel(folder: Path) -> None:
    line_map = LineMap.create(folder / "map")
    kernel = Kernel(line_map, "keeps")
    holder = hold(folder / "map", "ends")
    holder.communicate()
    kernel.bury_the_dead()
    assert (line_map.driven_high(17), line_map.owned()) == (False, [])


def test_the_next_process_gets_the_line(folder: Path) -> None:
    line_map = LineMap.create(folder / "map")
    kernel = Kernel(line_map, "keeps")
    first = hold(folder / "map", "stays")
    kernel.bury_the_dead()
    kill(first)
    second = hold(folder / "map", "stays")  # before the kernel was looked at again
    kernel.bury_the_dead()
    assert line_map.owned() == [(17, second.pid)]
    assert line_map.driven_high(17)
    kill(second)


LAST_THREAD = """
import ctypes, os, sys, threading, time
from pathlib import Path
from hal.mock.pi.line_map import LineMap
LineMap.open(Path(sys.argv[1])).claim(17, os.getpid())
threading.Thread(target=time.sleep, args=(600,)).start()
print("claimed", flush=True)
sys.stdin.readline()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_on_its_way_out_is_no_owner(folder: Path) -> None:
    """Its memory is let go of, its last thread is not over yet: so it is for a moment after a SIGKILL."""
    line_map = LineMap.create(folder / "map")
    kernel = Kernel(line_map, "keeps")
    command = [sys.executable, "-I", "-c", LAST_THREAD, str(folder / "map")]
    dying = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert dying.stdin is not None
    assert dying.stdout is not None
    assert dying.stdout.readline() == "claimed\n"
    assert kernel.owners_alive() == [dying.pid]
    dying.stdin.write("\n")
    dying.stdin.flush()
    until(lambda: not kernel.owners_alive())
    assert dying.poll() is None
    assert line_map.owned() == [(17, dying.pid)]
    dying.kill()
    dying.communicate()
