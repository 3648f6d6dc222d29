"""Register and ledger on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.mock.plant.plant import LedgerEntry, Snapshot
from hal.mock.world_file import WorldFileError, read, write

amounts = st.floats(0, 1e9)
entries = st.builds(LedgerEntry, plugged_in_s=amounts, received_wh=amounts, unplugged_s=st.none() | amounts)
snapshots = st.builds(
    Snapshot, now_s=amounts, energy_wh=amounts, ledger=st.lists(entries, max_size=4).map(tuple)
)


@settings(deadline=None)
@given(written=st.lists(snapshots, min_size=1, max_size=3))
def test_the_last_that_was_kept_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, written: list[Snapshot]
) -> None:
    folder = tmp_path_factory.mktemp("kept") / "mock"
    for snapshot in written:
        write(folder, snapshot)
    assert read(folder) == written[-1]


def test_at_first_there_is_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "mock") is None


@pytest.mark.parametrize("name", ["register.json", "ledger.json"])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    write(tmp_path, Snapshot(1.0, 2.0, ()))
    (tmp_path / name).write_text('{"energy')
    with pytest.raises(WorldFileError, match=rf"{name}: .*; remove the file to begin"):
        read(tmp_path)
