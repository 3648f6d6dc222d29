"""Sends which instruments are connected and their health: on change, and every 10 s."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from hal.contract import InstrumentBox

_AGAIN_S = 10.0  # the contract's: unchanged, it is sent again after that
_MOST_OFTEN_S = 0.2  # a noisy card wire changes `dropped_frames` with every byte


class BoxTeller:
    """Holds the present InstrumentBox and sends it."""

    def __init__(self, box: InstrumentBox, send: Callable[[InstrumentBox], None]) -> None:
        """Sends nothing while `box.reader_health` is empty: a reader that was not tried is not broken."""
        self._box = box
        self._send = send
        self._changed = asyncio.Event()

    def note(self, **changed: Any) -> None:
        """Changes fields of InstrumentBox by name."""
        box = msgspec.structs.replace(self._box, **changed)
        if box != self._box:
            self._box = box
            self._changed.set()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while not self._box.reader_health:
            await self._changed.wait()
            self._changed.clear()
        while True:
            self._send(self._box)
            await asyncio.sleep(_MOST_OFTEN_S)
            try:
                async with asyncio.timeout(_AGAIN_S):
                    await self._changed.wait()
            except TimeoutError:
                continue
            self._changed.clear()
