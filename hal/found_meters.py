"""PURE: what `python -m hal.instruments.find` prints about the serial ports of a box."""

from __future__ import annotations

from typing import Literal

import msgspec


class FoundMeter(msgspec.Struct, frozen=True):
    """A unit that answered. `models`: all makes whose registers it shows plausibly; none: no known meter."""

    models: tuple[str, ...]
    unit: int
    baud: int
    parity: Literal["N", "E", "O"]
    stop_bits: Literal[1, 2]
    shows: str = ""  # its values, in words


class PortHeard(msgspec.Struct, frozen=True):
    """A port and who answers there. `heard`: in words, what else came or why it cannot be used."""

    port: str
    meters: tuple[FoundMeter, ...] = ()
    heard: str = ""
