"""What the running box is asked before a version is tried: the version's own programs, started for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.slots.machine import RealMachine
from hal.contract import WALLBOX_FILE

# A version's Python, whose programs fail as the test wants it.
PYTHON = """#!/bin/sh
case "$*" in
*deploy.slots*) {updates} ;;
*"config check --config-dir {config}") {check} ;;
*"config migrate --config-dir {config} --json") {migrate} ;;
*) echo "not asked for: $*"; exit 1 ;;
esac
"""
OK = "exit 0"
MENDS = """echo '{"wallbox.toml": "x = 1"}'"""
REFUSES = "it refuses the configuration, change that first: "


@pytest.mark.parametrize(
    ("updates", "check", "migrate", "fault"),
    [
        (OK, OK, "exit 1", ""),
        (OK, "exit 2", MENDS, ""),
        (OK, "exit 2", "echo '{}'", f"{REFUSES}exit code 2"),
        (OK, "exit 2", 'echo \'{"../x": ""}\'', f"{REFUSES}exit code 2"),
        (OK, "exit 2", "echo nonsense", f"{REFUSES}exit code 2"),
        ("exit 1", OK, OK, "it has no program for updates that starts: none could follow it"),
        (
            OK,
            "printf 'wallbox.toml:12: pilot.pwm_channel: unknown key\\nagain\\n' >&2; exit 2",
            f"{MENDS}; exit 2",
            f"{REFUSES}wallbox.toml:12: pilot.pwm_channel: unknown key again",
        ),
        (OK, "exit 3", "exit 2", f"{REFUSES}exit code 3"),
    ],
)
def test_a_version_says_itself_what_is_against_it(
    tmp_path: Path, updates: str, check: str, migrate: str, fault: str
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    config = tmp_path / "etc"
    config.mkdir()
    python.write_text(PYTHON.format(updates=updates, check=check, migrate=migrate, config=config))
    python.chmod(0o755)
    machine = RealMachine(tmp_path / "run", config)
    assert machine.fault(tmp_path) == fault
    assert machine.migrated(tmp_path) == ({WALLBOX_FILE: "x = 1"} if migrate == MENDS else {})


def test_one_that_cannot_be_started_at_all(tmp_path: Path) -> None:
    assert "no program for updates" in RealMachine(tmp_path, tmp_path).fault(tmp_path / "nowhere")
