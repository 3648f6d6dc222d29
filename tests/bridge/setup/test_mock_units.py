"""From mock to real and back: a power cut between any two renames loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.folders import CommandError
from bridge.setup.mock_units import MockUnits
from tests.bridge.setup.pi_box import PiBox


def tree(root: Path) -> dict[str, str]:
    """All files of the box, but those of systemctl."""
    return {
        str(path.relative_to(root)): path.read_text(errors="replace")
        for path in root.rglob("*")
        if path.is_file() and "bin" not in path.parts
    }


def lived_in(root: Path, kind: str) -> PiBox:
    """A box with both files and some state."""
    box = PiBox(root)
    for name in ("wallbox.toml", "charge-point.toml"):
        (box.config / name).write_text(f"{kind} {name}")
    (box.state / "bridge").mkdir()
    (box.state / "bridge/bridge.db").write_text(kind)
    return box


def test_there_and_back_is_as_before(tmp_path: Path) -> None:
    box = lived_in(tmp_path, "real")
    units, before = MockUnits(box.root), tree(tmp_path)
    units.enter()
    assert units.is_mock
    assert not (box.config / "wallbox.toml").exists()
    assert len(units.parts()) == 5
    (box.config / "wallbox.toml").write_text("mock")
    units.leave()
    after = tree(tmp_path)
    assert after.pop("var/lib/evse-bridge/parked/mock/wallbox.toml") == "mock"
    assert after == before


def test_what_is_in_the_place_is_never_written_over(tmp_path: Path) -> None:
    box = lived_in(tmp_path, "real")
    units = MockUnits(box.root)
    for _ in range(2):
        units.enter()
        (box.config / "wallbox.toml").unlink(missing_ok=True)
        (box.config / "wallbox.toml").write_text("mock")
        units.leave()
        (box.config / "wallbox.toml").rename(box.config / "mine")
        (box.config / "wallbox.toml").write_text("another")
    parked = sorted(path.name for path in (box.state / "parked/mock").iterdir())
    assert parked == ["wallbox.toml"]
    assert (box.config / "mine").read_text() == "another"


@pytest.mark.parametrize("cut", range(6))
def test_a_stop_in_between_goes_on(cut: int, tmp_path: Path) -> None:
    """The state of the disk after so many steps of leaving, then once more from there."""
    box = lived_in(tmp_path, "real")
    units = MockUnits(box.root)
    units.enter()
    for name in ("wallbox.toml", "charge-point.toml"):
        (box.config / name).write_text("mock")
    parked = box.state / "parked/mock"
    parked.mkdir(mode=0o700)
    for name in ("wallbox.toml", "charge-point.toml")[:cut]:
        (box.config / name).rename(parked / name)
    for path in [*(tmp_path / "etc/systemd/system").rglob("mock.conf")][: max(cut - 2, 0)]:
        path.unlink()
    if units.is_mock:
        units.leave()
    else:
        units.bring_back("real")
    assert not units.is_mock
    assert (box.config / "wallbox.toml").read_text() == "real wallbox.toml"
    assert (box.state / "bridge/bridge.db").read_text() == "real"
    assert (parked / "charge-point.toml").read_text() == "mock"


def test_without_the_files_of_a_mock_box_nothing_is_parked(tmp_path: Path) -> None:
    box = lived_in(tmp_path, "real")
    (tmp_path / "usr/share/evse-bridge/mock/mock.conf").unlink()
    before = tree(tmp_path)
    with pytest.raises(CommandError, match="install the package"):
        MockUnits(box.root).enter()
    assert tree(tmp_path) == before
