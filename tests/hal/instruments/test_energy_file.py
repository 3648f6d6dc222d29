"""The count on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.instruments.energy import Kept
from hal.instruments.energy_file import KeptFileError, keep, kept

COUNT = Kept("abb_b23", "41234567", 2, 1_234_560, -1000)


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "meter.json"
    assert kept(path) is None
    keep(path, COUNT)
    assert kept(path) == COUNT
    assert [file.name for file in path.parent.iterdir()] == ["meter.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"model": "x"}', b"\xff\xfe", b'{"model": 1}'])
def test_a_damaged_file_is_named_and_never_taken_for_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "meter.json"
    path.write_bytes(content)
    with pytest.raises(KeptFileError, match=r"meter\.json cannot be read: .*; remove it"):
        kept(path)


def test_an_unfinished_write_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "meter.json"
    keep(path, COUNT)
    (tmp_path / "meter.json.new").write_bytes(b'{"model": "a')
    assert kept(path) == COUNT
