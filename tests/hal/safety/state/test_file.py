"""What outlasts a restart: the file, the writer, and a disk that does not do its part."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.contract import STATE_FILE, FaultRef
from hal.core.persistent_state import PersistentState
from hal.safety import companion
from hal.safety.state.file import Clocks, StateFile, clocks, read
from hal.safety.state.lock import StateLock
from tests.spoiled import SPOILED, Spoiling

KEPT = PersistentState(
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
from hal.core.persistent_state import PersistentState
from hal.safety.state.file import StateFile
path = Path(sys.argv[1])
state_file = StateFile(path, path.parent)
state_file.ready()
state_file.store(PersistentState(closings=7), 1000.0)
os.kill(os.getpid(), signal.SIGKILL)
"""
_GIVER_TO_A_STOPPED_ONE = _GIVER.replace(
    "state_file.store(",
    "os.kill(state_file.pid, signal.SIGSTOP)\n"
    "(path.parent / 'pid').write_text(str(state_file.pid))\n"
    "state_file.store(",
)


def until(holds: Callable[[], bool]) -> None:
    began_s = time.monotonic()
    while not holds():
        assert time.monotonic() - began_s < _PATIENCE_S
        time.sleep(0.005)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / STATE_FILE


def begun(path: Path) -> StateFile:
    state_file = StateFile(path, path.parent)
    assert state_file.ready()
    return state_file


@pytest.fixture
def state_file(path: Path) -> Iterator[StateFile]:
    state_file = begun(path)
    yield state_file
    state_file.close()


def write(path: Path, kept: PersistentState, at: Clocks) -> None:
    """As the writer does, at another time."""
    state_file = begun(path)
    state_file.store(kept, at.now_s)
    state_file.close()
    file = json.loads(path.read_bytes())
    path.write_text(json.dumps(file | {"boot_id": at.boot_id, "wall_s": at.wall_s}))


def written(state_file: StateFile, kept: PersistentState) -> bool:
    """At one more tick."""
    now_s = time.monotonic()
    state_file.store(kept, now_s)
    return state_file.trouble(now_s) == ""


def stopped_writer_of_a_dead_giver(path: Path) -> int:
    """The pid; a packet waits for it."""
    subprocess.run([sys.executable, "-I", "-c", _GIVER_TO_A_STOPPED_ONE, str(path)], check=False)
    return int((path.parent / "pid").read_text())


def test_a_first_start_has_nothing_kept(path: Path) -> None:
    assert read(path, clocks()) == PersistentState()


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
    assert read(path, clocks()) == PersistentState(lost=True)
    assert not path.exists()
    assert path.with_suffix(".unreadable").read_bytes() == content


@pytest.mark.parametrize("before", [None, "file", "folder"])
@pytest.mark.parametrize("spoil", SPOILED)
def test_whatever_stands_there_is_lost_state_and_its_place_is_free(
    path: Path, spoil: Spoiling, before: str | None
) -> None:
    """Also where something was set aside before."""
    write(path, KEPT, clocks())
    aside = path.with_suffix(".unreadable")
    if before == "file":
        aside.write_text("x")
    elif before == "folder":
        aside.mkdir()
        (aside / "inside").write_text("x")
    spoil(path)
    assert read(path, clocks()) == PersistentState(lost=True)
    write(path, KEPT, clocks())
    assert not read(path, clocks()).lost


def test_another_version_is_lost_state(path: Path) -> None:
    write(path, KEPT, clocks())
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2}))
    assert read(path, clocks()).lost


@given(content=st.binary(max_size=300))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("state") / STATE_FILE
    path.write_bytes(content)
    assert read(path, clocks()).lost


def test_a_change_is_on_the_disk_soon_and_nothing_waited_for_it(path: Path, state_file: StateFile) -> None:
    state_file.store(KEPT, 1000.0)
    until(path.exists)
    assert read(path, clocks()) == KEPT
    assert state_file.trouble(1000.1) == ""


def test_what_is_unchanged_is_not_written_again(path: Path) -> None:
    state_file = begun(path)
    state_file.store(KEPT, 1000.0)
    until(path.exists)
    path.unlink()
    for tick in range(100):
        state_file.store(replace(KEPT), 1001.0 + tick)
    state_file.close()
    assert not path.exists()


def test_a_flood_of_changes_is_written_once_a_second_and_the_last_one_counts(path: Path) -> None:
    state_file = begun(path)
    inodes = set()
    for tick in range(301):
        state_file.store(replace(KEPT, closings=tick), 1000.0 + tick * 0.01)
        until(lambda: state_file.idle)
        inodes.add(path.stat().st_ino)
    state_file.store(replace(KEPT, closings=300), 1004.0)
    state_file.close()
    assert len(inodes) <= 5 + 3
    assert read(path, clocks()).closings == 300


def test_the_last_packet_survives_sigkill_of_the_giver(path: Path) -> None:
    """The writer is no part of the one that dies."""
    died = subprocess.run([sys.executable, "-I", "-c", _GIVER, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    until(path.exists)
    assert read(path, clocks()).closings == 7


def test_packets_outlast_a_giver_that_never_read_an_answer(path: Path) -> None:
    """The kernel then says first that the connection was reset, and gives what still waits after that."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    lock = StateLock(path.parent, "this boot")
    with its:
        pid = companion.spawn("hal.safety.state.writer", [str(path)], [its.fileno(), lock.descriptor])
        with ours:
            os.kill(pid, signal.SIGSTOP)
            for content in (b"first", b"last"):
                ours.send(content)
            its.send(b"an answer, say")  # waits at the giver, who closes
        os.kill(pid, signal.SIGCONT)
        _, status = os.waitpid(pid, 0)
    lock.close()
    assert status == 0
    assert path.read_bytes() == b"last"


def test_a_start_waits_for_the_writers_of_the_one_before(path: Path) -> None:
    state_file = begun(path)
    successor = StateFile(path, path.parent)
    state_file.store(KEPT, 1000.0)
    state_file.close()
    assert successor.ready()
    assert successor.trouble(1001.0) == ""
    assert read(path, clocks()) == KEPT
    successor.close()


def test_a_folder_that_cannot_be_used_is_said_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "absent"
    state_file = StateFile(folder / STATE_FILE, tmp_path)
    assert state_file.ready()
    state_file.store(KEPT, 1000.0)
    until(lambda: "No such file" in state_file.trouble(1000.0))
    folder.mkdir()
    state_file.store(KEPT, 1011.0)
    until(lambda: state_file.trouble(1011.0) == "")
    state_file.close()


def test_a_file_that_cannot_be_written_is_said_until_it_can(path: Path, state_file: StateFile) -> None:
    path.with_name(STATE_FILE + ".new").mkdir()
    state_file.store(KEPT, 1000.0)
    until(lambda: "Is a directory" in state_file.trouble(1000.0))
    path.with_name(STATE_FILE + ".new").rmdir()
    state_file.store(KEPT, 1005.0)
    assert state_file.trouble(1005.0) != ""
    state_file.store(KEPT, 1011.0)
    until(lambda: state_file.trouble(1011.0) == "")
    assert read(path, clocks()) == KEPT


def test_silence_counts_from_the_oldest_packet_that_nobody_answered(state_file: StateFile) -> None:
    state_file.store(KEPT, 1000.0)
    until(lambda: state_file.idle)
    os.kill(state_file.pid, signal.SIGSTOP)
    for second in range(9):
        state_file.store(replace(KEPT, closings=second), 1002.0 + second)
        assert state_file.trouble(1002.0 + second) == ""
    assert state_file.trouble(1012.5) == "not written for 10 s"
    os.kill(state_file.pid, signal.SIGCONT)
    until(lambda: state_file.trouble(1013.0) == "")


def test_a_writer_that_died_is_started_again_and_given_what_it_took_with_it(path: Path) -> None:
    state_file = begun(path)
    state_file.store(KEPT, 1000.0)
    until(lambda: state_file.idle)
    first = state_file.pid
    os.kill(first, signal.SIGSTOP)
    newest = replace(KEPT, closings=9)
    state_file.store(newest, 1002.0)
    os.kill(first, signal.SIGKILL)
    until(lambda: "has ended" in state_file.trouble(1003.0))
    state_file.store(newest, 1003.0)
    assert state_file.pid != first
    assert "has ended" in state_file.trouble(1003.0)  # until the new one has written
    until(lambda: state_file.trouble(1003.0) == "")
    assert read(path, clocks()) == newest
    assert state_file.idle
    state_file.close()


def test_what_a_dead_writer_took_with_it_stays_as_old_as_it_is(state_file: StateFile) -> None:
    os.kill(state_file.pid, signal.SIGSTOP)
    state_file.store(KEPT, 1000.0)
    os.kill(state_file.pid, signal.SIGKILL)
    until(lambda: "has ended" in state_file.trouble(1005.0))
    state_file.store(KEPT, 1006.0)
    os.kill(state_file.pid, signal.SIGSTOP)
    assert state_file._silent(1010.5)  # noqa: SLF001
    os.kill(state_file.pid, signal.SIGCONT)


def test_a_writer_that_dies_again_and_again_is_started_once_a_second(state_file: StateFile) -> None:
    pids = set()
    for tick in range(500):
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(state_file.pid, signal.SIGKILL)
            os.waitpid(state_file.pid, 0)
        state_file.store(replace(KEPT, closings=tick), 1000.0 + tick * 0.01)
        pids.add(state_file.pid)
    assert 5 <= len(pids) <= 6


def test_a_new_fault_is_handed_over_whatever_else_waits(path: Path, state_file: StateFile) -> None:
    for closings in range(20):
        state_file.store(replace(KEPT, closings=closings), 1000.0)
    newest = replace(KEPT, faults=(*KEPT.faults, FaultRef("rcm_trip", 1)))
    state_file.store(newest, 1000.1)
    until(lambda: state_file.idle)
    assert read(path, clocks()) == newest


def test_a_start_beside_a_writer_that_still_may_write_keeps_nothing_until_it_ended(path: Path) -> None:
    """Else its old packet would come after the newer one."""
    writer = stopped_writer_of_a_dead_giver(path)
    again = StateFile(path, path.parent)
    assert not again.ready()
    assert "has not ended" in again.trouble(1000.0)
    again.store(KEPT, 1000.0)
    os.kill(writer, signal.SIGCONT)
    until(path.exists)
    until(lambda: written(again, KEPT))
    assert read(path, clocks()) == KEPT
    again.close()


def test_a_writer_killed_with_something_unwritten_makes_the_next_start_unsure(path: Path) -> None:
    """And the one after it, as long as nothing else is on the disk."""
    os.kill(stopped_writer_of_a_dead_giver(path), signal.SIGKILL)
    for _ in range(2):
        unsure = StateFile(path, path.parent)
        assert not unsure.ready()
        unsure.close()
    unsure = StateFile(path, path.parent)
    assert not unsure.ready()
    unsure.store(KEPT, 1000.0)
    until(lambda: unsure.idle)
    unsure.close()
    sure = begun(path)
    sure.close()


def test_what_could_not_be_written_to_the_end_makes_the_next_start_unsure(path: Path) -> None:
    state_file = begun(path)
    path.with_name(STATE_FILE + ".new").mkdir()
    state_file.store(KEPT, 1000.0)
    state_file.close()
    again = StateFile(path, path.parent)
    assert not again.ready()
    again.close()


def test_a_mark_of_another_boot_means_nothing(path: Path) -> None:
    """Where the runtime folder outlives a boot: the power was cut, and each mark would be left."""
    (path.parent / "wallbox-state.lock").write_text("00000000-0000-0000-0000-000000000000")
    state_file = StateFile(path, path.parent)
    assert state_file.ready()
    state_file.close()


def test_no_bit_of_the_file_stops_the_box_for_good(tmp_path: Path) -> None:
    """1 to 20 bits turned over: it is read or renamed, and no moment lies in the time to come."""
    chance, now = random.Random(1), Clocks("boot", 1000.0, 5000.0)
    file = {"version": 1, "boot_id": "boot", "at_s": 999.0, "wall_s": 4999.0, "kept": KEPT}
    content = msgspec.json.encode(file)
    path = tmp_path / STATE_FILE
    whole = 0
    for _ in range(3000):
        made = bytearray(content)
        for _ in range(chance.randint(1, 20)):
            made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
        path.write_bytes(made)
        kept = read(path, now)
        assert kept.lost == path.with_suffix(".unreadable").exists()
        path.with_suffix(".unreadable").unlink(missing_ok=True)
        whole += not kept.lost
        assert all(at_s <= now.now_s for at_s in (*kept.lock_moves_s, *kept.starts_s))
    assert whole > 100


def test_a_moment_to_come_is_left_out(tmp_path: Path) -> None:
    file = {"version": 1, "boot_id": "boot", "at_s": 999.0, "wall_s": 0.0, "kept": KEPT}
    path = tmp_path / STATE_FILE
    path.write_bytes(msgspec.json.encode(file).replace(b"995.0", b"9e95"))
    assert read(path, Clocks("boot", 1000.0, 5000.0)) == replace(KEPT, lock_moves_s=(990.0,))
