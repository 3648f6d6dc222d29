"""What the running box is asked before a version is tried: the version's own programs, started for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.slots.machine import RealMachine

# A version's Python, whose programs fail as the test wants it.
PYTHON = """#!/bin/sh
case "$*" in
*deploy.slots*) {updates} ;;
*"config check --config-dir {config}") {check} ;;
*) echo "not asked for: $*"; exit 1 ;;
esac
"""
OK = "exit 0"


@pytest.mark.parametrize(
    ("updates", "check", "fault"),
    [
        (OK, OK, ""),
        ("exit 1", OK, "it has no program for updates that starts: none could follow it"),
        (
            OK,
            "printf 'wallbox.toml:12: pilot.pwm_channel: unknown key\\nagain\\n' >&2; exit 2",
            "it refuses the configuration, change that first: "
            "wallbox.toml:12: pilot.pwm_channel: unknown key again",
        ),
        (OK, "exit 3", "it refuses the configuration, change that first: exit code 3"),
    ],
)
def test_a_version_says_itself_what_is_against_it(
    tmp_path: Path, updates: str, check: str, fault: str
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(PYTHON.format(updates=updates, check=check, config=tmp_path / "etc"))
    python.chmod(0o755)
    assert RealMachine(tmp_path / "run", tmp_path / "etc").fault(tmp_path) == fault


def test_one_that_cannot_be_started_at_all(tmp_path: Path) -> None:
    assert "no program for updates" in RealMachine(tmp_path, tmp_path).fault(tmp_path / "nowhere")
