"""Folders laid out as the kernel's: a thermometer on the 1-wire bus, the chip's temperature, the supply."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

SENSOR = "28-0000006d6f63"
W1, THERMAL, HWMON = "w1", "thermal", "hwmon"  # in the runtime folder
_SOC_C = 48.0
_STEPS_A_DEGREE = 16  # DS18B20: 12 bits
_POWER_ON = 85 * _STEPS_A_DEGREE


class Sysfs:
    """The folders. `write` writes them again, with the present `faults`."""

    def __init__(self, runtime_dir: Path, faults: AbstractSet[str]) -> None:
        self._faults = faults
        self._written: dict[Path, str] = {}
        self._sensor = runtime_dir / W1 / SENSOR
        self._soc = runtime_dir / THERMAL / "thermal_zone0" / "temp"
        self._supply = runtime_dir / HWMON / "hwmon0"
        for folder in (self._sensor.parent, self._soc.parent, self._supply):
            folder.mkdir(parents=True, exist_ok=True)
        self._put(self._supply / "name", "rpi_volt\n")

    def write(self, contacts_c: float) -> None:
        """Writes what the thermometers measure. The disk may take its time: call it in a thread."""
        self._write_sensor(contacts_c)
        self._put(self._soc, f"{round(_SOC_C * 1000)}\n")
        self._put(self._supply / "in0_lcrit_alarm", "1\n" if "under_voltage" in self._faults else "0\n")

    def _write_sensor(self, contacts_c: float) -> None:
        if "cut_thermometer" in self._faults:
            self._remove(self._sensor)
            return
        self._sensor.mkdir(exist_ok=True)
        steps = _POWER_ON if "thermometer_power_on" in self._faults else round(contacts_c * _STEPS_A_DEGREE)
        scratchpad = _scratchpad(steps)
        good = "thermometer_crc" not in self._faults
        self._put(self._sensor / "w1_slave", w1_slave(scratchpad, good=good))
        self._put(self._sensor / "temperature", f"{steps * 1000 // _STEPS_A_DEGREE}\n" if good else "")

    def _put(self, path: Path, text: str) -> None:
        """Writes only what has changed; never seen half written."""
        if self._written.get(path) == text:
            return
        unfinished = path.with_name(f".{path.name}.new")
        unfinished.write_text(text, encoding="ascii")
        unfinished.replace(path)
        self._written[path] = text

    def _remove(self, folder: Path) -> None:
        if folder.exists():
            for path in folder.iterdir():
                path.unlink()
                self._written.pop(path, None)
            folder.rmdir()


def w1_slave(scratchpad: bytes, *, good: bool) -> str:
    """Writes as the kernel's w1_therm: bytes and CRC, bytes and thousandths of a degree."""
    hex_bytes = scratchpad.hex(" ")
    steps = int.from_bytes(scratchpad[:2], "little", signed=True)
    verdict = f"crc={scratchpad[8]:02x} {'YES' if good else 'NO'}"
    return f"{hex_bytes} : {verdict}\n{hex_bytes} t={steps * 1000 // _STEPS_A_DEGREE}\n"


def _scratchpad(steps: int) -> bytes:
    """Returns DS18B20 data sheet, figure 9: temperature, alarms, 12 bits, reserved; and the CRC of all."""
    content = steps.to_bytes(2, "little", signed=True) + bytes.fromhex("4b467fff0c10")
    return content + bytes([_crc(content)])


def _crc(content: bytes) -> int:
    """Computes the CRC of X^8 + X^5 + X^4 + 1, least bit first."""
    crc = 0
    for byte in content:
        for bit in range(8):
            crc = crc >> 1 ^ (0x8C if (crc ^ byte >> bit) & 1 else 0)
    return crc
