"""The wires between the real drivers and the simulated box: one small memory-mapped file.

A byte per GPIO line for direction, driven level, input level and a fall that nobody has felt yet, the pid
that holds the line, eight words of the analogue converter, and a byte each for a bus and a chip that fail.
Each byte and word is read and written in one store, so no lock is needed: a level crosses, never a sequence
of them. Imports nothing but the standard library, so that it costs nothing to load.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

FILE_NAME = "line-map"  # in the runtime folder
LINES = 54  # GPIO0 to GPIO53, as a BCM2837 counts them
CHANNELS = 8  # of an MCP3208
ADC_MAX = 4095  # 12 bits

LOW, HIGH, FLOATING = 0, 1, 2  # of an input; FLOATING: nothing drives it, the pin reads its own pull

_MAGIC = b"EVSELINE"
_VERSION = 2
_VERSION_AT = 8  # u16
_SEQUENCE_AT = 12  # u32
_DIRECTION_AT = 64  # u8 each; 1 = output
_LEVEL_AT = 128  # u8 each; what the owner drives
_INPUT_AT = 192  # u8 each; LOW, HIGH or FLOATING
_OWNER_AT = 256  # i32 each; 0 = nobody
_ADC_AT = 480  # u16 each
_BUS_FAILS_AT, _CHIP_FAILS_AT = 496, 497  # u8 each
_FELL_AT = 512  # u8 each; 1 = a claim pulled it low, however shortly, and the mock has not felt it
_SIZE = 576


class LineMapError(Exception):
    """The file is not a line map of this version; the text names the file and what to do."""


class LineBusyError(Exception):
    """Another living process holds the line, as a kernel's EBUSY."""


class LineMap:
    """One end of the file. The mock writes inputs, words and the sequence; a driver writes the rest."""

    def __init__(self, mapped: mmap.mmap) -> None:
        """Takes a whole map; use `create` or `open`."""
        self._mapped = mapped
        self._whole = whole = memoryview(mapped)
        self._direction = whole[_DIRECTION_AT : _DIRECTION_AT + LINES]
        self._level = whole[_LEVEL_AT : _LEVEL_AT + LINES]
        self._input = whole[_INPUT_AT : _INPUT_AT + LINES]
        self._owner = whole[_OWNER_AT : _OWNER_AT + 4 * LINES].cast("i")
        self._fell = whole[_FELL_AT : _FELL_AT + LINES]
        self._adc = whole[_ADC_AT : _ADC_AT + 2 * CHANNELS].cast("H")
        self._sequence = whole[_SEQUENCE_AT : _SEQUENCE_AT + 4].cast("I")

    @classmethod
    def create(cls, path: Path) -> LineMap:
        """Makes a fresh map in place of an older one, never seen half made: inputs, nobody's, floating."""
        blank = bytearray(_SIZE)
        blank[: len(_MAGIC)] = _MAGIC
        memoryview(blank)[_VERSION_AT : _VERSION_AT + 2].cast("H")[0] = _VERSION
        blank[_INPUT_AT : _INPUT_AT + LINES] = bytes([FLOATING]) * LINES
        unfinished = path.with_name(path.name + ".new")
        unfinished.write_bytes(blank)
        unfinished.replace(path)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> LineMap:
        """Raises LineMapError when the file is absent or is no line map of this version."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            raise LineMapError(f"{path}: absent; start the mock wallbox (hal.mock) first") from None
        try:
            header = os.pread(descriptor, _SIZE, 0)
            _check(path, header)
            return cls(mmap.mmap(descriptor, _SIZE))
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Lets go of the memory; says nothing about the lines."""
        levels = (self._direction, self._level, self._input, self._fell)
        for view in (*levels, self._owner, self._adc, self._sequence):
            view.release()
        self._whole.release()
        self._mapped.close()

    # a driver's side

    def claim(self, line: int, pid: int) -> None:
        """Raises LineBusyError while another living process holds the line."""
        owner = self._owner[line]
        if owner not in (0, pid) and _lives(owner):
            raise LineBusyError(f"GPIO{line} is held by process {owner}; only one process may drive it")
        self._owner[line] = pid

    def release(self, line: int) -> None:
        """Makes it nobody's from now on; the level is left as it is."""
        self._owner[line] = 0

    def make_output(self, line: int, *, high: bool) -> None:
        """Puts the level in place before the line drives it: no glitch of an older level."""
        if not high:
            self._let_fall(line)
        self._level[line] = high
        self._direction[line] = 1

    def make_input(self, line: int) -> None:
        """Lets the line drive nothing; its level byte goes low."""
        self._let_fall(line)
        self._direction[line] = 0
        self._level[line] = 0

    def _let_fall(self, line: int) -> None:
        """Shows a fall to the mock: a coil feels a claim that is high again microseconds later."""
        if self.driven_high(line):
            self._fell[line] = 1

    def drive(self, line: int, *, high: bool) -> None:
        """Sets the level, without effect on the wire unless the line is an output."""
        self._level[line] = high

    def is_output(self, line: int) -> bool:
        """Says whether the direction is output; the level does not matter."""
        return self._direction[line] == 1

    def input_level(self, line: int) -> int:
        """Returns LOW, HIGH or FLOATING, as the mock put it there."""
        return self._input[line]

    def adc(self, channel: int) -> int:
        """Returns 0 to ADC_MAX; full scale is the converter's reference voltage."""
        return self._adc[channel]

    @property
    def bus_fails(self) -> bool:
        """Says whether transfers with the converter end in an error."""
        return self._whole[_BUS_FAILS_AT] == 1

    @property
    def chip_fails(self) -> bool:
        """Writes to the GPIO chip end in an error."""
        return self._whole[_CHIP_FAILS_AT] == 1

    # the mock's side

    def put_failures(self, *, bus: bool, chip: bool) -> None:
        """Makes the bus or the chip fail from now on, or heals it."""
        self._whole[_BUS_FAILS_AT], self._whole[_CHIP_FAILS_AT] = bus, chip

    def driven_high(self, line: int) -> bool:
        """Says whether the wire is high: a high output. An input is held low by the external pull-down."""
        return self._direction[line] == 1 and self._level[line] == 1

    def felt_falls(self) -> frozenset[int]:
        """Returns the lines that a claim or a release has pulled low since the last call."""
        if not any(self._fell):
            return frozenset()
        fell = [line for line, mark in enumerate(self._fell) if mark]
        for line in fell:
            self._fell[line] = 0
        return frozenset(fell)

    def owner(self, line: int) -> int:
        """Returns the pid that claimed the line; 0 = nobody."""
        return self._owner[line]

    def owned(self) -> list[tuple[int, int]]:
        """Returns (line, pid) of all lines that somebody claimed."""
        return [(line, pid) for line, pid in enumerate(self._owner.tolist()) if pid]

    def put_input(self, line: int, level: int) -> None:
        """Puts LOW, HIGH or FLOATING there."""
        self._input[line] = level

    def put_adc(self, channel: int, word: int) -> None:
        """Puts a word there, 0 to ADC_MAX."""
        self._adc[channel] = word

    @property
    def sequence(self) -> int:
        """Grows by one each time the mock has taken the outputs and put new inputs; wraps at 32 bits."""
        return self._sequence[0]

    def advance(self) -> None:
        """Counts a whole set of inputs; called by the mock alone."""
        self._sequence[0] = (self._sequence[0] + 1) & 0xFFFF_FFFF

    def fall(self) -> None:
        """Makes every line an input, low and unclaimed, as without power."""
        for line in range(LINES):
            self.make_input(line)
            self.release(line)


def _check(path: Path, header: bytes) -> None:
    if len(header) != _SIZE or not header.startswith(_MAGIC):
        raise LineMapError(f"{path}: {len(header)} bytes, not a line map of {_SIZE}; start hal.mock again")
    version = memoryview(header)[_VERSION_AT : _VERSION_AT + 2].cast("H")[0]
    if version != _VERSION:
        raise LineMapError(f"{path}: version {version}, this program knows {_VERSION}; start hal.mock again")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
