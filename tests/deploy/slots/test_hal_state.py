"""What a new version leaves in the state of `hal`, as the version before finds it: its real files."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from deploy.slots.boot import settle
from deploy.slots.steps import to_trial
from hal.contract import STATE_FILE
from hal.core.persistent_state import PersistentState
from hal.instruments.meter import energy_file
from hal.instruments.meter.energy import StoredCount
from hal.safety.state import file as safety_file
from tests.deploy.slots.box import MIGRATED, OLD, TRIAL, Box, box
from tests.deploy.slots.fickle_disk import QuickDisk

COUNT = StoredCount("model", "7", 0, 1000, 500)
LATER = StoredCount("model", "7", 0, 1200, 500)


@pytest.fixture
def on(tmp_path: Path) -> Box:
    """A box with a version on trial, which has not written yet."""
    made = box(tmp_path / "box")
    write_safety(made, PersistentState(closings=41))
    energy_file.write(meter(made), COUNT)
    made.carrier(QuickDisk()).bring(made.places.application, TRIAL.version)
    made.carrier(QuickDisk()).carry_out(to_trial(made.look(), TRIAL, MIGRATED))
    return made


def safety(on: Box) -> Path:
    return on.places.safety / STATE_FILE


def meter(on: Box) -> Path:
    return on.places.instruments / energy_file.FILE_NAME


def write_safety(on: Box, kept: PersistentState) -> None:
    now = safety_file.clocks()
    content = {"version": 1, "boot_id": now.boot_id, "at_s": now.now_s, "wall_s": now.wall_s, "kept": kept}
    safety(on).write_bytes(msgspec.json.encode(content))


def kept(on: Box) -> PersistentState:
    return safety_file.read(safety(on), safety_file.clocks())


def goes_back(on: Box) -> None:
    settle(on.carrier(QuickDisk()))
    assert on.look().current == OLD
    assert not list(on.base.rglob("*.before"))


def test_what_the_version_before_can_read_stays(on: Box) -> None:
    """Nothing that the trial found out is forgotten."""
    write_safety(on, PersistentState(closings=42))
    energy_file.write(meter(on), LATER)
    goes_back(on)
    assert kept(on).closings == 42
    assert energy_file.read(meter(on)).count == LATER


@pytest.mark.parametrize("content", [b"", b"{", b'{"version":2,"kept":{}}', b'{"life": 9}', None])
def test_what_it_cannot_read_is_as_before(on: Box, content: bytes | None) -> None:
    for path in (safety(on), *energy_file.both(meter(on))):
        path.write_bytes(content) if content is not None else path.unlink()
    goes_back(on)
    assert kept(on) == PersistentState(closings=41)
    assert energy_file.read(meter(on)) == energy_file.Kept(COUNT)


def test_a_state_that_the_new_version_lost_comes_back(on: Box) -> None:
    write_safety(on, PersistentState(lost=True))
    goes_back(on)
    assert kept(on) == PersistentState(closings=41)


def test_a_link_in_the_place_of_a_file_is_not_followed(on: Box, tmp_path: Path) -> None:
    """Its folder is of a program that may be in a stranger's hands."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    for path in (safety(on), *energy_file.both(meter(on))):
        path.unlink()
        path.symlink_to(precious)
    goes_back(on)
    assert precious.read_text() == "precious"
    assert not safety(on).is_symlink()
    assert kept(on) == PersistentState(closings=41)
