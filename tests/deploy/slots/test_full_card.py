"""The package's version on a card without room: in words, and the card is no fuller than before."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.slots.adopting import adopt
from deploy.slots.disk import Disk
from deploy.slots.refusal import RefusedError
from deploy.slots.room import ROOM, size_of
from tests.deploy.slots.box import NEW, OLD, Box, box
from tests.deploy.slots.fickle_disk import NearlyFull, NotedDisk, QuickDisk

LIMIT = 10_000  # bytes that a file may have, for the program below
WRITES_TOO_MUCH = f"""
import pathlib, sys
from deploy.slots.disk import Disk
try:
    Disk().write(pathlib.Path(sys.argv[1]), [bytes({LIMIT})] * 2)
except OSError as error:
    print(error)
"""


@pytest.fixture
def on(tmp_path: Path) -> Box:
    return box(tmp_path / "box")


def adopted(on: Box, disk: Disk) -> str:
    return adopt(on.carrier(disk), needs_trial=True, allow_older=False)


def names(on: Box) -> set[str]:
    return {path.name for path in on.places.slots.iterdir()}


def test_room_is_looked_for_before_anything_is_copied(on: Box) -> None:
    before, needed = names(on), size_of(on.places.application)
    with pytest.raises(
        RefusedError, match=f"the card is full: evse-bridge {NEW} needs 65 MiB, 6[45] MiB are"
    ):
        adopted(on, NearlyFull(ROOM + needed - 1))
    assert names(on) == before
    assert on.look().current == OLD
    assert "as soon as no car charges" in adopted(on, NearlyFull(ROOM + needed))


def test_a_first_version_may_take_the_last_of_it(on: Box) -> None:
    on.places.current.unlink()
    for version in names(on):
        (on.places.slots / version).rename(on.base / version)
    needed = size_of(on.places.application)
    with pytest.raises(RefusedError, match="needs 1 MiB, 1 MiB are free"):
        adopted(on, NearlyFull(needed - 1))
    assert names(on) == set()
    assert adopted(on, NearlyFull(needed)) == f"evse-bridge {NEW} is installed"


def test_a_card_that_fills_up_in_the_copy_is_left_as_it_was(on: Box, tmp_path: Path) -> None:
    whole = NotedDisk()
    adopted(box(tmp_path / "other"), whole)
    made = [at for at, op in enumerate(whole.ops) if op.name in ("write", "make_folder", "link")]
    before = names(on)
    for at in made[: made.index(max(at for at in made if "lib" in str(whole.ops[at].paths[-1]))) + 1]:
        with pytest.raises(OSError, match="No space left on device: "):
            adopted(on, NotedDisk(full_at=at))
        assert names(on) == before
    adopted(on, QuickDisk())


def test_a_write_that_fails_names_its_file(tmp_path: Path) -> None:
    """The kernel gives such a write a number only."""

    def may_write_little() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))

    command = (sys.executable, "-c", WRITES_TOO_MUCH, tmp_path / "file")
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=may_write_little,
    )
    assert done.stdout == f"[Errno 27] File too large: '{tmp_path}/file'\n"
