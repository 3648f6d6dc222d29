"""The changed device tree has what the wallbox needs, on the pins of docs/wiring.md."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.image.building import ImageError
from deploy.image.device_trees import AUDIO_PWM, MINI_UART, PINS, PWM, SPI, UART, Tree, patched

# Built as Debian's of a Pi 4, with the nodes that matter.
SOURCE = """/dts-v1/;
/ {
  chosen { stdout-path = "serial1:115200n8"; };
  soc { #address-cells = <1>; #size-cells = <1>;
    gpio@7e200000 {
      spi0_gpio7 { brcm,pins = <7 8 9 10 11>; };
      uart0_gpio14 { brcm,pins = <14 15>; };
      %s { brcm,pins = <18>; };
      uart0_gpio32 { brcm,pins = <32 33>; phandle = <8>; };
    };
    serial@7e201000 { status = "okay"; pinctrl-0 = <8>; bluetooth { compatible = "brcm,bcm43438-bt"; }; };
    serial@7e215040 { status = "okay"; };
    spi@7e204000 { status = "disabled"; #address-cells = <1>; #size-cells = <0>; };
    pwm@7e20c000 { status = "disabled"; };
    pwm@7e20c800 { status = "okay"; };
    watchdog@7e100000 { };
  };
};
"""


def tree(folder: Path, source: str) -> Tree:
    """The source, compiled, changed."""
    if shutil.which("dtc") is None or shutil.which("fdtput") is None:
        pytest.skip("no dtc: apt install device-tree-compiler")
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", folder / "in.dtb"], input=source.encode(), check=True)
    patched(folder / "in.dtb", folder / "out.dtb")
    return Tree(folder / "out.dtb")


def value(of: Tree, node: str, name: str) -> str:
    done = subprocess.run(["fdtget", of.file, node, name], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def pins(of: Tree, device: str) -> str:
    """Of the group that the device's pinctrl-0 names."""
    wanted = value(of, device, "pinctrl-0")
    groups = [f"{PINS}/{name}" for name in of.nodes(PINS)]
    [group] = [group for group in groups if of.phandle(group, 1) == int(wanted)]
    return value(of, group, "brcm,pins")


@pytest.mark.parametrize("pwm_group", ["pwm0_gpio18", "pwm0_0_gpio18"])
def test_spi_pwm_and_uart_are_on_and_on_their_pins(tmp_path: Path, pwm_group: str) -> None:
    changed = tree(tmp_path, SOURCE % pwm_group)
    assert pins(changed, SPI) == "7 8 9 10 11"
    assert pins(changed, PWM) == "18"
    assert pins(changed, UART) == "14 15"
    assert [value(changed, node, "status") for node in (SPI, PWM, UART)] == ["okay"] * 3
    assert [value(changed, f"{SPI}/spidev@{select}", "reg") for select in (0, 1)] == ["0", "1"]


def test_bluetooth_the_console_and_the_headphones_leave_them_alone(tmp_path: Path) -> None:
    changed = tree(tmp_path, SOURCE % "pwm0_gpio18")
    assert not changed.has(f"{UART}/bluetooth")
    assert [value(changed, node, "status") for node in (MINI_UART, AUDIO_PWM)] == ["disabled"] * 2
    with pytest.raises(subprocess.CalledProcessError):
        value(changed, "/chosen", "stdout-path")


def test_a_tree_that_is_built_otherwise_is_refused_by_name(tmp_path: Path) -> None:
    without = (SOURCE % "pwm0_gpio18").replace("spi@7e204000", "spi@7e204001")
    with pytest.raises(ImageError, match=r"in\.dtb: no node /soc/spi@7e204000"):
        tree(tmp_path, without)
    with pytest.raises(ImageError, match="none of pwm0_gpio18"):
        tree(tmp_path, SOURCE % "pwm1_gpio19")
