"""The boot partition: changed with a backup, undone byte for byte, and in words when it takes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.boot import cmdline_txt, config_txt
from bridge.boot.files import BEFORE, BootFiles, Change, seen
from bridge.boot.settings import Wiring, wanted
from bridge.folders import CommandError
from tests.bridge.boot.pis import CMDLINE, CONFIG, PIS, lay_out
from tests.own_mounts import under

HERE = Path(__file__).parents[3]


def changes(root: Path, wires: Wiring | None = None) -> tuple[BootFiles, list[Change]]:
    """What `setup` would change there."""
    wires = wires or Wiring(header_uart=True)
    board, files = seen(root).board, BootFiles(root)
    assert board is not None
    return files, files.changes(board.filters, wanted(board, wires), uart=wires.header_uart)


def bytes_of(root: Path) -> dict[str, bytes]:
    """All files of the boot partition."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in (root / "boot").rglob("*.*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", [name for name in PIS if name not in ("debian", "pi2")])
def test_changed_once_and_undone_byte_for_byte(name: str, tmp_path: Path) -> None:
    root = lay_out(tmp_path, PIS[name])
    before = bytes_of(root)
    files, todo = changes(root)
    assert [change.path.name for change in todo] == ["config.txt", "cmdline.txt"]
    assert "+dtparam=spi=on" in todo[0].diff
    files.apply(todo)
    assert changes(root)[1] == []
    assert (files.folder / f"config.txt{BEFORE}").read_bytes() == CONFIG.encode()
    files.undo(files.undoing())
    assert bytes_of(root) == before
    assert files.undoing() == []


def test_what_was_written_by_hand_since_stays(tmp_path: Path) -> None:
    root = lay_out(tmp_path, PIS["pi4"])
    files, todo = changes(root)
    files.apply(todo)
    config, cmdline = files.folder / "config.txt", files.folder / "cmdline.txt"
    config.write_text(f"# by hand\n{config.read_text()}")
    cmdline.write_text(cmdline.read_text().replace("rootwait", "rootwait quiet"))
    files.undo(files.undoing())
    assert config.read_text() == f"# by hand\n{CONFIG}"
    assert cmdline.read_text() == CMDLINE.replace("rootwait", "rootwait quiet")


def test_a_second_wiring_keeps_the_first_file(tmp_path: Path) -> None:
    root = lay_out(tmp_path, PIS["pi4"])
    before = bytes_of(root)
    files, todo = changes(root, Wiring(header_uart=True))
    files.apply(todo)
    files.apply(changes(root, Wiring(pilot_pin=12, one_wire=True, header_uart=True))[1])
    files.undo(files.undoing())
    assert bytes_of(root) == before


@given(st.binary(max_size=80), st.binary(max_size=40))
def test_any_bytes_come_back(tmp_path_factory: pytest.TempPathFactory, config: bytes, cmdline: bytes) -> None:
    root = lay_out(
        tmp_path_factory.mktemp("pi"), PIS["pi3"], config.decode("latin-1"), cmdline.decode("latin-1")
    )
    before = bytes_of(root)
    files, todo = changes(root)
    files.apply(todo)
    files.undo(files.undoing())
    assert bytes_of(root) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the kernel's full device")
def test_a_full_partition(tmp_path: Path) -> None:
    """The new file's name leads to a device that is always full."""
    root = lay_out(tmp_path, PIS["pi4"])
    files, todo = changes(root)
    (files.folder / f"config.txt{BEFORE}.new").symlink_to("/dev/full")
    with pytest.raises(CommandError, match=r"the boot partition is full: remove old kernels"):
        files.apply(todo)
    assert (files.folder / "config.txt").read_text() == CONFIG


def test_a_read_only_partition(tmp_path: Path) -> None:
    root = lay_out(tmp_path, PIS["pi4"])
    boot = root / "boot/firmware"
    mount = under(f"mount --bind {boot} {boot} && mount -o remount,bind,ro {boot}")
    done = subprocess.run(
        [*mount, sys.executable, "-c", applying(root)], cwd=HERE, capture_output=True, check=False
    )
    assert b"it is mounted read-only: `sudo mount -o remount,rw" in done.stderr
    assert changes(root)[1]


def test_without_permission(tmp_path: Path) -> None:
    """Root has none of its capabilities here: it may write what is its own, like anybody."""
    root = lay_out(tmp_path, PIS["pi4"])
    files, todo = changes(root)
    files.folder.chmod(0o500)
    like_anybody = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*like_anybody, sys.executable, "-c", applying(root)], cwd=HERE, capture_output=True, check=False
    )
    assert b"use sudo" in done.stderr
    files.folder.chmod(0o700)
    assert changes(root)[1] == todo


def applying(root: Path) -> str:
    """A program that applies the changes."""
    return (
        "from pathlib import Path; from tests.bridge.boot.test_files import changes\n"
        f"files, todo = changes(Path({str(root)!r}))\nfiles.apply(todo)"
    )


def test_no_boot_partition(tmp_path: Path) -> None:
    root = lay_out(tmp_path, PIS["pi4"])
    (root / "boot/firmware/config.txt").unlink()
    with pytest.raises(CommandError, match="is the boot partition mounted"):
        BootFiles(root)


def test_a_power_cut_leaves_the_old_or_the_new_file(tmp_path: Path) -> None:
    """What lies beside them meanwhile is no file of the firmware's, and the next run goes on."""
    root = lay_out(tmp_path, PIS["pi4"])
    files, todo = changes(root)
    files.apply(todo[:1])
    (files.folder / "cmdline.txt.new").write_bytes(b"half a li")
    assert changes(root)[1] == todo[1:]
    files.apply(changes(root)[1])
    files.undo(files.undoing())
    assert (files.folder / "cmdline.txt").read_text() == CMDLINE
    assert config_txt.without_ours(CONFIG) == CONFIG
    assert not cmdline_txt.consoles((files.folder / "cmdline.txt").read_text().replace("serial0", "tty3"))


def test_included_files_are_read_wherever_they_name_each_other(tmp_path: Path) -> None:
    root = lay_out(tmp_path, PIS["pi4"], config="include more/a.txt\ninclude absent.txt\ninclude c.txt\n")
    folder = root / "boot/firmware"
    (folder / "more").mkdir()
    (folder / "more/a.txt").write_text("include /b.txt\ninclude more/a.txt\n")
    (folder / "b.txt").write_text("dtparam=spi=on\n")
    os.mkfifo(folder / "c.txt")
    files, todo = changes(root)
    assert set(files.included()) == {"more/a.txt", "/b.txt"}
    assert "+dtparam=spi=on" not in todo[0].diff


def test_a_pwm_in_an_included_file_is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    root = lay_out(tmp_path, PIS["pi4"], config=f"{CONFIG}include a.txt\n")
    (root / "boot/firmware/a.txt").write_text("dtoverlay=audremap,pins_18_19\n")
    with pytest.raises(
        CommandError, match=r"a\.txt, which config\.txt includes, has dtoverlay=audremap,pins_18_19"
    ):
        changes(root)


@pytest.mark.parametrize(
    "lines",
    [
        f"{config_txt.BEGIN}\nkept=1\n",  # somebody has removed the end of ours
        f"{config_txt.END}\nkept=1\n{config_txt.BEGIN}\n",
        f"kept=1\n{config_txt.BEGIN}\n" * 3,
        "include config.txt\n",
        f"include {'x' * 300}\n",
        "include ..\n",
    ],
)
def test_odd_lines_stay_and_setup_ends(tmp_path: Path, lines: str) -> None:
    root = lay_out(tmp_path, PIS["pi4"], config=lines + CONFIG)
    before = bytes_of(root)
    files, todo = changes(root)
    files.apply(todo)
    assert changes(root)[1] == []
    files.undo(files.undoing())
    assert bytes_of(root) == before


def test_files_that_include_files_without_end(tmp_path: Path) -> None:
    root = lay_out(tmp_path, PIS["pi4"], config="include 0\n")
    for number in range(100):
        (root / f"boot/firmware/{number}").write_text(f"include {number + 1}\n")
    with pytest.raises(CommandError, match="includes more than 50 files: setup cannot say what counts"):
        changes(root)


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (
            2**20 + 1,
            "has 1048577 bytes, must have 1048576 at most; move it away, or put the right file there",
        ),
        (2**20, "would have [0-9]+ bytes, must have 1048576 at most"),
    ],
)
def test_a_file_as_long_as_a_film(tmp_path: Path, size: int, why: str) -> None:
    root = lay_out(tmp_path, PIS["pi4"], config="#" * size)
    with pytest.raises(CommandError, match=why):
        BootFiles(root).apply(changes(root)[1])
    assert (root / "boot/firmware/config.txt").stat().st_size == size
