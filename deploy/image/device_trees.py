"""Changes Debian's device trees for a wallbox: on its kernel dtparam and dtoverlay of config.txt do nothing.

The trees have no symbols, so each node is named by its path. Pins as in docs/wiring.md.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.image.building import ImageError, run

BOARDS = (
    *("bcm2837-rpi-3-a-plus", "bcm2837-rpi-3-b", "bcm2837-rpi-3-b-plus", "bcm2837-rpi-zero-2-w"),
    *("bcm2711-rpi-4-b", "bcm2711-rpi-400", "bcm2711-rpi-cm4-io"),
)
PINS = "/soc/gpio@7e200000"
SPI = "/soc/spi@7e204000"
PWM = "/soc/pwm@7e20c000"
AUDIO_PWM = "/soc/pwm@7e20c800"  # of a Pi 4: the second chip, on the headphones
UART = "/soc/serial@7e201000"  # the PL011: a divider of its own, not the core's clock
MINI_UART = "/soc/serial@7e215040"
WATCHDOG = "/soc/watchdog@7e100000"
# A name that the kernel's spidev knows: since 4.1 not "spidev" itself. The DAC is not meant.
SPIDEV = "rohm,dh2228fv"
SPI_MAX_HZ = 10_000_000  # a bound; who opens the device sets its own speed
PHANDLE_FROM = 0x7000  # above all that dtc has given


@dataclass(frozen=True, slots=True)
class Tree:
    """One compiled device tree, changed in its file. Each method raises ImageError."""

    file: Path

    def nodes(self, node: str) -> list[str]:
        return run("fdtget", "--list", self.file, node).split()

    def has(self, node: str) -> bool:
        above, _, name = node.rpartition("/")
        return name in self.nodes(above or "/")

    def words(self, node: str, name: str, *values: str) -> None:
        run("fdtput", "--type", "s", self.file, node, name, *values)

    def cells(self, node: str, name: str, *values: int) -> None:
        run("fdtput", "--type", "u", self.file, node, name, *map(str, values))

    def create(self, node: str) -> None:
        run("fdtput", "--create", self.file, node)

    def remove(self, node: str) -> None:
        run("fdtput", "--remove", self.file, node)

    def phandle(self, node: str, otherwise: int) -> int:
        """Gives the node `otherwise` as its number when it has none yet."""
        number = int(run("fdtget", "--default", "0", self.file, node, "phandle"))
        if number == 0:
            self.cells(node, "phandle", otherwise)
        return number or otherwise

    def switch_on(self, node: str, *pins: int) -> None:
        """Lets the kernel use the device, on these groups of pins."""
        self.words(node, "status", "okay")
        self.words(node, "pinctrl-names", "default")
        self.cells(node, "pinctrl-0", *pins)


def patched(source: Path, to: Path) -> None:
    """Copies one tree; in the copy SPI0, PWM0 on GPIO 18 and the PL011 on GPIO 14 and 15 are on.

    Raises ImageError when the tree is not built as expected.
    """
    shutil.copyfile(source, to)
    tree = Tree(to)
    for node in (PINS, SPI, PWM, UART, WATCHDOG):
        if not tree.has(node):
            raise ImageError(f"{source.name}: no node {node}: this kernel's device trees are built otherwise")
    _spi(tree)
    _pwm(tree)
    _uart(tree)
    tree.words("/", "evse-bridge,image", "spi0", "pwm0-gpio18", "uart0-gpio14", "watchdog")


def _pins(tree: Tree, order: int, *names: str) -> int:
    """Finds the group of pins by one of these names, which differ between the chips; returns its number."""
    found = [name for name in names if tree.has(f"{PINS}/{name}")]
    if not found:
        raise ImageError(f"{tree.file.name}: none of {', '.join(names)} in {PINS}")
    return tree.phandle(f"{PINS}/{found[0]}", PHANDLE_FROM + order)


def _spi(tree: Tree) -> None:
    tree.switch_on(SPI, _pins(tree, 0, "spi0_gpio7", "spi0-gpio7"))
    for select in (0, 1):
        device = f"{SPI}/spidev@{select}"
        tree.create(device)
        tree.words(device, "compatible", SPIDEV)
        tree.cells(device, "reg", select)
        tree.cells(device, "spi-max-frequency", SPI_MAX_HZ)


def _pwm(tree: Tree) -> None:
    """Takes the chip from the headphones, which are silent then."""
    tree.switch_on(PWM, _pins(tree, 1, "pwm0_gpio18", "pwm0_0_gpio18", "pwm0-gpio18", "pwm0-0-gpio18"))
    if tree.has(AUDIO_PWM):
        tree.words(AUDIO_PWM, "status", "disabled")


def _uart(tree: Tree) -> None:
    """Gives /dev/ttyAMA0 to a card reader: no Bluetooth on it, and no console."""
    if tree.has(f"{UART}/bluetooth"):
        tree.remove(f"{UART}/bluetooth")
    tree.switch_on(UART, _pins(tree, 2, "uart0_gpio14", "uart0-gpio14"))
    tree.words(MINI_UART, "status", "disabled")
    run("fdtput", "--delete", tree.file, "/chosen", "stdout-path")
