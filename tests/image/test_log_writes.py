"""The rebuilt disk is one that a power cut can leave, from a log that QEMU itself wrote."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.image.log_writes import (
    SECTOR,
    Entry,
    Flush,
    LogError,
    Write,
    copied,
    entries,
    has_qemu,
    survivors,
    writes_on,
)

DISK = 64 * SECTOR
SOME_WRITES = ["write -P 1 0 512", "write -P 2 512 1024", "flush", "write -z 512 512", "write -P 3 4096 512"]


def recorded(folder: Path, commands: list[str]) -> tuple[Path, Path]:
    """What qemu-io wrote on an empty disk, and the log of it."""
    if not has_qemu():
        pytest.skip("no qemu-io: apt install qemu-utils")
    disk, log = folder / "disk", folder / "log"
    disk.write_bytes(bytes(DISK))
    log.write_bytes(b"")
    options = (
        "driver=blklogwrites,log-sector-size=512,"
        f"file.driver=file,file.filename={disk},log.driver=file,log.filename={log}"
    )
    spoken = [word for command in commands for word in ("-c", command)]
    subprocess.run(["qemu-io", "--image-opts", *spoken, options], check=True, capture_output=True)
    return disk, log


def test_all_entries_make_the_disk_that_qemu_wrote(tmp_path: Path) -> None:
    disk, log = recorded(tmp_path, SOME_WRITES)
    rebuilt = tmp_path / "rebuilt"
    rebuilt.write_bytes(bytes(DISK))
    writes_on(rebuilt, log, [entry for entry in entries(log) if isinstance(entry, Write)])
    assert rebuilt.read_bytes() == disk.read_bytes()
    assert disk.read_bytes()[:SECTOR] == b"\1" * SECTOR


def test_a_log_that_ends_in_the_middle_is_read_to_there(tmp_path: Path) -> None:
    _, log = recorded(tmp_path, SOME_WRITES)
    whole = entries(log)
    second = next(at for at, entry in enumerate(whole) if isinstance(entry, Flush))
    hole = next(entry for entry in whole[second:] if isinstance(entry, Write))
    with log.open("r+b") as file:
        assert hole.offset is not None
        file.seek(hole.offset - SECTOR)
        file.write(bytes(SECTOR))
    assert entries(log) == whole[: whole.index(hole)]


def test_another_file_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(bytes(4 * SECTOR))
    with pytest.raises(LogError, match="must be blklogwrites'"):
        entries(tmp_path / "log")


def test_a_copy_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(bytes(DISK) + b"end")
    assert copied(tmp_path / "disk", tmp_path / "copy").read_bytes() == bytes(DISK) + b"end"


some_entries = st.lists(
    st.one_of(st.just(Flush()), st.builds(Write, st.integers(0, 9), st.integers(1, 3), st.just(None))),
    max_size=30,
)


@given(some_entries, st.data())
def test_what_was_flushed_survives_and_what_was_not_written_does_not(
    log: list[Entry], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(log)))
    kept = survivors(log, cut, random.Random(data.draw(st.integers())))
    before = log[:cut]
    last = max((at for at, entry in enumerate(before) if isinstance(entry, Flush)), default=-1)
    durable = [entry for entry in before[: last + 1] if isinstance(entry, Write)]
    maybe = [entry for entry in before[last + 1 :] if isinstance(entry, Write)]
    assert kept[: len(durable)] == durable
    rest = iter(maybe)
    assert all(entry in rest for entry in kept[len(durable) :])


def test_some_of_the_last_writes_are_lost_and_some_are_not() -> None:
    log: list[Entry] = [Write(at, 1, None) for at in range(100)]
    kept = survivors(log, 100, random.Random(1))
    assert 20 < len(kept) < 80
