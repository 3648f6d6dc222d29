"""What outlasts a restart: the file, the keeper, and a disk that does not do its part."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.contract import FaultRef
from hal.core.kept import Kept
from hal.safety.keeping import FILE_NAME, Clocks, Keeping, clocks, read

KEPT = Kept(
    faults=(FaultRef("welded", 3),),
    occurrences={"welded": 3, "diode_missing": 1},
    closings=1234,
    openings_under_load=5,
    car_in_c=True,
    lock_moves_s=(990.0, 995.0),
    starts_s=(400.0, 900.0),
)
_PATIENCE_S = 20.0
_GIVER = """
import os, signal, sys
from pathlib import Path
from hal.core.kept import Kept
from hal.safety.keeping import Keeping
keeping = Keeping(Path(sys.argv[1]))
keeping.ready()
keeping.keep(Kept(closings=7), 1000.0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def until(holds: Callable[[], bool]) -> None:
    began_s = time.monotonic()
    while not holds():
        assert time.monotonic() - began_s < _PATIENCE_S
        time.sleep(0.005)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


def begun(path: Path) -> Keeping:
    keeping = Keeping(path)
    keeping.ready()
    return keeping


@pytest.fixture
def keeping(path: Path) -> Iterator[Keeping]:
    keeping = begun(path)
    yield keeping
    keeping.close()


def write(path: Path, kept: Kept, at: Clocks) -> None:
    """As the keeper does, at another time."""
    keeping = begun(path)
    keeping.keep(kept, at.now_s)
    keeping.close()
    file = json.loads(path.read_bytes())
    path.write_text(json.dumps(file | {"boot_id": at.boot_id, "wall_s": at.wall_s}))


def test_a_first_start_has_nothing_kept(path: Path) -> None:
    assert read(path, clocks()) == Kept()


def test_what_was_kept_is_read_again_in_the_same_boot(path: Path) -> None:
    write(path, KEPT, Clocks("one", 1000.0, 5000.0))
    assert read(path, Clocks("one", 2000.0, 6000.0)) == KEPT


def test_after_a_boot_the_times_are_on_the_new_clock(path: Path) -> None:
    """100 s went by on the wall clock; a move of the lock counts as if none had."""
    write(path, KEPT, Clocks("one", 1000.0, 5000.0))
    kept = read(path, Clocks("two", 20.0, 5100.0))
    assert kept.lock_moves_s == pytest.approx((10.0, 15.0))
    assert kept.starts_s == pytest.approx((-680.0, -180.0))
    assert replace(kept, lock_moves_s=KEPT.lock_moves_s, starts_s=KEPT.starts_s) == KEPT


def test_a_clock_that_stood_or_ran_back_makes_no_start_older(path: Path) -> None:
    write(path, KEPT, Clocks("one", 1000.0, 5000.0))
    assert read(path, Clocks("two", 20.0, 4000.0)).starts_s == pytest.approx((-580.0, -80.0))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"version": 1}', b"null"])
def test_an_unreadable_file_is_lost_state_and_put_aside(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert read(path, clocks()) == Kept(lost=True)
    assert not path.exists()
    assert path.with_suffix(".unreadable").read_bytes() == content


def test_another_version_is_lost_state(path: Path) -> None:
    write(path, KEPT, clocks())
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2}))
    assert read(path, clocks()).lost


@given(content=st.binary(max_size=300))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("state") / FILE_NAME
    path.write_bytes(content)
    assert read(path, clocks()).lost


def test_a_change_is_on_the_disk_soon_and_nothing_waited_for_it(path: Path, keeping: Keeping) -> None:
    keeping.keep(KEPT, 1000.0)
    until(path.exists)
    assert read(path, clocks()) == KEPT
    assert keeping.trouble(1000.1) == ""


def test_what_is_unchanged_is_not_written_again(path: Path) -> None:
    keeping = begun(path)
    keeping.keep(KEPT, 1000.0)
    until(path.exists)
    path.unlink()
    for tick in range(100):
        keeping.keep(replace(KEPT), 1001.0 + tick)
    keeping.close()
    assert not path.exists()


def test_a_flood_of_changes_is_written_once_a_second_and_the_last_one_counts(path: Path) -> None:
    keeping = begun(path)
    inodes = set()
    for tick in range(301):
        keeping.keep(replace(KEPT, closings=tick), 1000.0 + tick * 0.01)
        until(lambda: keeping.idle)
        inodes.add(path.stat().st_ino)
    keeping.keep(replace(KEPT, closings=300), 1004.0)
    keeping.close()
    assert len(inodes) <= 5 + 3
    assert read(path, clocks()).closings == 300


def test_the_last_packet_survives_sigkill_of_the_giver(path: Path) -> None:
    """The keeper is no part of the one that dies."""
    died = subprocess.run([sys.executable, "-I", "-c", _GIVER, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    until(path.exists)
    assert read(path, clocks()).closings == 7


def test_packets_outlast_a_giver_that_never_read_an_answer(path: Path) -> None:
    """The kernel then says first that the connection was reset, and gives what still waits after that."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-I", "-m", "hal.safety.keeper", str(path)]
    with its, subprocess.Popen(command, stdin=its.fileno(), stderr=subprocess.PIPE) as keeper:
        with ours:
            os.kill(keeper.pid, signal.SIGSTOP)
            for content in (b"first", b"last"):
                ours.send(content)
            its.send(b"an answer, say")  # waits at the giver, who closes
        os.kill(keeper.pid, signal.SIGCONT)
        _, said = keeper.communicate(timeout=_PATIENCE_S)
    assert (keeper.returncode, said) == (0, b"")
    assert path.read_bytes() == b"last"


def test_a_keeper_waits_for_its_predecessor(path: Path) -> None:
    keeping = begun(path)
    successor = Keeping(path)
    keeping.keep(KEPT, 1000.0)
    keeping.close()
    successor.ready()
    assert successor.trouble(1001.0) == ""
    assert read(path, clocks()) == KEPT
    successor.close()


def test_a_folder_that_cannot_be_used_is_said_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "absent"
    keeping = Keeping(folder / FILE_NAME)
    keeping.ready()
    assert "No such file" in keeping.trouble(1000.0)
    keeping.keep(KEPT, 1000.0)
    assert keeping.trouble(1000.1) != ""
    keeping.close()


def test_a_file_that_cannot_be_written_is_said_until_it_can(path: Path, keeping: Keeping) -> None:
    path.with_name(FILE_NAME + ".new").mkdir()
    keeping.keep(KEPT, 1000.0)
    until(lambda: "Is a directory" in keeping.trouble(1000.0))
    path.with_name(FILE_NAME + ".new").rmdir()
    keeping.keep(KEPT, 1005.0)
    assert keeping.trouble(1005.0) != ""
    keeping.keep(KEPT, 1011.0)
    until(lambda: keeping.trouble(1011.0) == "")
    assert read(path, clocks()) == KEPT


def test_a_disk_that_hangs_is_said(keeping: Keeping) -> None:
    keeping.keep(KEPT, 1000.0)
    until(lambda: keeping.trouble(1011.0) == "")
    os.kill(keeping.pid, signal.SIGSTOP)
    keeping.keep(replace(KEPT, closings=9), 1002.0)
    assert keeping.trouble(1011.0) == ""
    assert keeping.trouble(1013.0) == "not written for 10 s"
    os.kill(keeping.pid, signal.SIGCONT)
    until(lambda: keeping.trouble(1013.0) == "")


def test_a_keeper_that_died_is_said_and_never_waited_for(keeping: Keeping) -> None:
    os.kill(keeping.pid, signal.SIGKILL)
    until(lambda: keeping.trouble(1000.0) != "")
    for tick in range(50):
        keeping.keep(replace(KEPT, closings=tick), 1000.0 + tick)
    assert "the keeper has gone" in keeping.trouble(1050.0)
