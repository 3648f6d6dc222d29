"""PURE: judges what a real box needs of its Raspberry Pi: board, boot files, users of the programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.boot.boards import KNOWN_BOARDS, Machine
from bridge.boot.cmdline_txt import consoles
from bridge.boot.config_txt import in_the_way, read
from bridge.boot.settings import Wiring, wanted
from bridge.doctor.check import Check, Subject

BOARD = Subject("machine.board", "board", KNOWN_BOARDS)
CONFIG_TXT = Subject("machine.config_txt", "config.txt", "all lines of this wiring")
CONSOLE = Subject("machine.console", "login console", "not on the UART of the header")
DEVICES = Subject("machine.devices", "SPI and PWM", "/dev/spidev0.*, a PWM chip")
REBOOT = Subject("machine.reboot", "reboot", "none is due")
GROUPS = Subject("machine.groups", "users and groups", "as the package makes them")

# As systemd/sysusers.d/evse-bridge.conf has them; dialout, gpio and spi own the devices of the udev rules.
MEMBERS = {
    "evse-safety": ("evse", "gpio", "spi"),
    "evse-instruments": ("evse", "gpio", "dialout"),
    "evse-bridge": ("evse",),
    "evse-local": ("evse",),
}
_SETUP = "sudo evse-bridge setup shows the change and makes it; then reboot."


@dataclass(frozen=True, slots=True)
class BootTexts:
    """The files of the boot partition; `included`: those that config.txt includes, by name."""

    config: str
    cmdline: str
    included: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Devices:
    """What this kernel shows of the header, whoever switched it on."""

    spi: Sequence[str]
    pwm: Sequence[str]


def board(machine: Machine) -> Check:
    """Judges board and kernel."""
    if machine.board is not None:
        return BOARD.ok(machine.words)
    return BOARD.fault(machine.words, f"A wallbox needs a {KNOWN_BOARDS}; elsewhere only --mock runs.")


def boot_files(machine: Machine, texts: BootTexts, wires: Wiring) -> Iterator[Check]:
    """Judges the lines that count on this board; of Debian's own kernel they are none."""
    if machine.board is None:
        return
    if machine.kernel == "debian":
        yield CONFIG_TXT.not_checked("Debian's own kernel knows no dtparam and no dtoverlay")
    else:
        yield _config_txt(machine, texts, wires)
    there = consoles(texts.cmdline)
    if there and wires.header_uart:
        yield CONSOLE.fault(f"cmdline.txt: {' '.join(there)}", f"It talks to meter or reader. {_SETUP}")
    else:
        yield CONSOLE.ok(" ".join(there) + " (no meter, no reader there)" if there else "none")


def _config_txt(machine: Machine, texts: BootTexts, wires: Wiring) -> Check:
    assert machine.board is not None
    boot = read(texts.config, machine.board.filters, texts.included)
    lines = wanted(machine.board, wires)
    missing = [one for one in lines if not boot.has(one.line)]
    measured = [f"{one.line} does not count ({one.why})" for one in missing]
    in_way = in_the_way(boot, [one.line for one in lines])
    measured += [f"{one}{f' in {one.file}' * bool(one.file)} uses the pilot's PWM too" for one in in_way]
    absent = [name for name in boot.included if name not in texts.included]
    measured += [f"include {name}: there is no such file, or it cannot be read" for name in absent]
    if not measured:
        return CONFIG_TXT.ok("all there" + "".join(f"; with {name}" for name in boot.included))
    if foreign := [one.file for one in in_way if one.file]:
        return CONFIG_TXT.fault("; ".join(measured), f"Remove that line from {foreign[0]}; then reboot.")
    needed = in_way or any(one.needed for one in missing)
    judged = CONFIG_TXT.fault if needed else CONFIG_TXT.warning
    return judged("; ".join(measured), _SETUP if missing or in_way else "Correct the include line.")


def devices(machine: Machine, seen: Devices) -> Check:
    """Judges what the kernel has made of the boot files, or of the image's device tree."""
    measured = f"{', '.join(seen.spi) or 'no SPI'}; {', '.join(seen.pwm) or 'no PWM chip'}"
    if seen.spi and seen.pwm:
        return DEVICES.ok(measured)
    if machine.kernel == "debian":
        do = (
            "Debian's own kernel needs device trees with SPI and PWM: those of our image, "
            "or use Raspberry Pi OS."
        )
    else:
        do = "Is config.txt right and was there a reboot since? evse-bridge setup; sudo reboot."
    return DEVICES.fault(measured, do)


def reboot(*, due: bool) -> Check:
    """Says whether setup has changed the boot files since this boot."""
    if due:
        return REBOOT.warning("setup has changed the boot files since this boot", "sudo reboot")
    return REBOOT.ok("none is due")


def groups(users: Sequence[str], members: Mapping[str, Sequence[str]]) -> Check:
    """Judges the users of /etc/passwd and the members of each group of /etc/group."""
    absent = [name for name in MEMBERS if name not in users]
    outside = [
        f"{name} is not in {group}"
        for name, its in MEMBERS.items()
        for group in its
        if name in users and name not in members.get(group, ())
    ]
    wrong = [f"there is no user {name}" for name in absent] + outside
    if not wrong:
        return GROUPS.ok(", ".join(MEMBERS))
    return GROUPS.fault(
        "; ".join(wrong), "sudo systemd-sysusers evse-bridge.conf, then restart all programs."
    )
