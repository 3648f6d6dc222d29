"""gpiozero's pins and SPI on the line map: the real drivers run unchanged against the simulated box.

A pin behaves as gpiozero's own on lgpio: claimed as an input when it is made, as a low output when its
function is set, then written; an input once closed. A process that dies closes nothing; what its lines do
then is up to the mock (`mock.kernel`).
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from gpiozero import SPI, GPIOPinInUse, PinSetInput, SharedMixin, SPIBadArgs
from gpiozero.pins.mock import MockFactory, MockPin
from gpiozero.pins.pi import spi_port_device

from hal.mock.pi.line_map import FLOATING, HIGH, LineBusyError, LineMap

_REVISION = "a02082"  # a Pi 3B, as gpiozero's own mock: GPIO0 to 27 on the header


class BoardPin(MockPin):  # type: ignore[misc]  # gpiozero carries no types
    """One GPIO line; every read and write goes to the map."""

    _factory: BoardFactory
    _number: int
    _function: str
    _pull: str

    def __init__(self, factory: BoardFactory, info: Any) -> None:
        """Claims the line as an input without a pull, as LGPIOPin. An output whose level a dead process had
        left falls; `output_with_state` then claims it low and writes the level. Raises GPIOPinInUse."""
        super().__init__(factory, info)
        self._claim()
        self._factory.line_map.make_input(self._number)

    def close(self) -> None:
        """Leaves an input without a pull, free for others, as gpiozero on lgpio."""
        line_map = self._factory.line_map
        if line_map.owner(self._number) == os.getpid():
            self._reach_chip()
            self._function = "input"
            line_map.make_input(self._number)
            line_map.release(self._number)

    def _set_function(self, value: str) -> None:
        self._claim()
        super()._set_function(value)  # refuses unknown functions
        if value == "output":
            self._factory.line_map.make_output(self._number, high=False)
        else:
            self._factory.line_map.make_input(self._number)

    def _get_state(self) -> bool:
        if self._function == "output":
            return self._factory.line_map.driven_high(self._number)
        level = self._factory.line_map.input_level(self._number)
        return self._pull == "up" if level == FLOATING else level == HIGH

    def _set_state(self, value: float) -> None:
        if self._function != "output":
            raise PinSetInput(f"cannot set state of pin {self!r}: it is an input")
        self._reach_chip()
        self._factory.line_map.drive(self._number, high=bool(value))

    def _reach_chip(self) -> None:
        if self._factory.line_map.chip_fails:
            raise OSError(errno.EIO, f"GPIO{self._number} cannot be written")

    def _claim(self) -> None:
        try:
            self._factory.line_map.claim(self._number, os.getpid())
        except LineBusyError as busy:
            raise GPIOPinInUse(str(busy)) from None


class Mcp3208Bus(SharedMixin, SPI):  # type: ignore[misc]  # gpiozero carries no types
    """The SPI bus with an MCP3208 at its end, which answers from the map's words."""

    bits_per_word = 8

    def __init__(self, *, pin_factory: BoardFactory, pins: tuple[str, ...]) -> None:
        super().__init__(pin_factory=pin_factory)
        self._line_map: LineMap | None = pin_factory.line_map
        pin_factory.reserve_pins(self, *pins)

    @classmethod
    def _shared_key(cls, *, pin_factory: BoardFactory, pins: tuple[str, ...]) -> tuple[Any, ...]:
        return (id(pin_factory), pins)

    @property
    def closed(self) -> bool:
        """Says whether `close` was called."""
        return self._line_map is None

    def close(self) -> None:
        """Frees the pins for other devices of this process."""
        if self._line_map is not None:
            self._line_map = None
            self.pin_factory.release_all(self)
        super().close()

    def transfer(self, words: list[int]) -> list[int]:
        """Converts once, single-ended: 000001MC CCxxxxxx xxxxxxxx in, the 12 bits in the last two words out.

        MCP3204/3208 data sheet, figure 6-1. Raises SPIBadArgs for anything else, OSError while the bus fails.
        """
        if len(words) != 3 or words[0] & 0b1111_1110 != 0b0000_0110 or self._line_map is None:
            raise SPIBadArgs(f"{words}: an MCP3208 answers single-ended reads of three words")
        if self._line_map.bus_fails:
            raise OSError(errno.EIO, "SPI transfer")
        channel = (words[0] & 1) << 2 | words[1] >> 6
        word = self._line_map.adc(channel)
        return [0, word >> 8, word & 0xFF]


class BoardFactory(MockFactory):  # type: ignore[misc]  # gpiozero carries no types
    """gpiozero's pin factory for the mock wallbox: pass it as `pin_factory` to every device.

    Raises LineMapError (from the constructor) when the mock has not made its map at `path`.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(revision=_REVISION, pin_class=BoardPin)
        self.line_map = LineMap.open(path)

    def spi(self, **spi_args: Any) -> Mcp3208Bus:
        """Returns the hardware bus with its MCP3208, for all channels. Raises SPIBadArgs for other pins."""
        pins, _ = self._extract_spi_args(**spi_args)
        spi_port_device(**pins)  # refuses what would be bit-banged
        return Mcp3208Bus(pin_factory=self, pins=tuple(pins.values()))
