"""Finding the PWM of the header, and its export."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.mock.pi.pwm import PwmFolder
from hal.safety.lines.pwm import PERIOD_NS, Pwm, PwmError, export, find_channel, find_chip


def sysfs(tmp_path: Path, **devices: str) -> Path:
    root = tmp_path / "pwm"
    root.mkdir()
    for chip, device in devices.items():
        (tmp_path / device).mkdir()
        (root / chip).mkdir()
        (root / chip / "device").symlink_to(tmp_path / device)
    return root


def test_finds_the_chip_by_its_device_not_its_number(tmp_path: Path) -> None:
    root = sysfs(tmp_path, pwmchip0="1f0009c000.pwm", pwmchip2="1f00098000.pwm")
    assert find_chip(root, "auto") == root / "pwmchip2"


def test_takes_a_named_device(tmp_path: Path) -> None:
    root = sysfs(tmp_path, pwmchip0="fe20c000.pwm", pwmchip1="somebody.pwm")
    assert find_chip(root, "somebody.pwm") == root / "pwmchip1"


def test_says_what_is_there_when_nothing_fits(tmp_path: Path) -> None:
    root = sysfs(tmp_path, pwmchip0="1f0009c000.pwm")
    with pytest.raises(PwmError, match=r"there: 1f0009c000\.pwm.*dtoverlay=pwm"):
        find_chip(root, "auto")


def test_an_exported_channel_is_not_exported_again(tmp_path: Path) -> None:
    channel = tmp_path / "pwmchip0" / "pwm0"
    channel.mkdir(parents=True)
    for name in ("period", "duty_cycle", "enable"):
        (channel / name).write_text("0\n")
    assert export(channel) == channel


def test_a_chip_that_cannot_export_is_named(tmp_path: Path) -> None:
    with pytest.raises(PwmError, match=r"pwm3 cannot be exported.*is another program using it"):
        export(tmp_path / "pwm3")


# device link, number of channels of that chip, and the channel of each GPIO: Pi 3 and Zero 2 W, Pi 4, Pi 5
BOARDS = [
    ("3f20c000.pwm", 2, {12: 0, 13: 1, 18: 0, 19: 1}),
    ("fe20c000.pwm", 2, {12: 0, 13: 1, 18: 0, 19: 1}),
    ("1f00098000.pwm", 4, {12: 0, 13: 1, 18: 2, 19: 3}),
]


@pytest.mark.parametrize(("device", "count", "channels"), BOARDS)
@pytest.mark.parametrize("pin", [12, 13, 18, 19])
def test_finds_the_channel_of_each_pin_on_each_board(
    tmp_path: Path, device: str, count: int, channels: dict[int, int], pin: int
) -> None:
    root = sysfs(tmp_path, pwmchip0="1f0009c000.pwm", pwmchip1=device)  # the fan of a Pi 5 comes first
    (root / "pwmchip1" / "npwm").write_text(f"{count}\n")
    assert find_channel(root, "auto", pin) == root / "pwmchip1" / f"pwm{channels[pin]}"


def test_a_chip_of_another_size_is_none_of_a_pi(tmp_path: Path) -> None:
    root = sysfs(tmp_path, pwmchip0="somebody.pwm")
    (root / "pwmchip0" / "npwm").write_text("8\n")
    with pytest.raises(PwmError, match="has 8 channels; a Raspberry Pi's has 2 or 4"):
        find_channel(root, "somebody.pwm", 18)


def test_the_mock_box_exports_the_channel_of_its_pin(tmp_path: Path) -> None:
    folder = PwmFolder(tmp_path / "pwm", channel=1)
    (tmp_path / "pwm" / "pwmchip0" / "export").write_text("1\n")
    folder.poll(0.0)
    pwm = Pwm(export(find_channel(tmp_path / "pwm", "auto", 13)))
    assert folder.poll(0.1).duty == 1.0
    assert folder.violations == []
    pwm.close()
    folder.reset()


def test_a_channel_upside_down_is_refused(tmp_path: Path) -> None:
    (tmp_path / "polarity").write_text("inversed\n")
    with pytest.raises(PwmError, match="polarity is inversed"):
        Pwm(tmp_path)


def test_a_longer_duty_of_somebody_else_is_cut_before_the_period(tmp_path: Path) -> None:
    """The kernel refuses a period below the duty. The folder of the mock records that as a violation."""
    folder = PwmFolder(tmp_path / "pwm")
    (tmp_path / "pwm" / "pwmchip0" / "export").write_text("0\n")
    folder.poll(0.0)
    channel = tmp_path / "pwm" / "pwmchip0" / "pwm0"
    for name, number in {"period": 4_000_000, "duty_cycle": 3_000_000, "enable": 1}.items():
        (channel / name).write_text(f"{number}\n")
    folder.poll(0.1)
    pwm = Pwm(channel)
    assert folder.poll(0.2).duty_ns == PERIOD_NS
    assert folder.violations == []
    pwm.close()
    folder.reset()


def test_leaves_a_period_that_is_right(tmp_path: Path) -> None:
    attributes = {"period": "1000000", "duty_cycle": "266667", "enable": "1", "polarity": "normal"}
    for name, text in attributes.items():
        (tmp_path / name).write_text(f"{text}\n")
    (tmp_path / "period").chmod(0o444)
    pwm = Pwm(tmp_path)
    assert (tmp_path / "duty_cycle").read_text() == "1000000\n"
    pwm.close()
