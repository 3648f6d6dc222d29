"""`deploy/install-units`: what it puts below a root, and that it takes all of it away again."""

from __future__ import annotations

import configparser
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANAGER = "usr/lib/systemd/system.conf.d/90-evse-bridge.conf"
SYSCTL = "usr/lib/sysctl.d/90-evse-bridge.conf"


CURRENT = "usr/lib/evse-bridge/current"


def install(root: Path, *options: str) -> set[str]:
    """The files below the root afterwards."""
    subprocess.run([ROOT / "deploy" / "install-units", root, *options], check=True)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_real_box_gets_the_watchdog_of_its_chip_and_restarts_after_a_panic(tmp_path: Path) -> None:
    there = install(tmp_path)
    assert {MANAGER, SYSCTL} <= there
    manager = configparser.ConfigParser()
    manager.read(tmp_path / MANAGER)
    assert manager["Manager"]["RuntimeWatchdogSec"] == "15"
    lines = (tmp_path / SYSCTL).read_text().splitlines()
    assert {"kernel.panic = 1", "kernel.panic_on_oops = 1"} <= set(lines)


def test_our_files_have_the_last_word() -> None:
    """Of all drop-ins, in whichever folder, the last name wins; a distribution's begin with 10 to 60."""
    assert all(sorted(["60-rpi.conf", Path(path).name])[-1] == Path(path).name for path in (MANAGER, SYSCTL))


def test_a_mock_box_leaves_the_machine_alone(tmp_path: Path) -> None:
    assert not {MANAGER, SYSCTL} & install(tmp_path, "--mock")


@pytest.mark.parametrize("options", [[], ["--mock"]])
def test_what_was_installed_is_removed_and_nothing_else(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "etc/evse-bridge").mkdir(parents=True)
    (tmp_path / "etc/evse-bridge/wallbox.toml").write_text("")
    assert len(install(tmp_path, *options)) > 10
    assert install(tmp_path, "--remove") == {"etc/evse-bridge/wallbox.toml"}


def test_the_units_start_the_environment_that_was_given_last(tmp_path: Path) -> None:
    for environment in ("/opt/one", "/opt/two"):
        install(tmp_path, "--environment", environment)
        assert (tmp_path / CURRENT).readlink() == Path(environment)
    install(tmp_path)
    assert (tmp_path / CURRENT).readlink() == Path("/opt/two")
    install(tmp_path, "--remove")
    assert not (tmp_path / CURRENT).is_symlink()


def test_every_link_and_picture_of_an_installed_page_leads_to_what_is_installed(tmp_path: Path) -> None:
    there = install(tmp_path)
    pages = [path for path in there if path.endswith(".md")]
    assert len(pages) > 15
    for page in pages:
        text = (tmp_path / page).read_text(encoding="utf-8")
        links = {link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link}
        missing = {link for link in links if not (tmp_path / page).parent.joinpath(link).exists()}
        assert missing == set(), page


@pytest.mark.parametrize("wrong", [["--mok"], ["--environment"]])
def test_a_wrong_option_changes_nothing(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        install(tmp_path, *wrong)
    assert list(tmp_path.iterdir()) == []
