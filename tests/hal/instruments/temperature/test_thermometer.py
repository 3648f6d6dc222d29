"""What the kernel says of a DS18B20, word for word, and what is no reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.instruments.temperature.thermometer import (
    NoTemperatureError,
    Thermometer,
    of_millicelsius,
    of_w1_slave,
    soc_c,
)
from hal.mock.pi.sysfs import SENSOR, Sysfs

# As printed in guides to the sensor.
GOOD = "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"
BELOW_ZERO = "5e ff 4b 46 7f ff 02 10 63 : crc=63 YES\n5e ff 4b 46 7f ff 02 10 63 t=-10125\n"
DAMAGED = "72 01 4b 46 7f ff 0e 10 56 : crc=57 NO\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"
POWER_ON = "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=85000\n"
SHORTED = "00 00 00 00 00 00 00 00 00 : crc=00 YES\n00 00 00 00 00 00 00 00 00 t=0\n"


@pytest.mark.parametrize(("text", "measured_c"), [(GOOD, 23.125), (BELOW_ZERO, -10.125)])
def test_a_good_transfer(text: str, measured_c: float) -> None:
    assert of_w1_slave(text) == measured_c


@pytest.mark.parametrize(("text", "why"), [
    (DAMAGED, "CRC"), (POWER_ON, "power-on"), (SHORTED, "shorted"), ("", "is not what"),
    ("\n", "is not what"),
    (GOOD.replace("t=23125", "t="), "no temperature"), (GOOD.replace("t=23125", ""), "no temperature"),
    (GOOD.replace("23125", "125001"), "-55 to 125"), (GOOD.replace("23125", "-55001"), "-55 to 125"),
    (GOOD.replace("YES", "YES "), "CRC"),
])  # fmt: skip
def test_what_is_no_reading(text: str, why: str) -> None:
    with pytest.raises(NoTemperatureError, match=why):
        of_w1_slave(text)


@given(text=st.text(max_size=200))
def test_garbage_is_no_reading(text: str) -> None:
    with pytest.raises(NoTemperatureError):
        of_w1_slave(text + "\nx")


@pytest.mark.parametrize(
    ("text", "measured_c"), [("23125\n", 23.125), ("-55000\n", -55.0), ("84999\n", 84.999)]
)
def test_the_newer_file(text: str, measured_c: float) -> None:
    assert of_millicelsius(text) == measured_c


@pytest.mark.parametrize("text", ["", "\n", "85000\n", "n/a", "1e3", "125001"])
def test_the_newer_file_without_a_reading(text: str) -> None:
    with pytest.raises(NoTemperatureError):
        of_millicelsius(text)


@given(true_c=st.floats(-55, 125))
def test_the_simulated_sensor_is_read_within_its_resolution(
    tmp_path_factory: pytest.TempPathFactory, true_c: float
) -> None:
    folder = tmp_path_factory.mktemp("sys")
    Sysfs(folder, set()).write(true_c)
    thermometer = Thermometer(folder / "w1", "auto")
    if round(true_c * 16) == 85 * 16:
        with pytest.raises(NoTemperatureError, match="power-on"):
            thermometer.read()
    else:
        assert thermometer.read() == pytest.approx(true_c, abs=0.033)


def test_a_sensor_by_name_among_others(tmp_path: Path) -> None:
    sysfs = Sysfs(tmp_path, set())
    sysfs.write(30.0)
    other = tmp_path / "w1" / "28-000000000001"
    other.mkdir()
    (other / "w1_slave").write_text(GOOD)
    (tmp_path / "w1" / "w1_bus_master1").mkdir()
    assert Thermometer(tmp_path / "w1", SENSOR).read() == 30.0
    with pytest.raises(NoTemperatureError, match=f"28-000000000001, {SENSOR} are on the bus; choose one"):
        Thermometer(tmp_path / "w1", "auto").read()


def test_a_kernel_with_the_newer_file_alone(tmp_path: Path) -> None:
    Sysfs(tmp_path, set()).write(30.0)
    (tmp_path / "w1" / SENSOR / "w1_slave").unlink()
    assert Thermometer(tmp_path / "w1", "auto").read() == 30.0


@pytest.mark.parametrize(("fault", "why"), [
    ("cut_thermometer", "no DS18B20 in"), ("thermometer_crc", "CRC"), ("thermometer_power_on", "power-on"),
])  # fmt: skip
def test_each_fault_of_the_simulated_sensor_is_noticed_and_ends(tmp_path: Path, fault: str, why: str) -> None:
    faults = {fault}
    sysfs = Sysfs(tmp_path, faults)
    sysfs.write(30.0)
    thermometer = Thermometer(tmp_path / "w1", "auto")
    with pytest.raises(NoTemperatureError, match=why):
        thermometer.read()
    faults.clear()
    sysfs.write(31.0)
    assert thermometer.read() == 31.0


def test_a_named_sensor_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NoTemperatureError, match="cannot be read: No such file or directory; is it wired"):
        Thermometer(tmp_path, SENSOR).read()


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / SENSOR).mkdir()
    (tmp_path / SENSOR / "w1_slave").write_bytes(b"\xff\xfe")
    with pytest.raises(NoTemperatureError, match="no text"):
        Thermometer(tmp_path, SENSOR).read()


def test_the_chip_of_the_pi(tmp_path: Path) -> None:
    path = tmp_path / "temp"
    assert soc_c(path) is None
    path.write_text("48312\n")
    assert soc_c(path) == 48.312
    path.write_text("")
    assert soc_c(path) is None
