"""The count on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.instruments.meter.energy import StoredCount
from hal.instruments.meter.energy_file import CountFileError, read, write

COUNT = StoredCount("abb_b23", "41234567", 2, 1_234_560, -1000)


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "meter.json"
    assert read(path) is None
    write(path, COUNT)
    assert read(path) == COUNT
    assert [file.name for file in path.parent.iterdir()] == ["meter.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"model": "x"}', b"\xff\xfe", b'{"model": 1}'])
def test_a_damaged_file_is_named_and_never_taken_for_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "meter.json"
    path.write_bytes(content)
    with pytest.raises(CountFileError, match=r"meter\.json cannot be read: .*; remove it"):
        read(path)


def test_an_unfinished_write_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "meter.json"
    write(path, COUNT)
    (tmp_path / "meter.json.new").write_bytes(b'{"model": "a')
    assert read(path) == COUNT
