"""`evse-bridge config migrate`: two files, both or none, with their rights and the files before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge import config_files, config_migration, settings, version
from bridge.folders import CommandError, MisuseError
from hal.configuration.wallbox_file import new_file
from hal.contract import WALLBOX_FILE

OLD = new_file(mock=True).replace("#pin = 18", "pwm_channel = 2 # mine")
BACKUP = f"{WALLBOX_FILE}.before-{version.numbers()}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of a mock box of an older version."""
    (tmp_path / WALLBOX_FILE).write_text(OLD)
    (tmp_path / WALLBOX_FILE).chmod(0o604)
    (tmp_path / settings.FILE_NAME).write_text(settings.new_file(mock=True))
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    return {each.name: each.read_text() for each in folder.iterdir()}


def migrated(folder: Path) -> list[str]:
    return list(config_migration.migrate(folder, mock=False))


def test_the_old_file_stays_beside_and_the_check_accepts_the_new_one(folder: Path) -> None:
    os.chown(folder / WALLBOX_FILE, os.getuid(), os.getgid())
    before = contents(folder)
    with pytest.raises(MisuseError, match="`sudo evse-bridge config migrate` changes it"):
        config_files.check(folder, mock=True)
    said = migrated(folder)
    assert "-pwm_channel = 2 # mine" in said
    assert "+pin = 18 # mine" in said
    assert said[-2:] == [f"{folder / BACKUP}: the file before", f"{folder / WALLBOX_FILE}: written"]
    assert config_files.check(folder, mock=True)
    after = contents(folder)
    assert after == before | {BACKUP: OLD, WALLBOX_FILE: after[WALLBOX_FILE]}
    assert (folder / WALLBOX_FILE).stat().st_mode & 0o777 == 0o604
    assert migrated(folder) == [config_migration.NOTHING]
    assert contents(folder) == after


def test_a_file_before_is_never_written_over(folder: Path) -> None:
    (folder / BACKUP).write_text("of last week")
    assert f"{folder / BACKUP}-2: the file before" in migrated(folder)
    assert ((folder / BACKUP).read_text(), (folder / f"{BACKUP}-2").read_text()) == ("of last week", OLD)


def test_a_cut_before_the_new_file_has_its_name_is_continued(folder: Path) -> None:
    (folder / BACKUP).hardlink_to(folder / WALLBOX_FILE)
    (folder / f"{WALLBOX_FILE}.new").write_text("half")
    migrated(folder)
    assert sorted(contents(folder)) == sorted([WALLBOX_FILE, BACKUP, settings.FILE_NAME])
    assert (folder / BACKUP).read_text() == OLD


@pytest.mark.parametrize("spoil", ["one to be decided", "no charge point"])
def test_what_a_person_must_mend_leaves_both_files(folder: Path, spoil: str) -> None:
    if spoil == "no charge point":
        (folder / settings.FILE_NAME).unlink()
    else:
        (folder / WALLBOX_FILE).write_text(OLD.replace("pwm_channel = 2", "pwm_channel = 1"))
    before = contents(folder)
    with pytest.raises(MisuseError, match="nothing was changed: mend this first"):
        migrated(folder)
    assert contents(folder) == before


def test_a_folder_in_the_place_of_the_new_file_is_said(folder: Path) -> None:
    (folder / f"{WALLBOX_FILE}.new").mkdir()
    with pytest.raises(CommandError, match=r"wallbox\.toml\.new: Is a directory"):
        migrated(folder)
    assert (folder / WALLBOX_FILE).read_text() == OLD


def test_an_update_is_told_what_would_be_written(folder: Path) -> None:
    before = contents(folder)
    words = ("-m", "bridge.cli.main", "config", "migrate", "--json", "--config-dir", str(folder))
    done = subprocess.run([sys.executable, "-I", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {WALLBOX_FILE: OLD_MIGRATED}
    assert contents(folder) == before


OLD_MIGRATED = (
    OLD.replace("pwm_channel = 2", "pin = 18")
    .replace("[adc]\n", "[adc]\nmax_voltage_v = 3.3 # the default before 0.1.0.216\n")
    .replace("[pilot]\n", "[pilot]\ngain = 10.0 # the default before 0.1.0.216\n")
)
