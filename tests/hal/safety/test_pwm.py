"""Finding the PWM of the header, and its export."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.safety.pwm import Pwm, PwmError, export, find_chip


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
    assert export(tmp_path / "pwmchip0", 0) == channel


def test_a_chip_that_cannot_export_is_named(tmp_path: Path) -> None:
    with pytest.raises(PwmError, match="pwm_channel = 3"):
        export(tmp_path, 3)


def test_leaves_a_period_that_is_right(tmp_path: Path) -> None:
    for name, text in {"period": "1000000\n", "duty_cycle": "266667\n", "enable": "1\n"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "period").chmod(0o444)
    pwm = Pwm(tmp_path)
    assert (tmp_path / "duty_cycle").read_text() == "1000000\n"
    pwm.close()
