"""`updater`: whose program for updates is started, by the links and notes that it finds."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.slots.boot import settle
from deploy.slots.steps import to_trial
from deploy.slots.trees import replace
from tests.deploy.slots.box import MIGRATED, NEW, OLD, TRIAL, Box, box
from tests.deploy.slots.fickle_disk import QuickDisk
from tests.spoiled import SPOILED, Spoiling

SCRIPT = Path(__file__).resolve().parents[3] / "systemd" / "updater"
# A program that says whose it is. `broken` beside it: half unpacked, or with a mistake in it.
PYTHON = """#!/bin/sh
[ ! -e "$0.broken" ] || exit 1
[ "$2" = -c ] || echo "$(dirname "$(dirname "$0")")" "$@"
"""


@dataclass(frozen=True)
class Started:
    """The box, and the script with the places of the box in it."""

    on: Box
    script: Path

    def version(self, *words: str) -> str:
        """Whose program was started; empty: none was."""
        done = subprocess.run([self.script, *words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            assert "no version here has a program for updates that starts" in done.stderr
            return ""
        folder, *given = done.stdout.split()
        assert given == ["-I", "-m", "deploy.slots", *words]
        return Path(folder).name

    def breaks(self, folder: Path) -> None:
        (folder / "bin" / "python.broken").touch()


@pytest.fixture
def started(tmp_path: Path) -> Started:
    on = box(tmp_path / "box")
    text, places = SCRIPT.read_text(), on.places
    for usual, here in (
        ("/var/lib/evse-bridge/slots", places.slots),
        ("/usr/lib/evse-bridge/application", places.application),
        ("/run/evse-bridge/trial", places.mark),
    ):
        assert usual in text
        text = text.replace(usual, str(here))
    script = tmp_path / "updater"
    script.write_text(text)
    script.chmod(0o755)
    on.carrier(QuickDisk()).bring(places.application, NEW)
    for folder in (places.application, places.slot(OLD), places.slot(NEW)):
        (folder / "bin" / "python").unlink()
        (folder / "bin" / "python").write_text(PYTHON)
        (folder / "bin" / "python").chmod(0o755)
    return Started(on, script)


def in_trial(started: Started) -> None:
    started.on.carrier(QuickDisk()).carry_out(to_trial(started.on.look(), TRIAL, MIGRATED))
    assert started.on.look().current == NEW


def test_at_rest_it_is_that_of_the_version_that_runs(started: Started) -> None:
    assert started.version("serve") == OLD
    started.breaks(started.on.places.application)  # a package that is half unpacked
    assert started.version("boot") == OLD


def test_in_a_trial_it_is_never_that_of_the_version_on_trial(started: Started) -> None:
    in_trial(started)
    started.breaks(started.on.places.application)
    started.breaks(started.on.places.slot(NEW))
    assert started.version("pick-up") == OLD
    settle(started.on.carrier(QuickDisk()))
    assert started.version("serve") == OLD


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_damaged_note_of_the_trial_has_a_second_copy(started: Started, spoil: Spoiling) -> None:
    in_trial(started)
    spoil(started.on.places.trial)
    assert started.version("boot") == OLD


def test_where_no_version_is_it_is_the_packages(started: Started) -> None:
    started.on.places.current.unlink()
    assert started.version("boot") == "application"
    started.on.places.current.symlink_to("nowhere")
    assert started.version("boot") == "application"


def test_where_the_proven_one_is_damaged_it_is_the_packages(started: Started) -> None:
    in_trial(started)
    started.breaks(started.on.places.slot(OLD))
    assert started.version("boot") == "application"


def test_where_none_starts_the_bridge_begins_no_session_that_a_way_back_would_take(started: Started) -> None:
    for folder in (started.on.places.application, started.on.places.slot(OLD)):
        started.breaks(folder)
    assert started.version("boot") == ""
    assert not started.on.places.mark.exists()
    in_trial(started)
    started.on.places.mark.unlink()  # a boot
    assert started.version("boot") == ""
    assert started.on.places.mark.exists()


@pytest.mark.parametrize("before", ["../../etc", "$(touch here)", "a b", "", "9" * 5000])
def test_a_note_with_another_path_in_it_leads_nowhere_else(started: Started, before: str) -> None:
    replace(QuickDisk(), started.on.places.trial, f'{{"version":"{NEW}","before":"{before}"}}')
    assert started.version("boot") == "application"


def test_where_no_program_starts_the_mark_of_the_trial_follows_no_link(
    started: Started, tmp_path: Path
) -> None:
    """Its folder is hal.safety's, and hal.safety may be in a stranger's hands."""
    in_trial(started)
    for folder in (started.on.places.application, *started.on.places.slots.glob("[0-9]*")):
        started.breaks(folder)
    (tmp_path / "of root").write_text("kept")
    for mark in (False, True):
        started.on.places.mark.unlink(missing_ok=True)
        if mark:
            started.on.places.mark.symlink_to(tmp_path / "of root")
        assert started.version("serve") == ""
        assert started.on.places.mark.is_file()
        assert not started.on.places.mark.is_symlink()
    assert (tmp_path / "of root").read_text() == "kept"
