"""The Raspberry Pi: whether this is one, whether its devices may be used, and what its kernel does with the
lines of a dead process. Nothing stands in for what is missing."""

from __future__ import annotations

import os
import platform
import struct
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gpiozero import GPIOZeroError, SPISoftwareFallback

from hal import lgpio_module
from hal.configuration.sections import Wallbox
from hal.contract import HANG_LIMIT_S
from hal.lgpio_module import NoLgpioError
from hal.safety.lines import pwm
from hal.safety.lines.lines import Wiring

_BEFORE_THE_PI_5 = "pinctrl_bcm2835"
_PI_5 = "pinctrl_rp1"
_PARAMETER = "sys/module/{}/parameters/persist_gpio_outputs"  # raspberrypi/linux pull request 6150


class NoHardwareError(Exception):
    """This machine cannot drive the box; the text says what is wrong and what to do."""


@dataclass(frozen=True)
class Machine:
    """The computer that this process runs on. `root` is the root of its file system."""

    root: Path = Path("/")
    architecture: str = field(default_factory=platform.machine)
    pointer_bits: int = 8 * struct.calcsize("P")

    def text(self, path: str) -> str:
        """Reads a small file of the kernel's; empty when there is none."""
        try:
            return (self.root / path).read_text(errors="replace").strip("\0\n")
        except OSError:
            return ""


def check(machine: Machine, box: Wallbox) -> None:
    """Raises NoHardwareError for the first thing that is wrong."""
    _check_architecture(machine)
    model = machine.text("proc/device-tree/model")
    if "Raspberry Pi" not in model:
        what = model or machine.architecture
        raise NoHardwareError(f"this is no Raspberry Pi ({what}): start with --mock for a simulated box")
    _check_chip(machine)
    spi = machine.root / f"dev/spidev{box.adc.spi_port}.{box.adc.spi_device}"
    _check_device(spi, "add dtparam=spi=on to config.txt", "spi")


def _check_architecture(machine: Machine) -> None:
    match machine.architecture:
        case "armv6l":
            raise NoHardwareError(
                "armv6 (Pi 1, Zero, Zero W) is too slow for the pilot and has no packages: "
                "use a Pi Zero 2 W, 3, 4 or 5"
            )
        case "armv7l":
            raise NoHardwareError(_THIRTY_TWO_BITS.format("armv7"))
        case "aarch64" if machine.pointer_bits == 32:
            raise NoHardwareError(_THIRTY_TWO_BITS.format("a 64-bit kernel with 32-bit programs"))
        case _:
            pass


_THIRTY_TWO_BITS = "{} is a 32-bit system, which is not supported: install the 64-bit Raspberry Pi OS"


def _check_chip(machine: Machine) -> None:
    """Checks the first chip: gpiozero takes gpiochip4 or 0, by board, which shows when it is opened."""
    chips = sorted((machine.root / "dev").glob("gpiochip*"))
    _check_device(chips[0] if chips else machine.root / "dev/gpiochip0", "load the GPIO driver", "gpio")


def _check_device(path: Path, if_absent: str, group: str) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    except FileNotFoundError:
        raise NoHardwareError(f"{path} is absent: {if_absent}") from None
    except PermissionError:
        raise NoHardwareError(
            f"no permission on {path}: the user of hal.safety must be in group {group}; see the udev rules"
        ) from None
    except OSError as error:
        raise NoHardwareError(f"{path} cannot be opened: {error.strerror}") from None


def kernel_releases(machine: Machine) -> bool:
    """Says whether a dead process's outputs become inputs (dtparam=strict_gpiod). Unknown: they stay."""
    of_a_pi_5 = "bcm2712" in machine.text("proc/device-tree/compatible")
    return machine.text(_PARAMETER.format(_PI_5 if of_a_pi_5 else _BEFORE_THE_PI_5)) == "N"


def death_facts(machine: Machine, box: Wallbox, *, safe_outputs_after: bool) -> tuple[str, ...]:
    """Says what follows from a death of this process. Raises NoHardwareError when nothing would open the
    contactor then: the kernel keeps the lines, no watchdog line, and nobody promised to run safe_outputs."""
    if kernel_releases(machine):
        return ()
    if not safe_outputs_after and box.contactor.watchdog_pin is None:
        raise NoHardwareError(
            "this kernel keeps the outputs of a dead process, so the contactor would stay closed: add "
            "dtparam=strict_gpiod to config.txt and reboot, or start by systemd or `evse-bridge run`, which "
            "make the outputs safe (--safe-outputs-after), or wire contactor.watchdog_pin"
        )
    return ("this kernel keeps the outputs of a dead process: add dtparam=strict_gpiod to config.txt",)


def guards_hangs(machine: Machine, box: Wallbox) -> bool:
    """Says whether a hung kernel opens the contactor: by its watchdog line, or by a reset after 15 s.

    A watchdog of the SoC counts while somebody feeds it (systemd, RuntimeWatchdogSec=).
    """
    return box.contactor.watchdog_pin is not None or any(map(_resets, watchdogs(machine)))


def watchdogs(machine: Machine) -> list[Path]:
    """Lists those of this machine, in sysfs (Documentation/ABI/testing/sysfs-class-watchdog)."""
    return sorted((machine.root / "sys/class/watchdog").glob("watchdog*"))


def _resets(watchdog: Path) -> bool:
    try:
        state = (watchdog / "state").read_text().strip()
        return state == "active" and int((watchdog / "timeout").read_text()) <= HANG_LIMIT_S
    except (OSError, ValueError):  # a kernel without CONFIG_WATCHDOG_SYSFS does not tell
        return False


def lacks(machine: Machine, box: Wallbox, *, real_time: bool) -> tuple[str, ...]:
    """Says what keeps a real box from closing (BoxRules.lacks), as names in REMEDIES."""
    there = {"real_time": real_time, "hang_guard": guards_hangs(machine, box)}
    return tuple(name for name, fulfilled in there.items() if not fulfilled)


# What to do about it.
REMEDIES = {
    "real_time": "nothing closes without a real-time priority and locked memory: start it by its systemd "
    "unit, or `evse-bridge run` as root (LimitRTPRIO, LimitMEMLOCK)",
    "hang_guard": "nothing closes, because no watchdog would end a hang of the kernel: install "
    "system.conf.d/90-evse-bridge.conf (RuntimeWatchdogSec=15) and reboot, or wire contactor.watchdog_pin",
}


def wiring(box: Wallbox, runtime_dir: Path) -> Wiring:
    """Opens the real lines. Raises NoHardwareError and PwmError."""
    lgpio, factory = _factory(runtime_dir)
    # gpiozero would answer a refused SPI device by bit-banging, which no tick could wait for.
    warnings.filterwarnings("error", category=SPISoftwareFallback)
    folder = pwm.find_channel(pwm.SYSFS, box.pilot.pwm_device, box.pilot.pin)
    return Wiring(factory, folder, (OSError, GPIOZeroError, lgpio.error))


def _factory(runtime_dir: Path) -> tuple[Any, Any]:
    try:
        lgpio = lgpio_module.loaded(runtime_dir)
    except NoLgpioError as error:
        raise NoHardwareError(str(error)) from None
    from gpiozero.pins.lgpio import LGPIOFactory  # imports lgpio

    try:
        return lgpio, LGPIOFactory()
    except lgpio.error as error:
        raise NoHardwareError(f"no GPIO: {error}; see the permissions of /dev/gpiochip*") from None
