"""The units as systemd itself reads them: nothing it would ignore, and little that a program could reach."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import links

pytestmark = pytest.mark.distribution

ROOT = Path(__file__).resolve().parents[2]
SERVICES = (
    *("evse-safety", "evse-instruments", "evse-bridge", "evse-local", "evse-bridge-reset"),
    *("evse-update", "evse-update-boot", "evse-restore"),
)
UNITS = (
    *(f"{name}.service" for name in SERVICES),
    "evse-bridge-reset.path",
    "evse-update.path",
    "evse-bridge.target",
)
MOCK = "evse-mock"  # a service that no real box has
EXECUTABLES = ("/usr/lib/evse-bridge/current/bin/python", "/bin/sh", "/bin/chmod")
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


# What the units say to a slot. After an upgrade of the package, and after a way back, they also start the
# version before: a new line here must start every version that was released.
SAID_TO_A_SLOT = {
    "evse-safety": (
        "hal.safety --config-dir /etc/evse-bridge --state-dir ${STATE_DIRECTORY} "
        "--runtime-dir /run/evse-bridge --safe-outputs-after $EVSE_MOCK",
        "hal.safety.safe_outputs --runtime-dir /run/evse-bridge",
    ),
    "evse-instruments": (
        "hal.instruments --config-dir /etc/evse-bridge --state-dir ${STATE_DIRECTORY} "
        "--runtime-dir /run/evse-bridge $EVSE_MOCK",
    ),
    "evse-bridge": (
        "bridge --config-dir /etc/evse-bridge --state-dir ${STATE_DIRECTORY} --runtime-dir /run/evse-bridge "
        "$EVSE_MOCK",
    ),
    "evse-local": (
        "bridge.local --config-dir /etc/evse-bridge --state-dir ${STATE_DIRECTORY} "
        "--runtime-dir /run/evse-bridge $EVSE_MOCK",
    ),
}


@pytest.mark.parametrize("name", SAID_TO_A_SLOT)
def test_a_unit_starts_the_version_before_too(name: str) -> None:
    lines = (ROOT / "systemd" / f"{name}.service").read_text().splitlines()
    started = [line.partition("=")[2] for line in lines if line.startswith("Exec")]
    python = "/usr/lib/evse-bridge/current/bin/python -I -m "
    assert [line.removeprefix(python) for line in started if python in line] == list(SAID_TO_A_SLOT[name])


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
    assert [path for path in tmp_path.rglob("*mock*") if path.parent.parent.name != "doc"] == []
    assert not (tmp_path / "etc").exists()


def test_the_page_that_the_units_name_leads_to_installed_pages(tmp_path: Path) -> None:
    page = install(tmp_path, "real") / "usr/share/doc/evse-bridge/services.md"
    assert [target.name for target, _ in links(page) if not target.is_file()] == []


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


# MiB of each when measured (`make bench`).
MEASURED = {"evse-safety": 22, "evse-instruments": 22, "evse-bridge": 27}
SMALLEST_PI = 448  # MiB that Linux leaves of a Zero 2 W's 512


def lines_of(name: str) -> dict[str, str]:
    """What a unit sets, by name; the last one counts."""
    text = (ROOT / "systemd" / f"{name}.service").read_text()
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] not in "#[")


def mib(name: str, key: str) -> int:
    """A limit of memory."""
    return int(lines_of(name)[key].removesuffix("M"))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_bounds(name: str) -> None:
    assert {"MemoryMax", "TasksMax", "LimitNOFILE"} <= lines_of(name).keys()
    assert int(lines_of(name)["TasksMax"]) >= 16
    assert 64 <= int(lines_of(name)["LimitNOFILE"]) < 1024  # select() takes no more


@pytest.mark.parametrize("name", MEASURED)
def test_no_bound_is_near_what_was_measured(name: str) -> None:
    assert mib(name, "MemoryMax") >= 4 * MEASURED[name]


def test_no_bound_of_memory_meets_the_reflexes() -> None:
    """None makes them wait (MemoryHigh); what they may lock cannot reach the one that ends them."""
    assert "MemoryHigh" not in lines_of("evse-safety")
    assert mib("evse-safety", "MemoryMax") >= 4 * mib("evse-safety", "LimitMEMLOCK")


@pytest.mark.parametrize(
    "name", ["evse-instruments", "evse-bridge", "evse-local", "evse-bridge-reset", "evse-update"]
)
def test_who_needs_too_much_memory_waits_before_it_is_ended(name: str) -> None:
    assert mib(name, "MemoryHigh") <= 3 / 4 * mib(name, "MemoryMax")


def test_the_others_cannot_take_the_memory_of_the_reflexes() -> None:
    ordinary = sum(mib(name, "MemoryMax") for name in ("evse-instruments", "evse-bridge"))
    assert ordinary + mib("evse-safety", "LimitMEMLOCK") <= SMALLEST_PI


def test_the_page_is_ended_before_all_others() -> None:
    """Its memory comes on top of theirs on the smallest Pi: the kernel takes it first."""
    scores = {name: int(lines_of(name).get("OOMScoreAdjust", "0")) for name in SERVICES}
    assert max(scores, key=lambda name: scores[name]) == "evse-local"
    assert mib("evse-local", "MemoryMax") <= SMALLEST_PI // 3
