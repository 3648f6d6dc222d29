"""On an installed box everything belongs to whom the units, sysusers and tmpfiles give it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bridge.backup.boxes import Box
from tests.own_mounts import under

USERS = {"evse-bridge": 7001, "evse-safety": 7002, "evse-instruments": 7003}
RUNTIME = "/run/evse-bridge"  # by which a mock box counts as one of the units

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to other users")


def owners(folder: Path) -> dict[str, tuple[int, int, str]]:
    """User, group and mode of each file and folder, without what is kept of the box before."""
    found = {}
    for path in sorted(folder.rglob("*")):
        seen = path.stat()
        found[str(path.relative_to(folder))] = (seen.st_uid, seen.st_gid, f"{seen.st_mode & 0o7777:o}")
    return found


def test_each_file_has_the_owner_and_mode_of_an_installed_box(tmp_path: Path) -> None:
    box, new = Box(tmp_path / "box"), Box(tmp_path / "new")
    box.configure()
    box.live(7)
    (tmp_path / "passphrase").write_text("correct horse battery\n")
    passwd = "".join(f"{name}:x:{number}:{number}::/:/bin/false\n" for name, number in USERS.items())
    group = "".join(f"{name}:x:{number}:\n" for name, number in USERS.items())
    (tmp_path / "passwd").write_text(Path("/etc/passwd").read_text() + passwd)
    (tmp_path / "group").write_text(Path("/etc/group").read_text() + group)
    system = under(
        f"mount --bind {tmp_path}/passwd /etc/passwd && mount --bind {tmp_path}/group /etc/group "
        "&& mount -t tmpfs none /run"
    )
    file = box.back_up()
    done = subprocess.run(
        [
            *system, sys.executable, "-m", "bridge.cli.main", "restore", str(file), "--mock",
            "--config-dir", str(new.folder / "etc"), "--state-dir", str(new.folder / "lib"),
            "--runtime-dir", RUNTIME, "--passphrase-file", str(tmp_path / "passphrase"), "--old-box-is-gone",
        ],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, umask=0o077,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    bridge, safety, instruments = USERS.values()
    assert owners(new.folder) == {
        "etc": (0, 0, "755"),
        "etc/charge-point.toml": (0, bridge, "640"),
        "etc/firmware.pem": (0, 0, "644"),
        "etc/wallbox.toml": (0, 0, "644"),
        "lib": (0, 0, "755"),
        "lib/bridge": (bridge, bridge, "750"),
        "lib/bridge/bridge.sqlite": (bridge, bridge, "600"),
        "lib/safety": (safety, safety, "750"),
        "lib/safety/wallbox-state.json": (safety, safety, "640"),
        "lib/instruments": (instruments, instruments, "750"),
        "lib/instruments/meter.json": (instruments, instruments, "640"),
    }
