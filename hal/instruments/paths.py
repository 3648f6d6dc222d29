"""Where the drivers find their hardware: the files of the kernel, or those of the mock wallbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paths:
    """Ports that are None are those of wallbox.toml; a line map that is None is the Pi's own header."""

    w1_devices: Path = Path("/sys/bus/w1/devices")
    thermal: Path = Path("/sys/class/thermal")
    hwmon: Path = Path("/sys/class/hwmon")
    meter_port: str | None = None
    house_port: str | None = None
    reader_port: str | None = None
    line_map: Path | None = None


def mock_paths(runtime_dir: Path) -> Paths:
    """Returns the paths that hal.mock lays out in its runtime folder."""
    return Paths(
        w1_devices=runtime_dir / "w1",
        thermal=runtime_dir / "thermal",
        hwmon=runtime_dir / "hwmon",
        meter_port=str(runtime_dir / "meter"),
        house_port=str(runtime_dir / "house-meter"),
        reader_port=str(runtime_dir / "reader"),
        line_map=runtime_dir / "line-map",
    )
