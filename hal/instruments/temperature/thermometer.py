"""Temperatures as the kernel gives them: a DS18B20 at the contacts, and the chip of the Raspberry Pi.

A failed conversion, a damaged transfer, the value of a sensor that has just got its power, and a sensor that
is not there are no reading; nothing stands in for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_FAMILY = "28-"  # of a DS18B20
_LOWEST_C, _HIGHEST_C = -55.0, 125.0  # DS18B20 data sheet: its range
_POWER_ON_MC = 85_000  # DS18B20 data sheet: what it says before its first conversion
_NOTHING = ["00"] * 9  # a bus that is shorted reads zeros, and their CRC is right


class NoTemperatureError(Exception):
    """There is no reading; the text says why and what to do."""


class Thermometer:
    """The DS18B20 at the contacts."""

    def __init__(self, devices: Path, name: str) -> None:
        """Takes the device `name` below `devices`, or with "auto" the only one of its kind."""
        self._devices = devices
        self._name = name

    def read(self) -> float:
        """Returns Celsius, after a conversion of up to 750 ms: use a thread. Raises NoTemperatureError."""
        folder = self._devices / (self._only() if self._name == "auto" else self._name)
        try:
            if (both := folder / "w1_slave").exists():
                return of_w1_slave(both.read_text(encoding="ascii"))
            return of_millicelsius((folder / "temperature").read_text(encoding="ascii"))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no text"
            raise NoTemperatureError(f"{folder} cannot be read: {reason}; is it wired?") from None

    def _only(self) -> str:
        names = sorted(path.name for path in self._devices.glob(f"{_FAMILY}*"))
        if len(names) == 1:
            return names[0]
        raise NoTemperatureError(_not_one(self._devices, names))


def _not_one(devices: Path, names: Sequence[str]) -> str:
    if names:
        return f"{', '.join(names)} are on the bus; choose one in wallbox.toml: temperature.sensor"
    return f"no DS18B20 in {devices}; is it wired, and dtoverlay=w1-gpio in config.txt?"


def of_w1_slave(text: str) -> float:
    """PURE: nine bytes and the verdict on their CRC, then the bytes again and t= in m°C (kernel, w1_therm).

    Raises NoTemperatureError.
    """
    lines = text.splitlines()
    if len(lines) != 2:
        raise NoTemperatureError(f"{text!r} is not what a DS18B20 sends; is it one?")
    if not lines[0].endswith(" YES"):
        raise NoTemperatureError("the CRC of the transfer is wrong; look at the cable and its pull-up")
    if lines[0].split()[:9] == _NOTHING:
        raise NoTemperatureError("the 1-wire bus reads zeros only; is it shorted?")
    _, _, value = lines[1].partition("t=")
    return of_millicelsius(value)


def of_millicelsius(text: str) -> float:
    """PURE: Celsius. Raises NoTemperatureError, for a contact at exactly 85 °C, too."""
    try:
        value_mc = int(text)
    except ValueError:  # an empty file is how the kernel says that the conversion failed
        raise NoTemperatureError(f"{text.strip()!r} is no temperature; the conversion failed") from None
    if value_mc == _POWER_ON_MC:
        raise NoTemperatureError(
            "85 °C is what it sends after power-on, without a measurement; is its supply good?"
        )
    if not _LOWEST_C <= value_mc / 1000 <= _HIGHEST_C:
        raise NoTemperatureError(f"{value_mc / 1000:g} °C: a DS18B20 sends {_LOWEST_C:g} to {_HIGHEST_C:g}")
    return value_mc / 1000


def soc_c(path: Path) -> float | None:
    """Returns that of the Pi's own chip; None where the kernel has no such value."""
    try:
        return int(path.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None
