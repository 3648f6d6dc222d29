"""The package's scripts below a folder instead of /, with system programs that note what they are asked."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.builds import ROOT
from deploy.slots.names import WANTED
from tests.own_mounts import under

DEBIAN = ROOT / "deploy" / "package" / "debian"
SYSTEM = (
    *("systemctl", "systemd-sysusers", "systemd-tmpfiles", "udevadm", "deb-systemd-invoke", "getent"),
    *("userdel", "groupdel"),
)
IS_OURS = re.compile(r"(?<![\w.}])/(?=(?:usr|run|etc|var)/)")
NOTES = """#!/bin/sh
[ "$1" != -I ] || shift
echo "$(basename "$0")" "$@" >> "$NOTES"
for word; do case " $NO " in *" $word "*) exit 1 ;; esac; done
[ "$(basename "$0")" != getent ] || echo "$2:x:$ID:"
"""
OF_THE_SYSTEM, A_PERSON_S = 300, 1500  # numbers of accounts
ADOPT = "python -m deploy.slots adopt"
MIGRATE = "python -m bridge.cli.main config migrate"
UPDATE = "systemctl start --no-block evse-update.service"
STATE = ("etc/evse-bridge/wallbox.toml", "var/lib/evse-bridge/bridge/bridge.sqlite")


@dataclass(frozen=True)
class System:
    """A folder with a systemd that runs."""

    root: Path

    def asked(
        self, script: str, *arguments: str, no: str = "", accounts: int = OF_THE_SYSTEM, mount: str = "true"
    ) -> list[str]:
        """What the system was asked for, in order; to the questions of `no` it says no. All `accounts` have
        that number; `mount` comes before."""
        notes = self.root / "notes"
        notes.write_text("")
        text = IS_OURS.sub(f"{self.root}/", (DEBIAN / script).read_text())
        variables = {"PATH": f"{self.root}/bin:{os.environ['PATH']}", "NOTES": str(notes), "NO": no}
        variables["ID"] = str(accounts)
        before = under(mount) if mount != "true" else []
        subprocess.run([*before, "sh", "-c", text, script, *arguments], env=variables, check=True)
        return [" ".join(line.split()) for line in notes.read_text().splitlines()]

    def has(self, *places: str) -> bool:
        return all((self.root / place).exists() for place in places)


@pytest.fixture
def system(tmp_path: Path) -> System:
    python = tmp_path / "usr/lib/evse-bridge/application/bin/python"
    for program in (
        *(tmp_path / "bin" / name for name in SYSTEM),
        python,
        tmp_path / "usr/lib/systemd/systemd-sysctl",
    ):
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(NOTES)
        program.chmod(0o755)
    for folder in ("run/systemd/system", "run/evse-bridge", "usr/lib/systemd/system", "usr/lib/sysctl.d"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/lib/sysctl.d/90-evse-bridge.conf").write_text("")
    (tmp_path / "usr/lib/systemd/system/evse-bridge.service").write_text("")
    for place in (
        *STATE,
        "var/lib/evse-bridge/slots/0.1.0.1/bin/python",
        "etc/systemd/system/evse-mock.service",
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("")
    return System(tmp_path)


def words(asked: list[str], *some: str) -> list[str]:
    """Those with one of the words, in order."""
    return [line for line in asked if any(word in line.split() for word in some)]


def test_an_installation_makes_users_then_folders_then_a_slot_and_starts_nothing(system: System) -> None:
    asked = system.asked("postinst", "configure", "")
    order = [
        line.split()[0] for line in asked if line.startswith(("systemd-sysusers", "systemd-tm", "python"))
    ]
    assert order == ["systemd-sysusers", "systemd-tmpfiles", "python"]
    assert ADOPT in asked
    assert words(asked, "enable", "start", "restart", "--now", "unmask", "preset") == []
    assert "systemctl daemon-reexec" in asked  # begins to feed the watchdog


def test_a_laptop_s_manager_is_left_alone(system: System) -> None:
    (system.root / "usr/lib/sysctl.d/90-evse-bridge.conf").unlink()
    assert "systemctl daemon-reexec" not in system.asked("postinst", "configure", "")


@pytest.mark.parametrize(
    ("no", "runs"), [("is-active", True), ("is-enabled", True), ("is-active is-enabled", False)]
)
def test_an_upgrade_begins_a_trial_where_the_programs_run_and_waits_for_none(
    system: System, no: str, runs: bool
) -> None:
    """The manager does not start anew: that could keep hal.safety waiting in a session."""
    asked = system.asked("postinst", "configure", "0.1.0.1+g0000000+deb12", no=no)
    assert "systemctl daemon-reexec" not in asked
    assert words(asked, "start", "restart", "enable", "stop") == ([UPDATE] if runs else [])
    if runs:
        assert asked.index(ADOPT) < asked.index(UPDATE)


def test_a_unit_that_the_administrator_masked_fails_nothing(system: System) -> None:
    assert UPDATE in system.asked("postinst", "configure", "0.1.0.1+g0000000+deb12", no="start")
    system.asked("prerm", "remove", no="stop")
    system.asked("postrm", "purge", no="daemon-reexec reset-failed")


def test_an_upgrade_migrates_the_configuration_unless_the_version_before_still_reads_it(
    system: System, capfd: pytest.CaptureFixture[str]
) -> None:
    upgrade = ("postinst", "configure", "0.1.0.1+g0000000+deb12")
    asked = system.asked(*upgrade)
    assert asked.index(ADOPT) < asked.index(MIGRATE)
    system.asked(*upgrade, no="migrate")  # it does not fail
    assert "change the configuration by hand" in capfd.readouterr().err
    (system.root / "var/lib/evse-bridge/slots" / WANTED).write_text("")
    assert MIGRATE not in system.asked(*upgrade)
    (system.root / "var/lib/evse-bridge/slots" / WANTED).unlink()
    (system.root / STATE[0]).unlink()
    assert MIGRATE not in system.asked(*upgrade)


def test_an_upgrade_stops_nothing(system: System) -> None:
    assert system.asked("prerm", "upgrade", "0.1.0.2+g0000000+deb12") == []


def test_a_removal_stops_the_programs_and_last_the_hardware_of_a_mock_box(system: System) -> None:
    stopped = ["deb-systemd-invoke stop evse-bridge.service", "deb-systemd-invoke stop evse-mock.service"]
    assert system.asked("prerm", "remove") == stopped


def test_a_removal_takes_the_programs_and_keeps_what_is_the_owner_s(system: System) -> None:
    asked = system.asked("postrm", "remove")
    assert not system.has("var/lib/evse-bridge/slots")
    assert not system.has("run/evse-bridge")
    assert system.has(*STATE)
    assert words(asked, "evse", "evse-bridge") == []  # no user goes, no group


def test_an_upgrade_takes_nothing(system: System) -> None:
    assert system.asked("postrm", "upgrade", "0.1.0.2+g0000000+deb12") == []
    assert system.has("var/lib/evse-bridge/slots", "run/evse-bridge", *STATE)


def test_a_purge_leaves_what_is_mounted_in_a_folder_of_ours(
    system: System, tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also of the same disk, where no look at the device helps."""
    theirs, below = tmp_path_factory.mktemp("photos"), system.root / "var/lib/evse-bridge/bridge/my photos"
    (theirs / "one").write_text("")
    below.mkdir()
    system.asked("postrm", "purge", mount=f"mount --bind '{theirs}' '{below}'")
    assert (theirs / "one").exists()
    assert "evse-bridge stays, for something is mounted below it: " in capfd.readouterr().err
    assert system.has(STATE[1])
    assert not system.has("etc/evse-bridge")
    system.asked("postrm", "purge")
    assert not system.has("var/lib/evse-bridge")


def test_a_purge_empties_a_folder_of_ours_on_a_disk_of_its_own(
    system: System, tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    disk = tmp_path_factory.mktemp("disk")
    (disk / "slots").mkdir()
    mount = f"mount --bind '{disk}' '{system.root}/var/lib/evse-bridge'"
    system.asked("postrm", "remove", mount=mount)
    (disk / "bridge.sqlite").write_text("")
    system.asked("postrm", "purge", mount=mount)
    assert list(disk.iterdir()) == []
    assert "var/lib/evse-bridge stays" in capfd.readouterr().err


def test_a_purge_follows_no_link(
    system: System, tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "etc"
    (system.root / "etc/evse-bridge").rename(elsewhere)
    (system.root / "etc/evse-bridge").symlink_to(elsewhere)
    system.asked("postrm", "purge")
    assert not (system.root / "etc/evse-bridge").is_symlink()
    assert (elsewhere / "wallbox.toml").exists()
    assert f"led to stays: {elsewhere}\n" in capfd.readouterr().err


def test_a_purge_leaves_the_account_of_a_person_who_has_such_a_name(system: System) -> None:
    asked = system.asked("postrm", "purge", accounts=A_PERSON_S)
    assert not [line for line in asked if line.startswith(("userdel", "groupdel"))]


def test_a_purge_takes_all_of_it(system: System) -> None:
    wants = system.root / "etc/systemd/system/multi-user.target.wants/evse-bridge.target"
    drop_in = system.root / "etc/systemd/system/evse-bridge.service.d/mock.conf"
    for path in (wants, drop_in, system.root / "etc/systemd/system/others.service"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    asked = system.asked("postrm", "purge")
    left = {str(path.relative_to(system.root)) for path in system.root.rglob("*") if path.is_file()}
    assert [place for place in left if place.startswith(("etc", "var", "run"))] == [
        "etc/systemd/system/others.service"
    ]
    users = ("evse-bridge", "evse-instruments", "evse-safety")
    assert words(asked, *users) == [
        line for user in users for line in (f"getent passwd {user}", f"userdel {user}")
    ]
    assert words(asked, "group", "evse", "gpio", "spi") == ["getent group evse", "groupdel evse"]
