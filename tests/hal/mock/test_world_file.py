"""Register and ledger on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.mock.plant.plant import LedgerEntry, Snapshot
from hal.mock.world_file import read, write
from tests.spoiled import SPOILED, Spoiling

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


@pytest.mark.parametrize("spoil", SPOILED)
@pytest.mark.parametrize("name", ["register.json", "ledger.json"])
def test_whatever_stands_there_the_world_begins(
    tmp_path: Path, name: str, spoil: Spoiling, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, Snapshot(1.0, 2.0, ()))
    spoil(tmp_path / name)
    assert read(tmp_path) is None
    assert f"{name} cannot be read and is set aside" in caplog.text
    write(tmp_path, Snapshot(3.0, 4.0, ()))
    assert read(tmp_path) == Snapshot(3.0, 4.0, ())


@pytest.mark.parametrize("number", ["-1", "1e300", "null", '"1"', "1e999"])
def test_a_register_that_no_meter_shows_is_set_aside(tmp_path: Path, number: str) -> None:
    write(tmp_path, Snapshot(1.0, 2.0, ()))
    (tmp_path / "register.json").write_text(f'{{"now_s": 1.0, "energy_wh": {number}}}')
    assert read(tmp_path) is None
