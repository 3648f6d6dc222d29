"""Under-voltage as the kernel's hwmon tells it."""

from __future__ import annotations

from pathlib import Path

from hal.instruments.temperature.supply import NOT_MEASURED, OK, UNDER_VOLTAGE, pi_health
from hal.mock.pi.sysfs import Sysfs


def chip(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    return folder


def test_a_machine_without_the_chip(tmp_path: Path) -> None:
    assert pi_health(tmp_path) == NOT_MEASURED
    chip(tmp_path / "hwmon0", "cpu_thermal")
    assert pi_health(tmp_path) == NOT_MEASURED


def test_it_is_found_by_name_and_comes_and_goes(tmp_path: Path) -> None:
    chip(tmp_path / "hwmon0", "cpu_thermal")
    alarm = chip(tmp_path / "hwmon1", "rpi_volt") / "in0_lcrit_alarm"
    for level, told in (("0\n", OK), ("1\n", UNDER_VOLTAGE), ("0\n", OK)):
        alarm.write_text(level)
        assert pi_health(tmp_path) == told


def test_a_chip_without_the_alarm(tmp_path: Path) -> None:
    chip(tmp_path / "hwmon0", "rpi_volt")
    assert pi_health(tmp_path) == NOT_MEASURED


def test_the_simulated_supply(tmp_path: Path) -> None:
    faults: set[str] = set()
    sysfs = Sysfs(tmp_path, faults)
    sysfs.write(25.0)
    assert pi_health(tmp_path / "hwmon") == OK
    faults.add("under_voltage")
    sysfs.write(25.0)
    assert pi_health(tmp_path / "hwmon") == UNDER_VOLTAGE
