"""Is this a Raspberry Pi we may use, told from a file system laid out like one."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from hal.configuration.line_sections import Contactor
from hal.safety.lines.hardware import (
    REMEDIES,
    Machine,
    NoHardwareError,
    check,
    death_facts,
    kernel_releases,
    lacks,
    wiring,
)
from tests.hal.safety.rig import SOCKET_BOX

_NOBODY = 65534
BOX_WITH_WATCHDOG = msgspec.structs.replace(
    SOCKET_BOX, contactor=Contactor(pin=17, mirror_pin=27, watchdog_pin=16)
)


class Pi:
    """A root with what the checks look at."""

    def __init__(
        self, root: Path, *, model: str = "Raspberry Pi 4 Model B Rev 1.5", soc: str = "bcm2711"
    ) -> None:
        self.root = root
        self.put("proc/device-tree/model", model + "\0")
        self.put("proc/device-tree/compatible", f"raspberrypi,some\0brcm,{soc}\0")
        self.put("dev/gpiochip0", "")
        self.put("dev/spidev0.0", "")

    def put(self, path: str, text: str) -> None:
        whole = self.root / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(text)

    def persist(self, driver: str, letter: str) -> None:
        self.put(f"sys/module/{driver}/parameters/persist_gpio_outputs", letter + "\n")

    def machine(self, architecture: str = "aarch64", pointer_bits: int = 64) -> Machine:
        return Machine(self.root, architecture, pointer_bits)


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    return Pi(tmp_path)


def refusal(machine: Machine) -> str:
    with pytest.raises(NoHardwareError) as refused:
        check(machine, SOCKET_BOX)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_pi_with_all_it_needs_is_good(pi: Pi) -> None:
    check(pi.machine(), SOCKET_BOX)


@pytest.mark.parametrize(
    ("architecture", "bits", "said"),
    [
        ("armv6l", 32, "armv6 (Pi 1, Zero, Zero W) is too slow"),
        ("armv7l", 32, "armv7 is a 32-bit system, which is not supported: install the 64-bit"),
        ("aarch64", 32, "a 64-bit kernel with 32-bit programs is a 32-bit system"),
    ],
)
def test_old_and_32_bit_machines_are_refused_in_words(
    pi: Pi, architecture: str, bits: int, said: str
) -> None:
    assert said in refusal(pi.machine(architecture, bits))


def test_another_machine_is_no_raspberry_pi(tmp_path: Path) -> None:
    assert refusal(Machine(tmp_path, "x86_64", 64)) == (
        "this is no Raspberry Pi (x86_64): start with --mock for a simulated box"
    )
    Pi(tmp_path, model="Radxa ROCK 5B")
    assert "no Raspberry Pi (Radxa ROCK 5B)" in refusal(Machine(tmp_path, "aarch64", 64))


@pytest.mark.parametrize(
    ("device", "said"),
    [("dev/gpiochip0", "load the GPIO driver"), ("dev/spidev0.0", "add dtparam=spi=on to config.txt")],
)
def test_a_missing_device_is_named(pi: Pi, device: str, said: str) -> None:
    (pi.root / device).unlink()
    assert refusal(pi.machine()).endswith(f"{device} is absent: {said}")


@pytest.mark.parametrize(("device", "group"), [("dev/gpiochip0", "gpio"), ("dev/spidev0.0", "spi")])
def test_a_device_without_permission_is_named(runtime_dir: Path, device: str, group: str) -> None:
    pi = Pi(runtime_dir)
    runtime_dir.chmod(0o755)
    for name in ("dev/gpiochip0", "dev/spidev0.0"):
        (runtime_dir / name).chmod(0o000 if name == device else 0o666)
    before = os.geteuid()
    if before == 0:  # root may open everything
        os.seteuid(_NOBODY)
    try:
        assert f"must be in group {group}" in refusal(pi.machine())
    finally:
        os.seteuid(before)


def test_a_device_that_does_not_open_is_named(pi: Pi) -> None:
    (pi.root / "dev/spidev0.0").unlink()
    (pi.root / "dev/spidev0.0").mkdir()
    assert "spidev0.0 cannot be opened: Is a directory" in refusal(pi.machine())


@pytest.mark.parametrize(
    ("soc", "driver"),
    [("bcm2711", "pinctrl_bcm2835"), ("bcm2837", "pinctrl_bcm2835"), ("bcm2712", "pinctrl_rp1")],
)
@pytest.mark.parametrize(("letter", "releases"), [("N", True), ("Y", False)])
def test_what_the_kernel_does_with_a_dead_process_lines(
    tmp_path: Path, soc: str, driver: str, letter: str, releases: bool
) -> None:
    pi = Pi(tmp_path, soc=soc)
    other = {"pinctrl_bcm2835": "pinctrl_rp1", "pinctrl_rp1": "pinctrl_bcm2835"}[driver]
    pi.persist(other, "N" if letter == "Y" else "Y")  # of a driver that is not in use
    pi.persist(driver, letter)
    assert kernel_releases(pi.machine()) is releases


def test_an_unknown_kernel_keeps(pi: Pi) -> None:
    assert not kernel_releases(pi.machine())


def test_a_kernel_that_keeps_needs_somebody_who_opens_the_contactor(pi: Pi) -> None:
    pi.persist("pinctrl_bcm2835", "Y")
    with pytest.raises(NoHardwareError, match=r"dtparam=strict_gpiod.*--safe-outputs-after.*watchdog_pin"):
        death_facts(pi.machine(), SOCKET_BOX, safe_outputs_after=False)
    for facts in (
        death_facts(pi.machine(), SOCKET_BOX, safe_outputs_after=True),
        death_facts(pi.machine(), BOX_WITH_WATCHDOG, safe_outputs_after=False),
    ):
        assert facts == (
            "this kernel keeps the outputs of a dead process: add dtparam=strict_gpiod to config.txt",
        )


def test_a_kernel_that_releases_is_nothing_to_speak_of(pi: Pi) -> None:
    pi.persist("pinctrl_bcm2835", "N")
    assert death_facts(pi.machine(), SOCKET_BOX, safe_outputs_after=False) == ()


@pytest.mark.parametrize(
    ("state", "timeout", "guarded"),
    [
        ("active", "15", True),
        ("active", "1", True),
        ("active", "16", False),  # longer than anybody promised
        ("active", "60", False),
        ("inactive", "15", False),  # nobody feeds it, so it does not count
        ("active", "", False),
        (None, "15", False),  # a kernel that does not tell
    ],
)
def test_a_real_box_needs_a_watchdog_against_a_hang(
    pi: Pi, state: str | None, timeout: str, guarded: bool
) -> None:
    if state is not None:
        pi.put("sys/class/watchdog/watchdog0/state", state + "\n")
    pi.put("sys/class/watchdog/watchdog0/timeout", timeout + "\n")
    assert lacks(pi.machine(), SOCKET_BOX, real_time=True) == (() if guarded else ("hang_guard",))
    assert lacks(pi.machine(), BOX_WITH_WATCHDOG, real_time=True) == ()


def test_one_of_two_watchdogs_is_enough(pi: Pi) -> None:
    for number, state in enumerate(("inactive", "active")):
        pi.put(f"sys/class/watchdog/watchdog{number}/state", state)
        pi.put(f"sys/class/watchdog/watchdog{number}/timeout", "15")
    assert lacks(pi.machine(), SOCKET_BOX, real_time=True) == ()


def test_a_real_box_needs_real_time(pi: Pi) -> None:
    assert lacks(pi.machine(), BOX_WITH_WATCHDOG, real_time=False) == ("real_time",)
    assert set(lacks(pi.machine(), SOCKET_BOX, real_time=False)) == set(REMEDIES)


def test_real_lines_without_lgpio_say_what_to_install(tmp_path: Path) -> None:
    """It is on a Raspberry Pi alone."""
    with pytest.raises(NoHardwareError, match=r"^lgpio >= 0\.2\.2 is not installed: install the extra `pi`$"):
        wiring(SOCKET_BOX, tmp_path)
