"""A backup brings all of a box back on another, or nothing, and says why."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.backup import __main__ as boots
from bridge.backup import sealed_file
from bridge.backup.alone import alone
from bridge.backup.backup import move
from bridge.backup.content import Content, decode, encode
from bridge.backup.disk import Disk
from bridge.backup.errors import BackupError
from bridge.backup.judging import Answers
from bridge.backup.restore import finish, opened
from bridge.backup.restoring import hold, restore
from bridge.cli.backup import finish_interrupted
from bridge.core.rows import GivenUp
from bridge.folders import CommandError
from bridge.settings import FILE_NAME
from bridge.store import Database, held
from bridge.store.schema import MIGRATIONS, newest_version
from tests.bridge.backup.boxes import (
    CA_FILE,
    PASSPHRASE,
    PASSWORD,
    Box,
    CutDisk,
    FullDisk,
    PowerCutError,
)
from tests.bridge.store.story import BATCHES_A_ROW

GONE = Answers(old_box_is_gone=True)
GONE_OVER = Answers(old_box_is_gone=True, over=True)
BATCHES = 5 * BATCHES_A_ROW + 3


@pytest.fixture
def old(tmp_path: Path) -> Box:
    return a_box(tmp_path / "old", BATCHES)


@pytest.fixture
def new(tmp_path: Path) -> Box:
    return empty_box(tmp_path / "new")


def a_box(folder: Path, batches: int) -> Box:
    box = Box(folder)
    box.configure()
    box.live(batches)
    return box


def empty_box(folder: Path) -> Box:
    """As the package leaves it."""
    box = Box(folder)
    box.folders.config.mkdir(parents=True)
    box.folders.state.mkdir()
    return box


def rows(box: Box) -> dict[str, list[tuple[object, ...]]]:
    """All that its store holds."""
    with closing(Database(box.places.database)), closing(sqlite3.connect(box.places.database)) as read:
        tables = [name for (name,) in read.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: read.execute(f"SELECT * FROM {name}").fetchall() for name in sorted(tables)}


def changed(file: Path, alter: dict[str, object], box: Box) -> Path:
    """The same backup with another content, sealed by somebody who has the passphrase."""
    content = msgspec.structs.replace(opened(file, PASSPHRASE), **alter)
    made = box.folder / "changed"
    made.write_bytes(sealed_file.seal(encode(content), PASSPHRASE))
    return made


def test_another_box_becomes_this_one(old: Box, new: Box) -> None:
    """Files, store, counters; the old one stays as it is."""
    before = old.files()
    file = old.back_up()
    report = new.restore(file, Answers(old_box_is_gone=True, nothing_sent_since=True))
    assert rows(new) == rows(old)
    there = new.files()
    assert {name: there[name] for name in there if not name.endswith(".sqlite")} == {
        name: before[name] for name in before if not name.endswith(".sqlite")
    }
    assert report.can_start
    assert old.files().keys() - {"backup"} == before.keys()
    assert held.read(new.places.of_bridge) is None


def test_nobody_else_reads_the_file_or_what_is_secret(old: Box, new: Box) -> None:
    file = old.back_up()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD.encode() not in file.read_bytes()
    assert b"04AABB" not in file.read_bytes()
    new.restore(file, GONE)
    for path in (new.folders.config / FILE_NAME, new.places.database):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PASSWORD not in repr(opened(file, PASSPHRASE))


def test_a_file_that_exists_stays(old: Box) -> None:
    file = old.back_up()
    content = file.read_bytes()
    with pytest.raises(BackupError, match="exists already and stays"):
        old.back_up()
    assert file.read_bytes() == content


def test_where_no_file_can_be_written_nothing_is_left(old: Box) -> None:
    with pytest.raises(CommandError, match="No such file"):
        old.back_up("no-such-folder/backup")
    names = [path.name for path in old.folder.rglob("*")]
    assert not [name for name in names if name.endswith((".part", ".copy")) or name.startswith("backup")]


def test_an_unfinished_backup_is_not_taken(old: Box, new: Box) -> None:
    part = old.back_up().rename(old.folder / "backup.part")
    with pytest.raises(BackupError, match="not finished"):
        new.restore(part, GONE)


def test_a_damaged_store_is_not_backed_up(old: Box) -> None:
    with old.places.database.open("r+b") as file:
        file.seek(1024)
        file.write(b"\xff" * 4096)
    with pytest.raises(BackupError, match=r"bridge\.sqlite"):
        old.back_up()


def test_without_a_configuration_there_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"wallbox\.toml: No such file"):
        empty_box(tmp_path / "b").back_up()


def test_what_is_a_pipe_or_endless_is_not_read(old: Box) -> None:
    (old.folders.config / "firmware.pem").unlink()
    os.mkfifo(old.folders.config / "firmware.pem")
    with pytest.raises(CommandError, match="FIFO"):
        old.back_up()
    (old.folders.config / "firmware.pem").unlink()
    (old.folders.config / "firmware.pem").symlink_to("/dev/zero")
    with pytest.raises(CommandError, match="device"):
        old.back_up()


def test_a_link_is_read_and_replaced_but_not_followed(old: Box, new: Box, tmp_path: Path) -> None:
    """The file that it names is in the backup; on the new box what a link points at is not touched."""
    real = tmp_path / "elsewhere.pem"
    (old.folders.config / "firmware.pem").rename(real)
    (old.folders.config / "firmware.pem").symlink_to(real)
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    for name in ("firmware.pem", "firmware.pem.restored", "wallbox.toml"):
        (new.folders.config / name).symlink_to(precious)
    new.restore(old.back_up(), GONE)
    assert precious.read_bytes() == b"precious"
    assert (new.folders.config / "firmware.pem").read_bytes() == CA_FILE
    assert not (new.folders.config / "firmware.pem").is_symlink()


def test_a_file_outside_is_kept_in_the_backup_and_never_written(old: Box, new: Box, tmp_path: Path) -> None:
    outside = tmp_path / "outside.pem"
    outside.write_bytes(CA_FILE)
    config = old.folders.config / FILE_NAME
    config.write_text(config.read_text().replace('"firmware.pem"', f'"{outside}"'))
    file = old.back_up()
    outside.unlink()
    report = new.restore(file, GONE)
    assert not outside.exists()
    assert any(str(outside) in line and "copy it" in line for line in report.lines)


# Two boxes with one identity


def test_on_another_machine_the_old_box_must_be_gone(old: Box, new: Box) -> None:
    file = old.back_up()
    other = msgspec.structs.replace(opened(file, PASSPHRASE).origin, machine_id="other", machine_serial="s")
    file = changed(file, {"origin": other}, old)
    before = new.files()
    with pytest.raises(BackupError, match=r"two boxes with one identity.*--old-box-is-gone"):
        new.restore(file)
    assert new.files() == before
    new.restore(file, GONE)


def test_a_mock_never_becomes_a_real_box_nor_a_real_one_a_mock(old: Box, new: Box) -> None:
    file = old.back_up()
    real = msgspec.structs.replace(opened(file, PASSPHRASE).origin, mock=False)
    with pytest.raises(BackupError, match=r"backup of a real box .*mock one"):
        new.restore(changed(file, {"origin": real}, old), GONE_OVER)


def test_sessions_of_its_own_are_not_replaced_unasked(old: Box, new: Box) -> None:
    new.configure("MOCK0002")
    new.live(BATCHES_A_ROW)
    before, own = new.files(), rows(new)
    file = old.back_up()
    with pytest.raises(BackupError, match=r"has 1 sessions of its own.*--over"):
        new.restore(file, GONE)
    assert new.files() == before
    new.restore(file, GONE_OVER)
    (kept,) = new.folders.state.glob("before-restore-*")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert (kept / FILE_NAME).read_bytes() == before[f"c/{FILE_NAME}"]
    again = Box(new.folder / "again")
    again.folders.state.mkdir(parents=True)
    (again.places.database).write_bytes((kept / "bridge.sqlite").read_bytes())
    assert rows(again) == own


def test_a_store_that_cannot_be_read_counts_as_sessions(old: Box, new: Box) -> None:
    new.places.database.write_bytes(b"no database" * 100)
    with pytest.raises(BackupError, match=r"sessions that cannot be read.*--over"):
        new.restore(old.back_up(), GONE)


def test_all_that_speaks_against_it_is_said_at_once(old: Box, new: Box) -> None:
    new.configure()
    new.live(BATCHES_A_ROW)
    file = old.back_up()
    other = msgspec.structs.replace(opened(file, PASSPHRASE).origin, machine_id="other", machine_serial="s")
    with pytest.raises(BackupError) as error:
        new.restore(changed(file, {"origin": other}, old))
    assert len(str(error.value).splitlines()) == 2


# What may have been sent since


def test_the_owner_is_told_which_sessions_wait(old: Box, new: Box) -> None:
    report = new.restore(old.back_up(), GONE)
    assert any("session 6." in line and "--resend" in line for line in report.lines)


# Moving


def test_a_moved_box_runs_no_more_and_its_backup_needs_no_word(old: Box, new: Box) -> None:
    file = old.folder / "moved"
    before = rows(old)
    said = move(old.places, file, PASSPHRASE, Disk())
    assert "sends nothing any more" in said
    with pytest.raises(held.HeldError, match="moved away on"):
        held.require_free(old.places.of_bridge)
    new.restore(file, GONE)
    assert rows(new) == before
    held.require_free(new.places.of_bridge)


def test_a_lost_file_of_a_move_can_be_made_again(old: Box) -> None:
    move(old.places, old.folder / "one", PASSPHRASE, Disk())
    move(old.places, old.folder / "two", PASSPHRASE, Disk())
    one, two = opened(old.folder / "one", PASSPHRASE), opened(old.folder / "two", PASSPHRASE)
    assert one.origin.move == two.origin.move != ""


def test_a_move_is_taken_back_only_by_whoever_says_that_no_other_box_ran(old: Box) -> None:
    before = rows(old)
    file = old.folder / "moved"
    move(old.places, file, PASSPHRASE, Disk())
    with pytest.raises(BackupError, match=r"no other box may run, or have run, with it.*--old-box-is-gone"):
        old.restore(file)
    with pytest.raises(held.HeldError):
        held.require_free(old.places.of_bridge)
    old.restore(file, GONE)
    held.require_free(old.places.of_bridge)
    assert rows(old) == before


@pytest.mark.parametrize("operations", range(6))
def test_no_power_cut_makes_a_file_of_a_box_that_goes_on(old: Box, operations: int) -> None:
    file = old.folder / "moved"
    disk = CutDisk(operations)
    with_cut = False
    try:
        move(old.places, file, PASSPHRASE, disk)
    except PowerCutError:
        with_cut = True
    if file.exists():
        with pytest.raises(held.HeldError):
            held.require_free(old.places.of_bridge)
    assert with_cut is (operations < 4)
    again = old.folder / "again"
    move(old.places, again, PASSPHRASE, Disk())  # whatever the cut has left
    assert opened(again, PASSPHRASE).origin.move


# Power cuts and full disks


@pytest.fixture
def tried(tmp_path: Path) -> Tried:
    old = a_box(tmp_path / "old", BATCHES)
    return Tried(tmp_path, opened(old.back_up(), PASSPHRASE))


@dataclass
class Tried:
    """Restores of one backup over one box, each on a fresh copy of that box."""

    folder: Path
    content: Content

    def __post_init__(self) -> None:
        self.template = a_box(self.folder / "template", BATCHES_A_ROW)
        (self.template.folders.state / "meter.json.copy").write_text("of the box before")
        self.before = self.template.files()
        whole = self.box("whole")
        restore(Disk(), whole.places.box, whole.places.placed(self.content), "why")
        self.after = whole.files()
        assert "d/meter.json.copy" not in self.after

    def box(self, name: str) -> Box:
        shutil.copytree(self.template.folder, self.folder / name)
        return Box(self.folder / name)

    def restore(self, box: Box, disk: Disk) -> None:
        restore(disk, box.places.box, box.places.placed(self.content), "it has not ended")

    def seen(self, box: Box) -> str:
        """Which of the two it is, but for what is staged and noted."""
        beside = (".restored", ".new", "held.json", "restore-journal.json")
        now = {name: content for name, content in box.files().items() if not name.endswith(beside)}
        return "before" if now == self.before else "after" if now == self.after else f"neither: {sorted(now)}"


def test_a_power_cut_leaves_all_or_nothing(tried: Tried) -> None:
    """After each prefix of the operations: the bridge starts on the whole of one of the two, or not at all;
    whatever is cut of the finishing, too."""
    outcomes: list[str] = []
    for cut in range(100):
        box = tried.box(f"cut-{cut}")
        try:
            tried.restore(box, CutDisk(cut))
        except PowerCutError:
            outcomes.append(finished(tried, box))
        else:
            break
    assert outcomes == sorted(outcomes, reverse=True)  # nothing, up to one moment; then all
    assert set(outcomes) == {"before", "after"}
    assert len(outcomes) > 15


def test_a_boot_ends_what_a_power_cut_left(tried: Tried, capsys: pytest.CaptureFixture[str]) -> None:
    """By the program of the unit, and by what `run` does before it starts anything; a moved box stays one."""
    said = ""
    for cut in range(1, 18, 2):
        box = tried.box(f"boot-{cut}")
        moved = held.Held(kind="moved", why="moved", move="1")
        hold(Disk(), box.places.box, moved)
        with pytest.raises(PowerCutError):
            tried.restore(box, CutDisk(cut))
        if cut % 4 == 1:
            said += "".join(finish_interrupted(box.folders))
        assert boots.main([str(box.folders.config), str(box.folders.state)]) == 0
        said += capsys.readouterr().out
        seen = tried.seen(box)
        assert held.read(box.places.of_bridge) == (moved if seen == "before" else None)
        assert not list(box.folders.state.rglob("*.restored"))
        assert not list(finish_interrupted(box.folders))
    for outcome in ("no restore was interrupted", "is complete", "is taken back"):
        assert outcome in said


def test_what_nobody_can_read_is_not_taken_away(tried: Tried, capsys: pytest.CaptureFixture[str]) -> None:
    """It may say that the box was moved: no boot frees it, and no backup of it is made."""
    box = tried.box("unreadable")
    note = box.places.box.held
    note.write_bytes(b"\xff")
    assert boots.main([str(box.folders.config), str(box.folders.state)]) == 0
    assert "no restore was interrupted" in capsys.readouterr().out
    assert note.read_bytes() == b"\xff"
    for again in (box.back_up, lambda: move(box.places, box.folder / "m", PASSPHRASE, Disk())):
        with pytest.raises(BackupError, match="cannot be read"):
            again()
    with pytest.raises(BackupError, match="--old-box-is-gone"):
        box.place(tried.content, Answers(over=True))
    box.place(tried.content, GONE_OVER)
    assert held.read(box.places.of_bridge) is None


def test_two_restores_exclude_each_other(tried: Tried, capsys: pytest.CaptureFixture[str]) -> None:
    box = tried.box("two")
    with alone(box.folders.state):
        assert boots.main([str(box.folders.config), str(box.folders.state)]) == 1
    assert "another backup or restore is at work" in capsys.readouterr().err


def test_a_box_that_runs_again_is_not_changed_by_an_old_journal(tried: Tried) -> None:
    """Once it is free, no boot puts anything in its place any more: not even a file that is to be none."""
    content = msgspec.structs.replace(tried.content, meter=None)
    for cut in range(100):
        box = tried.box(f"again-{cut}")
        try:
            restore(CutDisk(cut), box.places.box, box.places.placed(content), "it has not ended")
        except PowerCutError:
            if held.read(box.places.of_bridge) is None and not (box.folders.state / "meter.json").exists():
                (box.folders.state / "meter.json").write_text("of the new life")
                finish(box.places, Disk())
                assert (box.folders.state / "meter.json").read_text() == "of the new life"
        else:
            return
    pytest.fail("it was never done")


def finished(tried: Tried, box: Box) -> str:
    """Boots after boots, each with a cut of its own; then what is there."""
    for more in range(30):
        if held.read(box.places.of_bridge) is None:
            assert tried.seen(box) in ("before", "after")
        try:
            finish(box.places, CutDisk(more))
        except PowerCutError:
            continue
        break
    assert held.read(box.places.of_bridge) is None
    assert not [name for name in box.files() if name.endswith((".restored", ".new", "journal.json"))]
    return tried.seen(box)


def test_a_folder_with_the_name_of_what_was_staged_is_left_alone(tried: Tried) -> None:
    """The end of a restore at each boot must not fail at it."""
    box = tried.box("odd")
    (box.folders.state / "mine.restored").mkdir()
    (box.folders.state / "firmware.pem.restored").write_text("staged")
    assert finish(box.places, Disk()) == "no restore was interrupted"
    assert (box.folders.state / "mine.restored").is_dir()
    assert not (box.folders.state / "firmware.pem.restored").exists()


def test_a_full_disk_leaves_the_box_as_it_was(tried: Tried) -> None:
    for room in range(30):
        box = tried.box(f"full-{room}")
        try:
            tried.restore(box, FullDisk(room))
        except OSError:
            if (box.folders.state / "restore-journal.json").exists():
                finish(box.places, Disk())
                assert box.files() == tried.after
            else:
                assert box.files() == tried.before
        else:
            assert room > 5
            return
    pytest.fail("it was never done")


def test_a_full_disk_is_said_in_words(old: Box, new: Box) -> None:
    before = new.files()
    with pytest.raises(BackupError, match=r"No space left.*free space on its disk; the box is as it was"):
        new.restore(old.back_up(), GONE, FullDisk(2))
    assert new.files() == before


# Versions, and what somebody with the passphrase may have written


def test_a_store_of_an_older_version_is_brought_to_the_newest(old: Box, new: Box) -> None:
    content = opened(old.back_up(), PASSPHRASE)
    older = old.folder / "older"
    with closing(sqlite3.connect(older)) as made:
        for script in sorted(MIGRATIONS.glob("*.sql"))[:3]:
            made.executescript(script.read_text())
        made.execute("PRAGMA user_version = 3")
        made.execute(
            "INSERT INTO transactions (row_id, boot_id, connector_id, id_tag, meter_start_wh, started_at)"
            " VALUES (1, 'b', 1, 'TAG', 5, '2026-01-01T00:00:00.000000+00:00')"
        )
        made.execute("INSERT INTO outbox (row_id, place, seq) VALUES (1, 0, 0)")
        made.commit()
    new.place(msgspec.structs.replace(content, database=older.read_bytes()), GONE)
    with closing(Database(new.places.database)) as store:
        assert [row.id_tag for row in store.dead_letters()] == ["TAG"]


def test_a_store_of_a_newer_version_is_refused_in_words(old: Box, new: Box) -> None:
    content = opened(old.back_up(), PASSPHRASE)
    newer = old.folder / "newer"
    newer.write_bytes(content.database or b"")
    with closing(sqlite3.connect(newer)) as made:
        number = newest_version() + 1
        made.execute(f"PRAGMA user_version = {number}")
        made.execute(f"PRAGMA application_id = {0x45565300 + number}")
    before = new.files()
    with pytest.raises(BackupError, match=f"its store cannot be used: schema version {number}"):
        new.place(msgspec.structs.replace(content, database=newer.read_bytes()), GONE)
    assert new.files() == before


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a/../../evil", "", ".", "a//b", "x" * 300, "x.restored", "a\0b"]
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(name: str, old: Box) -> None:
    content = opened(old.back_up(), PASSPHRASE)
    hostile = msgspec.structs.replace(content, configuration={**content.configuration, name: b"x"})
    with pytest.raises(ValueError, match="no name of a configuration file"):
        decode(encode(hostile))


def test_a_file_that_no_configuration_names_is_refused(old: Box, new: Box) -> None:
    content = opened(old.back_up(), PASSPHRASE)
    file = changed(old.folder / "backup", {"configuration": {**content.configuration, "evil": b"x"}}, old)
    with pytest.raises(BackupError, match="'evil' is named by no configuration file"):
        new.restore(file, GONE)
    without = {FILE_NAME: content.configuration[FILE_NAME]}
    with pytest.raises(BackupError, match=r"wallbox\.toml is missing"):
        new.restore(changed(old.folder / "backup", {"configuration": without}, old), GONE)


@given(st.binary(max_size=300))
def test_no_content_breaks_the_reader(plain: bytes) -> None:
    with pytest.raises(ValueError):
        decode(plain)


def test_a_store_that_is_none_is_refused_before_anything_is_written(old: Box, new: Box) -> None:
    content = msgspec.structs.replace(opened(old.back_up(), PASSPHRASE), database=b"none" * 2000)
    before = new.files()
    with pytest.raises(BackupError, match="its store cannot be used"):
        new.place(content, GONE)
    assert new.files() == before


def test_a_configuration_that_is_wrong_is_restored_but_not_started(old: Box, new: Box) -> None:
    content = opened(old.back_up(), PASSPHRASE)
    wrong = content.configuration["wallbox.toml"].replace(b"[installation]", b"[instalation]")
    assert wrong != content.configuration["wallbox.toml"]
    report = new.place(
        msgspec.structs.replace(content, configuration={**content.configuration, "wallbox.toml": wrong}), GONE
    )
    assert not report.can_start
    assert any("to be corrected before a start: wallbox.toml" in line for line in report.lines)


def test_one_dead_letter_of_the_owner_stays_one(old: Box, new: Box) -> None:
    """A refused session keeps its own reason."""
    with closing(Database(old.places.database)) as store:
        store.apply([GivenUp(6, "refused by its owner")])
    new.restore(old.back_up(), GONE)
    with closing(Database(new.places.database)) as store:
        assert store.row(6).given_up == "refused by its owner"  # type: ignore[union-attr]


def named(content: Content, *names: str) -> Content:
    """That configuration with two other files that it names."""
    file = content.configuration[FILE_NAME].decode()
    assert '#ca_file = ""' in file
    file = file.replace('#ca_file = ""', f'ca_file = "{names[0]}"').replace("firmware.pem", names[1])
    configuration = {FILE_NAME: file.encode(), "wallbox.toml": content.configuration["wallbox.toml"]}
    configuration |= {name: name.encode() for name in names}
    return msgspec.structs.replace(content, configuration=configuration)


@pytest.mark.parametrize(
    "names", [("a", "a/b"), ("a/b", "a"), ("wallbox.toml/x", "f"), ("\u00e4" * 120, "f")]
)
def test_names_that_no_disk_can_hold(old: Box, names: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"is a file and a folder|is no name of a config"):
        decode(encode(named(opened(old.back_up(), PASSPHRASE), *names)))


def test_of_two_files_of_one_name_both_are_kept(old: Box, new: Box) -> None:
    content = named(opened(old.back_up(), PASSPHRASE), "ca/own.pem", "fw/own.pem")
    new.place(content, GONE)
    new.place(content, GONE_OVER)
    (kept,) = new.folders.state.glob("before-restore-*")
    assert {name: (kept / name).read_bytes() for name in ("ca/own.pem", "fw/own.pem")} == {
        "ca/own.pem": b"ca/own.pem",
        "fw/own.pem": b"fw/own.pem",
    }
