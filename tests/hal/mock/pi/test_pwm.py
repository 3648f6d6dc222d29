"""The PWM folder, written as drivers write: whole files, kept descriptors, right and wrong orders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.mock.pi.pwm import DEVICE, PwmFolder

PERIOD_NS = 1_000_000


class Driver:
    """Writes as the kernel's documentation asks: period, duty, enable."""

    def __init__(self, root: Path) -> None:
        self.chip = root / "pwmchip0"
        self.channel = self.chip / "pwm0"

    def export(self) -> None:
        (self.chip / "export").write_text("0\n")

    def write(self, **attributes: int) -> None:
        for name, number in attributes.items():
            (self.channel / name).write_text(f"{number}\n")

    def begin(self, duty_ns: int) -> None:
        self.write(period=PERIOD_NS, duty_cycle=duty_ns, enable=1)


@pytest.fixture
def pwm(folder: Path) -> PwmFolder:
    return PwmFolder(folder / "pwm")


@pytest.fixture
def driver(folder: Path, pwm: PwmFolder) -> Driver:
    driver = Driver(folder / "pwm")
    driver.export()
    pwm.poll(0.0)
    return driver


def texts(pwm: PwmFolder) -> list[str]:
    return [violation.text for violation in pwm.violations]


def test_the_folder_looks_like_a_pis(folder: Path, pwm: PwmFolder) -> None:
    chip = folder / "pwm" / "pwmchip0"
    assert (chip / "npwm").read_text() == "2\n"
    assert (chip / "device").resolve().name == DEVICE
    assert not (chip / "pwm0").exists()
    assert pwm.poll(0.0).duty == 0.0


def test_an_export_makes_the_channel_once(driver: Driver, pwm: PwmFolder) -> None:
    assert sorted(path.name for path in driver.channel.iterdir()) == [
        "duty_cycle",
        "enable",
        "period",
        "polarity",
    ]
    driver.begin(500_000)
    driver.export()
    assert pwm.poll(0.1).duty == 0.5
    assert texts(pwm) == []


def test_another_channel_is_no_channel(folder: Path, pwm: PwmFolder) -> None:
    (folder / "pwm" / "pwmchip0" / "export").write_text("3\n")
    pwm.poll(0.0)
    assert texts(pwm) == ["export of channel b'3': the pilot is on channel 0"]


def test_the_right_order_is_no_violation(driver: Driver, pwm: PwmFolder) -> None:
    for step, (name, number) in enumerate([("period", PERIOD_NS), ("duty_cycle", PERIOD_NS), ("enable", 1)]):
        driver.write(**{name: number})
        pwm.poll(float(step))
    assert pwm.wave.duty == 1.0
    assert texts(pwm) == []


@settings(deadline=None)
@given(duties=st.lists(st.integers(1, PERIOD_NS), min_size=1, max_size=10))
def test_a_kept_descriptor_leaves_old_digits_behind_and_they_do_not_count(
    tmp_path_factory: pytest.TempPathFactory, duties: list[int]
) -> None:
    root = tmp_path_factory.mktemp("pwm") / "pwm"
    pwm, driver = PwmFolder(root), Driver(root)
    driver.export()
    pwm.poll(0.0)
    driver.begin(PERIOD_NS)
    descriptor = os.open(driver.channel / "duty_cycle", os.O_WRONLY)
    for duty_ns in duties:
        os.pwrite(descriptor, b"%d\n" % duty_ns, 0)
        assert pwm.poll(1.0).duty_ns == duty_ns
    os.close(descriptor)
    assert texts(pwm) == []
    pwm.reset()


def test_a_truncated_file_keeps_the_old_number(driver: Driver, pwm: PwmFolder) -> None:
    driver.begin(266_667)
    pwm.poll(0.1)
    (driver.channel / "duty_cycle").write_text("")
    assert pwm.poll(0.2).duty_ns == 266_667
    assert texts(pwm) == []


def test_a_duty_above_the_period_is_recorded(driver: Driver, pwm: PwmFolder) -> None:
    driver.begin(PERIOD_NS + 1)
    assert pwm.poll(2.5).duty == 1.0
    assert [(v.at_s, v.text) for v in pwm.violations] == [
        (2.5, "duty above period: duty 1000001 ns, period 1000000 ns")
    ]


def test_a_period_below_the_duty_is_recorded(driver: Driver, pwm: PwmFolder) -> None:
    driver.begin(PERIOD_NS)
    pwm.poll(0.1)
    driver.write(period=500_000)
    pwm.poll(0.2)
    assert texts(pwm) == ["period below duty: duty 1000000 ns, period 500000 ns"]


@pytest.mark.parametrize(("lasts_s", "blips"), [(0.002, 1), (0.09, 1), (0.3, 0)])
def test_a_short_zero_is_a_blip_and_a_long_one_is_meant(
    driver: Driver, pwm: PwmFolder, lasts_s: float, blips: int
) -> None:
    driver.begin(PERIOD_NS)
    pwm.poll(1.0)
    driver.write(duty_cycle=0)
    assert pwm.poll(2.0).duty == 0.0
    driver.write(duty_cycle=PERIOD_NS)
    pwm.poll(2.0 + lasts_s)
    assert len(pwm.violations) == blips


def test_enabling_before_the_duty_shows_f(driver: Driver, pwm: PwmFolder) -> None:
    driver.write(period=PERIOD_NS, enable=1)
    pwm.poll(0.1)
    driver.write(duty_cycle=PERIOD_NS)
    pwm.poll(0.11)
    assert texts(pwm) == ["unmeant 0: duty 0 for 10 ms"]


def test_what_is_no_number_is_recorded_and_changes_nothing(driver: Driver, pwm: PwmFolder) -> None:
    driver.begin(266_667)
    pwm.poll(0.1)
    (driver.channel / "duty_cycle").write_text("-5\n")
    assert pwm.poll(0.2).duty_ns == 266_667
    assert texts(pwm) == ["not a number: period b'1000000', duty_cycle b'-5', enable b'1'"]


def test_after_a_reset_nothing_is_exported_and_old_descriptors_write_to_nowhere(
    driver: Driver, pwm: PwmFolder
) -> None:
    driver.begin(PERIOD_NS)
    descriptor = os.open(driver.channel / "duty_cycle", os.O_WRONLY)
    pwm.poll(0.1)
    pwm.reset()
    os.pwrite(descriptor, b"500000\n", 0)
    os.close(descriptor)
    assert not driver.channel.exists()
    assert pwm.poll(0.2).duty == 0.0
