"""Where a box is looked for: the places that were named, the user's own, or those of the units."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.doctor.wire import NobodyError, Wire
from bridge.folders import Folders, Named, chosen, of_running
from hal.contract import MOCK_SOCKET_NAME

NOTHING: Named = (None, None, None)


@pytest.fixture
def units(tmp_path: Path) -> Folders:
    """Of a machine on which nobody runs a mock box."""
    return made(tmp_path / "units", mock=False)


@pytest.fixture
def own(tmp_path: Path) -> Folders:
    return made(tmp_path / "own", mock=True)


def made(base: Path, *, mock: bool) -> Folders:
    folders = Folders(base / "config", base / "state", base / "run", mock, state_named=False)
    folders.runtime.mkdir(parents=True)
    return folders


def runs_a_mock(folders: Folders) -> None:
    (folders.runtime / MOCK_SOCKET_NAME).touch()


def places(folders: Folders) -> tuple[Path, Path, Path]:
    return folders.config, folders.state, folders.runtime


def test_the_mock_box_of_the_units_is_found(units: Folders, own: Folders) -> None:
    assert of_running(NOTHING, mock=True, units=units, own=own) == own
    runs_a_mock(units)
    found = of_running(NOTHING, mock=True, units=units, own=own)
    assert places(found) == places(units)
    assert (found.mock, found.state_named) == (True, False)
    runs_a_mock(own)
    assert of_running(NOTHING, mock=True, units=units, own=own) == own


def test_one_folder_of_the_units_names_them_all(units: Folders, own: Folders) -> None:
    for named in ((units.config, None, None), (None, units.state, None), (None, None, units.runtime)):
        assert places(of_running(named, mock=True, units=units, own=own)) == places(units)
    elsewhere = units.config / "elsewhere"
    found = of_running((None, elsewhere, None), mock=True, units=units, own=own)
    assert places(found) == (own.config, elsewhere, own.runtime)


def test_a_real_box_is_that_of_the_units(units: Folders, own: Folders) -> None:
    runs_a_mock(own)
    assert places(of_running(NOTHING, mock=False, units=units, own=own)) == places(units)
    assert of_running(NOTHING, mock=False) == chosen(*NOTHING, mock=False)


def test_who_looks_at_the_mock_box_of_the_units_need_not_say_so(units: Folders, own: Folders) -> None:
    assert not of_running(NOTHING, mock=False, units=units, own=own).mock
    runs_a_mock(units)
    found = of_running(NOTHING, mock=False, units=units, own=own)
    assert (places(found), found.mock) == (places(units), True)
    named = (units.config, None, None)
    assert not of_running(named, mock=False, units=units, own=own).mock


@pytest.mark.parametrize("mock", [True, False])
def test_nobody_listens_and_the_way_to_start_it_is_that_of_the_box(tmp_path: Path, mock: bool) -> None:
    with pytest.raises(NobodyError) as failed:
        Wire(tmp_path, mock=mock).hear(lambda heard: heard.senses_live, 1.0)
    assert ("systemctl" in failed.value.do) == (not mock)
    assert ("evse-bridge run --mock" in failed.value.do) == mock
