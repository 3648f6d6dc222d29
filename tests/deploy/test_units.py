"""The units as systemd itself reads them: nothing it would ignore, and little that a program could reach."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("evse-safety", "evse-instruments", "evse-bridge", "evse-bridge-reset")
UNITS = (*(f"{name}.service" for name in SERVICES), "evse-bridge-reset.path", "evse-bridge.target")
MOCK = "evse-mock"  # a service that no real box has
EXECUTABLES = ("/opt/evse-bridge/venv/bin/python", "/bin/sh", "/bin/chmod")
EXPOSURE = 20  # tenths: 2.0 of 10

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not here; on Debian: apt install systemd",
)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )


def install(tmp_path: Path, box: str) -> Path:
    """A root with our units, the targets they refer to, and something to execute at each path."""
    subprocess.run([ROOT / "deploy" / "install-units", tmp_path, *["--mock"] * (box == "mock")], check=True)
    for path in EXECUTABLES:
        executable = tmp_path / path[1:]
        executable.parent.mkdir(parents=True, exist_ok=True)
        executable.write_text("#!/bin/true\n")
        executable.chmod(0o755)
    for target in Path("/lib/systemd/system").glob("*.target"):
        shutil.copy(target, tmp_path / "usr/lib/systemd/system")
    return tmp_path


def both(*names: str, mock: str) -> list[tuple[str, str]]:
    return [(box, name) for box in ("real", "mock") for name in names] + [("mock", mock)]


@needs_systemd
@pytest.mark.parametrize(("box", "unit"), both(*UNITS, mock=f"{MOCK}.service"))
def test_systemd_has_nothing_to_say_about_a_unit(tmp_path: Path, box: str, unit: str) -> None:
    """It ends with 0 whatever it warns of: only silence counts."""
    checked = run("systemd-analyze", "verify", f"--root={install(tmp_path, box)}", unit)
    assert (checked.stdout, checked.returncode) == ("", 0)


@needs_systemd
@pytest.mark.parametrize("line", ["[Service]\nWatchdogSeconds=1", "[Service]\nExecStartPre=/bin/absent"])
def test_a_faulty_unit_is_noticed(tmp_path: Path, line: str) -> None:
    unit = install(tmp_path, "real") / "usr/lib/systemd/system/evse-safety.service"
    unit.write_text(f"{unit.read_text()}\n{line}\n")
    assert run("systemd-analyze", "verify", f"--root={tmp_path}", unit.name).stdout


@needs_systemd
@pytest.mark.parametrize(("box", "name"), both(*SERVICES, mock=MOCK))
def test_a_service_is_exposed_little(tmp_path: Path, box: str, name: str) -> None:
    command = ("systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE}")
    checked = run(*command, f"--root={install(tmp_path, box)}", f"{name}.service")
    assert checked.returncode == 0, checked.stdout


def test_a_real_box_is_given_nothing_of_the_mock_one(tmp_path: Path) -> None:
    install(tmp_path, "real")
    assert list(tmp_path.rglob("*mock*")) == []
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize(
    ("unit", "line", "why"),
    [
        ("evse-safety", "ProcSubset=pid", "gpiozero knows the Pi by /proc/cpuinfo and the device tree"),
        ("evse-instruments", "ProcSubset=pid", "gpiozero knows the Pi by /proc/cpuinfo and the device tree"),
        ("evse-safety", "ProtectKernelTunables=yes", "no way to the PWM"),
        ("evse-safety", "RestrictRealtime=yes", "no real-time priority"),
    ],
)
def test_what_no_mock_wallbox_would_notice(unit: str, line: str, why: str) -> None:
    assert line not in (ROOT / "systemd" / f"{unit}.service").read_text().splitlines(), why
