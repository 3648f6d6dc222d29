"""The count on disk: it outlives a damaged file, and a flipped digit is damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.instruments.meter.energy import StoredCount
from hal.instruments.meter.energy_file import Kept, read, write
from tests.spoiled import SPOILED, Spoiling, cut_off

COUNT = StoredCount("abb_b23", "41234567", 2, 1_234_560, -1000)
NEXT = StoredCount("abb_b23", "41234567", 2, 1_234_570, -1000)
DAMAGED = [b"", b"{", b"[]", b'{"model": "x"}', b"\xff\xfe", b'{"model": 1}', b"[" * 100_000]


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "meter.json"
    assert read(path) == Kept(None)
    write(path, COUNT)
    assert read(path) == Kept(COUNT)
    assert sorted(file.name for file in path.parent.iterdir()) == ["meter.json", "meter.json.copy"]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_is_replaced_by_its_copy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "meter.json"
    write(path, COUNT)
    path.write_bytes(content)
    kept = read(path)
    assert kept.count == COUNT
    assert "meter.json cannot be read: " in kept.note
    assert kept.note.endswith("its copy of a minute ago is used, nothing is to be done")
    write(path, NEXT)
    assert read(path) == Kept(NEXT)


@pytest.mark.parametrize("content", DAMAGED)
def test_if_both_are_damaged_the_count_begins_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "meter.json"
    write(path, COUNT)
    for each in (path, tmp_path / "meter.json.copy"):
        each.write_bytes(content)
    kept = read(path)
    assert kept.count is None
    assert "nor can its copy; it is set aside as meter.unreadable, and the count begins with" in kept.note
    assert (tmp_path / "meter.unreadable").read_bytes() == content
    write(path, NEXT)
    assert read(path) == Kept(NEXT)


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("names", [["meter.json"], ["meter.json.copy"], ["meter.json", "meter.json.copy"]])
@pytest.mark.parametrize("spoil", [spoil for spoil in SPOILED if spoil is not cut_off])  # only the line's end
def test_whatever_stands_there_the_count_is_kept_again(
    tmp_path: Path, spoil: Spoiling, names: list[str], times: int
) -> None:
    """Also where something was set aside before; and what was read is said, unless the file is well."""
    path = tmp_path / "meter.json"
    for _ in range(times):
        write(path, COUNT)
        for name in names:
            spoil(tmp_path / name)
        kept = read(path)
        assert kept.count == (COUNT if len(names) == 1 else None)
        assert bool(kept.note) == ("meter.json" in names)
        assert "cannot be set aside" not in kept.note
        write(path, NEXT)
        assert read(path) == Kept(NEXT)


def test_each_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """Whether it still is JSON or not: no other count ever comes of it."""
    path = tmp_path / "meter.json"
    write(path, COUNT)
    whole = path.read_bytes()
    for bit in range(8 * (len(whole) - 1)):  # the last byte is the end of the line
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert read(path).count == COUNT


def test_a_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "meter.json"
    path.write_text(
        '{"model":"abb_b23","serial":"41234567","replaced":2,"register_wh":1234560,"offset_wh":-1000}'
    )
    assert read(path) == Kept(COUNT)


def test_a_removed_file_is_a_first_start_whatever_its_copy_says(tmp_path: Path) -> None:
    path = tmp_path / "meter.json"
    write(path, COUNT)
    path.unlink()
    assert read(path) == Kept(None)


def test_an_unfinished_write_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "meter.json"
    write(path, COUNT)
    (tmp_path / "meter.json.new").write_bytes(b'{"model": "a')
    assert read(path) == Kept(COUNT)
