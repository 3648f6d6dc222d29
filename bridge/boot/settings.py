"""PURE: what a wallbox needs of config.txt, by board and wiring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge.boot.boards import Board

_FUNCTION = {12: 4, 13: 4, 18: 2, 19: 2}  # of the PWM on that pin: ALT0 or ALT5 (overlays/README)
_USUAL_PIN = 18
HEADER_UARTS = ("/dev/serial0", "/dev/ttyAMA0", "/dev/ttyS0")  # by board and overlay: on GPIO 14 and 15


@dataclass(frozen=True, slots=True)
class Wiring:
    """What of wallbox.toml decides about config.txt."""

    pilot_pin: int = _USUAL_PIN
    header_uart: bool = False  # meter or card reader is on GPIO 14 and 15
    one_wire: bool = False  # a thermometer


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line, and what is missing without it."""

    line: str
    why: str
    needed: bool = True  # else the box runs without, less safe


def wiring(values: Mapping[str, Mapping[str, object]]) -> Wiring:
    """Reads it from the sections of a wallbox.toml, whatever else is in them."""
    pin = values.get("pilot", {}).get("pin")
    ports = [values.get(section, {}).get("port") for section in ("meter", "reader")]
    return Wiring(
        pilot_pin=pin if isinstance(pin, int) and pin in _FUNCTION else _USUAL_PIN,
        header_uart=any(port in HEADER_UARTS for port in ports),
        one_wire="temperature" in values,
    )


def wanted(board: Board, wires: Wiring) -> tuple[Wanted, ...]:
    """Lists the lines in the order of their weight."""
    return tuple(_wanted(board, wires))


def _wanted(board: Board, wires: Wiring) -> Iterator[Wanted]:
    pin = wires.pilot_pin
    yield Wanted("dtparam=spi=on", "SPI: the converter that reads pilot and proximity")
    yield Wanted(f"dtoverlay=pwm,pin={pin},func={_FUNCTION[pin]}", f"PWM on GPIO {pin}: the control pilot")
    if board.family != "pi5":  # the Pi 5 has no analogue audio
        yield Wanted("dtparam=audio=off", "analogue audio would use the same PWM")
    yield Wanted("dtparam=strict_gpiod", "the outputs of a dead process become inputs", needed=False)
    yield Wanted("dtparam=watchdog=on", "the chip's watchdog ends a hang of the kernel", needed=False)
    if wires.header_uart:
        yield from _uart(board)
    if wires.one_wire:
        yield Wanted("dtoverlay=w1-gpio", "1-wire: the thermometer at the contacts")


def _uart(board: Board) -> Iterator[Wanted]:
    if board.family == "pi5":
        yield Wanted("dtparam=uart0=on", "the UART on GPIO 14 and 15")
        return
    yield Wanted("enable_uart=1", "the UART on GPIO 14 and 15")
    yield Wanted("dtoverlay=disable-bt", "without it /dev/ttyAMA0 is the Bluetooth chip")
