"""What a damaged card may show in the slots' folder, and what a boot makes of it."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from deploy.slots.adopting import adopt
from deploy.slots.boot import settle
from deploy.slots.looking import UNKNOWN, packaged
from deploy.slots.names import COPY, WANTED
from deploy.slots.names import TRIAL as TRIAL_FILE
from deploy.slots.steps import Wanted, to_trial
from tests.deploy.slots.box import BEFORE, CONFIG, IN_TRIAL, KEPT, MIGRATED, NEW, OLD, OLDEST, TRIAL, Box, box
from tests.deploy.slots.fickle_disk import NotedDisk, QuickDisk
from tests.deploy.slots.test_power_cuts import programs_write, settled, whole
from tests.spoiled import SPOILED, Spoiling, cut_off


@pytest.fixture
def on(tmp_path: Path) -> Box:
    return box(tmp_path / "box")


def tried(on: Box) -> None:
    disk = NotedDisk()
    adopt(on.carrier(disk), needs_trial=True, allow_older=False)
    on.carrier(disk).carry_out(to_trial(on.look(), TRIAL, MIGRATED))
    programs_write(on, disk, IN_TRIAL)


def test_a_trial_that_names_a_strange_file_touches_none(on: Box) -> None:
    tried(on)
    for note in (on.places.trial, on.places.copy / TRIAL_FILE):
        note.write_text(note.read_text().replace("wallbox.toml", "../bridge/x"))
    (on.places.config / KEPT).write_text("x")
    settle(on.carrier(QuickDisk()))
    assert on.config() == CONFIG | MIGRATED | {KEPT: "x"}


def brought(on: Box, *versions: str) -> str:
    """What the package's folder says, with these versions in it."""
    packages = on.places.application / "lib" / "python3.11" / "site-packages"
    shutil.rmtree(packages, ignore_errors=True)
    for version in versions:
        folder = packages / f"evse_bridge-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: evse-bridge\nVersion: {version}\n")
    return packaged(on.places.application)


def test_the_version_of_the_package_is_unknown_in_the_middle_of_dpkg(on: Box) -> None:
    assert brought(on, "0.1.0.12+g3537af0") == "0.1.0.12"
    assert brought(on) == brought(on, "0.1.0.12+g3537af0", "0.1.0.13+g7dd246e") == UNKNOWN


def test_a_package_of_an_unknown_version_replaces_no_slot(on: Box) -> None:
    on.places.current.unlink()
    settle(on.carrier(QuickDisk(), UNKNOWN))
    assert on.look().current == OLD


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_damaged_note_of_the_trial_has_a_second_copy(on: Box, spoil: Spoiling) -> None:
    tried(on)
    spoil(on.places.trial)
    assert settled(on) == OLD
    assert on.database() == BEFORE


@pytest.mark.parametrize("spoil", [one for one in SPOILED if one is not cut_off])  # of a line end alone
def test_when_both_notes_are_damaged_what_is_current_stays_as_it_is(on: Box, spoil: Spoiling) -> None:
    """Nobody can say to which version the way would lead back."""
    tried(on)
    spoil(on.places.trial)
    (on.places.copy / TRIAL_FILE).write_bytes(b"\x00" * 50)
    before = on.database()
    assert settled(on) == NEW
    assert on.database() == before


@pytest.mark.parametrize(
    "text", ["{}", '{"version":"1"}', "[" * 4000, '{"version":"../..","before":"x","boot_id":"","began":""}']
)
def test_a_note_that_is_none(on: Box, text: str) -> None:
    on.places.trial.write_text(text)
    (on.places.slots / WANTED).write_text(text)
    assert settled(on) == OLD
    assert on.look().wanted is None


def test_where_current_leads_nowhere_the_newest_counts(on: Box) -> None:
    shutil.rmtree(on.places.slot(OLD))
    assert settled(on) == NEW  # the package's, which is newer than the slot that is left
    shutil.rmtree(on.places.slot(NEW))
    settle(on.carrier(QuickDisk(), OLDEST))
    assert on.look().current == OLDEST


@pytest.mark.parametrize("what", ["folder", "file", "nothing", "link out", "circle"])
def test_something_else_in_the_place_of_current(on: Box, what: str) -> None:
    on.places.current.unlink()
    if what == "folder":
        on.places.current.mkdir()
        (on.places.current / "x").write_text("x")
    elif what == "file":
        on.places.current.write_text("x")
    elif what != "nothing":
        on.places.current.symlink_to("../../etc" if what == "link out" else "current")
    assert settled(on) == NEW


def test_what_is_no_whole_version_is_no_slot(on: Box, tmp_path: Path) -> None:
    (on.places.slots / "0.1.0.99").mkdir()  # nothing in it
    (on.places.slots / "0.1.0.98").write_text("a file")
    (on.places.slots / "0.1.0.97").symlink_to(OLD)
    (on.places.slots / "notes of the owner").write_text("x")
    (on.places.slots / "1.2").mkdir()
    assert on.look().slots == {OLDEST, OLD}
    on.places.current.unlink()
    settle(on.carrier(QuickDisk()))
    assert on.look().current == NEW
    assert (on.places.slots / "notes of the owner").exists()  # what is not ours stays


def test_the_first_start_of_a_box_makes_a_slot_of_the_package(on: Box) -> None:
    shutil.rmtree(on.places.slots)
    assert settled(on) == NEW


def test_a_version_to_go_back_to_that_is_gone_leaves_the_new_one(on: Box) -> None:
    tried(on)
    shutil.rmtree(on.places.slot(OLD))
    before = on.database()
    assert settled(on) == NEW
    assert on.database() == before


def test_the_copy_counts_although_its_own_note_is_damaged(on: Box) -> None:
    tried(on)
    (on.places.copy / TRIAL_FILE).unlink()
    assert settled(on) == OLD
    assert on.database() == BEFORE


def test_two_programs_of_ours_do_not_work_on_the_slots_at_once(on: Box) -> None:
    with on.carrier(QuickDisk()).alone():
        folder = os.open(on.places.slots, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(folder)


def test_a_note_is_on_the_disk_before_it_has_its_name_and_its_name_lasts(on: Box) -> None:
    disk = NotedDisk()
    on.carrier(disk).want(Wanted(NEW))
    assert [op.name for op in disk.ops] == ["write", "sync", "rename", "sync"]
    assert [op.paths[0] for op in disk.ops[:3]] == [disk.ops[0].paths[0]] * 3
    assert disk.ops[3].paths == (on.places.slots,)


def test_a_stale_copy_without_a_trial_is_removed(on: Box) -> None:
    (on.places.slots / COPY).mkdir()
    settle(on.carrier(QuickDisk()))
    whole(on)
    assert on.database() == BEFORE
