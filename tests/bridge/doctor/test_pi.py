"""The doctor's judgement of board, boot files, devices and users."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.boot.boards import Machine
from bridge.boot.files import BootFiles, forget_reboot, note_reboot, reboot_is_due, seen
from bridge.boot.settings import Wiring, wanted, wiring
from bridge.doctor import look, pi
from bridge.doctor.check import Check
from bridge.doctor.pi import BootTexts, Devices
from tests.bridge.boot.pis import CMDLINE, CONFIG, PIS, lay_out

PASSWD = "root:x:0:0::/root:/bin/sh\n" + "".join(f"{name}:x:9:9:::\n" for name in pi.MEMBERS)
GROUP = (
    "evse:x:9:evse-safety,evse-instruments,evse-bridge,evse-local\ngpio:x:8:evse-safety,evse-instruments\n"
    "spi:x:7:evse-safety\ndialout:x:6:me,evse-instruments\n"
)


def machine(root: Path, name: str) -> Machine:
    return seen(lay_out(root, PIS[name] if name else None))


def judged(of: Machine, config: str, cmdline: str = CMDLINE, wires: Wiring | None = None) -> list[Check]:
    """Both boot files."""
    return list(pi.boot_files(of, BootTexts(config, cmdline), wires or Wiring()))


def after_setup(root: Path, wires: Wiring) -> BootTexts:
    """What `setup` makes of the shipped files."""
    files, board = BootFiles(root), seen(root).board
    assert board is not None
    files.apply(files.changes(board.filters, wanted(board, wires), uart=wires.header_uart))
    return BootTexts(files.text("config.txt"), files.text("cmdline.txt"))


def test_a_shipped_file_lacks_what_the_box_needs(tmp_path: Path) -> None:
    config, console = judged(machine(tmp_path, "pi4"), CONFIG)
    assert config.result == "fault"
    for line in (
        "dtparam=spi=on",
        "dtoverlay=pwm,pin=18,func=2",
        "dtparam=audio=off",
        "dtparam=strict_gpiod",
    ):
        assert line in config.measured
    assert "evse-bridge setup" in config.do
    assert console.result == "ok"


@pytest.mark.parametrize("name", ["pi3", "pi4", "pi5", "zero2"])
def test_what_setup_writes_is_well(name: str, tmp_path: Path) -> None:
    found, wires = machine(tmp_path, name), Wiring(header_uart=True, one_wire=True)
    texts = after_setup(tmp_path, wires)
    assert [check.result for check in pi.boot_files(found, texts, wires)] == ["ok", "ok"]


def test_what_is_only_safer_is_a_warning(tmp_path: Path) -> None:
    found = machine(tmp_path, "pi4")
    text = after_setup(tmp_path, Wiring()).config.replace("dtparam=strict_gpiod\n", "")
    (config, _) = judged(found, text)
    assert (config.result, "strict_gpiod" in config.measured) == ("warning", True)


def test_what_config_txt_includes_counts_too(tmp_path: Path) -> None:
    found, whole = machine(tmp_path, "pi4"), after_setup(tmp_path, Wiring())
    also = "include extra.txt\n"

    def seen_with(extra: dict[str, str]) -> Check:
        texts = BootTexts(whole.config + also, whole.cmdline, extra)
        return next(pi.boot_files(found, texts, Wiring()))

    well = seen_with({"extra.txt": "gpu_mem=16\n"})
    assert (well.result, well.measured) == ("ok", "all there; with extra.txt")
    absent = seen_with({})
    assert (absent.result, "include extra.txt: there is no such file" in absent.measured) == ("warning", True)
    other = seen_with({"extra.txt": "dtoverlay=pwm-2chan\n"})
    assert other.result == "fault"
    assert "dtoverlay=pwm-2chan in extra.txt uses the pilot's PWM too" in other.measured
    assert "extra.txt" in other.do


def test_a_second_overlay_for_the_pwm_is_a_fault(tmp_path: Path) -> None:
    found, whole = machine(tmp_path, "pi4"), after_setup(tmp_path, Wiring())
    config, _ = judged(found, f"{whole.config}dtoverlay=audremap\n")
    assert (config.result, config.measured) == ("fault", "dtoverlay=audremap uses the pilot's PWM too")


def test_a_console_on_the_readers_uart(tmp_path: Path) -> None:
    wires = Wiring(header_uart=True)
    _, console = judged(machine(tmp_path, "pi4"), CONFIG, CMDLINE, wires)
    assert (console.result, console.measured) == ("fault", "cmdline.txt: console=serial0,115200")


def test_debians_own_kernel(tmp_path: Path) -> None:
    found = machine(tmp_path, "debian")
    config, _ = judged(found, CONFIG)
    assert (config.result, "no dtparam" in config.measured) == ("not checked", True)
    assert "of our image" in pi.devices(found, Devices([], [])).do
    assert pi.devices(found, Devices(["spidev0.0"], ["fe20c000.pwm"])).result == "ok"


@pytest.mark.parametrize(
    ("name", "result"), [("pi4", "ok"), ("debian", "ok"), ("pi2", "fault"), ("", "fault")]
)
def test_board(name: str, result: str, tmp_path: Path) -> None:
    assert pi.board(machine(tmp_path, name)).result == result


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Wiring()),
        ({"pilot": {"pin": 12}, "reader": {"port": "/dev/ttyAMA0"}}, Wiring(12, header_uart=True)),
        ({"pilot": {"pin": "x"}, "meter": {"port": "/dev/serial0"}}, Wiring(18, header_uart=True)),
        ({"temperature": {}, "meter": {"port": "/dev/ttyUSB0"}}, Wiring(18, one_wire=True)),
    ],
)
def test_wiring_of_a_file(values: dict[str, dict[str, object]], expected: Wiring) -> None:
    assert wiring(values) == expected


def test_devices_of_the_kernel(tmp_path: Path) -> None:
    for place in ("dev/spidev0.0", "dev/spidev0.1", "sys/devices/fe20c000.pwm/x"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    (tmp_path / "sys/class/pwm/pwmchip0").mkdir(parents=True)
    (tmp_path / "sys/class/pwm/pwmchip0/device").symlink_to(tmp_path / "sys/devices/fe20c000.pwm")
    assert look.header_devices(tmp_path) == Devices(["spidev0.0", "spidev0.1"], ["fe20c000.pwm"])
    assert look.header_devices(tmp_path / "none") == Devices([], [])


@pytest.mark.parametrize(
    ("passwd", "group", "words"),
    [
        (PASSWD, GROUP, ""),
        (PASSWD.replace("evse-bridge", "x"), GROUP, "there is no user evse-bridge"),
        (PASSWD, GROUP.replace("me,evse-instruments", "me"), "evse-instruments is not in dialout"),
        ("", "", "there is no user evse-safety"),
    ],
)
def test_groups(passwd: str, group: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(passwd)
    (tmp_path / "etc/group").write_text(group)
    check = pi.groups(*look.users(tmp_path))
    assert (check.result, words in check.measured) == ("fault" if words else "ok", True)


def test_a_reboot_that_is_due(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert not reboot_is_due(tmp_path)
    note_reboot(tmp_path)
    assert reboot_is_due(tmp_path)
    forget_reboot(tmp_path)
    assert not reboot_is_due(tmp_path)
    assert (pi.reboot(due=True).result, pi.reboot(due=False).result) == ("warning", "ok")


def test_another_wiring_lacks_another_line(tmp_path: Path) -> None:
    found, wires = machine(tmp_path, "pi4"), Wiring()
    texts = after_setup(tmp_path, wires)
    (config, _) = pi.boot_files(found, texts, replace(wires, pilot_pin=12))
    assert (config.result, "pin=12,func=4" in config.measured) == ("fault", True)
