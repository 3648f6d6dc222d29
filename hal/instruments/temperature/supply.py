"""The supply of the Raspberry Pi, as its firmware judges it (kernel driver raspberrypi-hwmon)."""

from __future__ import annotations

from pathlib import Path

OK = "ok"
# 4.63 V: Raspberry Pi documentation, under-voltage warning of the power chip.
UNDER_VOLTAGE = "under-voltage: the supply of the Raspberry Pi fell below 4.63 V; change it or its cable"
NOT_MEASURED = "not measured: this machine does not report its supply"
_NAME = "rpi_volt"
_ALARM = "in0_lcrit_alarm"  # since the kernel last asked the firmware, which it does every two seconds


def pi_health(hwmon: Path) -> str:
    """Returns OK, UNDER_VOLTAGE or NOT_MEASURED; finds the chip by name: numbers change from boot to boot."""
    for name in sorted(hwmon.glob("hwmon*/name")):
        try:
            if name.read_text(encoding="ascii").strip() == _NAME:
                return UNDER_VOLTAGE if (name.parent / _ALARM).read_text().strip() != "0" else OK
        except OSError:  # gone between the look and the read
            continue
    return NOT_MEASURED
