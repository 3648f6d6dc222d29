"""The Modbus side of a meter: the registers of one reading, over a serial line or TCP."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from hal.configuration.meter_map import Function, words_of
from hal.instruments.meter.bus import Bus, NoAnswerError, RefusedError
from hal.instruments.meter.model import MeterSetup
from hal.instruments.meter.registers import Block, Words, blocks, serial_text

_SERIAL_AGAIN_S = 60.0  # the number is for the record; a question without an answer costs half a second
_WHOLE_AGAIN_S = 600.0  # then a block that was refused is asked for again: the refusal may have been made up
_BUSY_S = 0.1  # then it is asked once more

log = logging.getLogger("hal.instruments")


class MeterPort:
    """The meter at the end of a line. It connects by itself, again at each reading if need be."""

    def __init__(
        self,
        setup: MeterSetup,
        phases: int,
        clock: Callable[[], float] = time.monotonic,
        bus: Bus | None = None,
    ) -> None:
        """`bus`: one that another meter shares; None: this meter has one of its own."""
        self._setup = setup
        self._clock = clock
        self._blocks = blocks(setup.map, phases, setup.max_block, of_house=setup.of_house)
        self._split: dict[Block, float] = {}  # which the meter does not give at once, and until when
        self._asked_serial = False
        self._ask_serial_from_s = 0.0
        self._said: set[str] = set()  # kinds of lines that would come with each reading, once each
        self._bus = bus or Bus(setup.link, longest(setup, phases))
        self.serial: str | None = None

    async def read(self) -> Words:
        """Reads all registers of one reading, when it is this meter's turn on its bus.

        Raises NoAnswerError; nothing of such a reading is used.
        """
        async with self._bus.turn:
            return await self._read_all()

    async def _read_all(self) -> Words:
        await self._connect()
        if not self._asked_serial and self._clock() >= self._ask_serial_from_s:
            await self._read_serial()
        words: dict[tuple[Function, int], int] = {}
        try:
            for block in self._blocks:
                words |= await self._read_block(block)
        except NoAnswerError:
            self._ask_serial_from_s = 0.0  # it is not the number alone that has no answer
            raise
        return words

    def close(self) -> None:
        """Lets go of the line; the next reading takes it again and asks who is there."""
        self._bus.close(self)
        self._forget()

    def _forget(self) -> None:
        """Forgets what is known of the meter: another one may hang there."""
        self._split.clear()
        self._asked_serial = False

    async def _connect(self) -> None:
        if self._bus.connected:
            return
        if self._bus.closed_by in (None, self):
            self._forget()
        await self._bus.open()

    async def _read_serial(self) -> None:
        """Reads the number, if the meter gives it: no reading fails for want of it. Raises NoAnswerError
        when the line cannot be opened again."""
        where = self._setup.map.serial_number
        self.serial = None
        self._asked_serial = True
        if where is None or self._setup.of_house:  # a house meter is not billed
            return
        function = self._setup.map.function_of(where)
        try:
            words = await self._ask(function, where.total, words_of(self._setup.map.type_of(where)))
        except NoAnswerError as error:
            self._say_once("number", f"no serial number: {error}")
            self._asked_serial = isinstance(error, RefusedError) and error.for_good
            self._ask_serial_from_s = self._clock() + _SERIAL_AGAIN_S
            await self._connect()
        else:
            self._said.clear()
            self.serial = serial_text(self._setup.map, where, words)

    def _say_once(self, kind: str, line: str) -> None:
        """Logs it, unless one of its kind was logged since the meter last gave its serial number: a meter may
        be dead for months."""
        if kind not in self._said:
            self._said.add(kind)
            log.info("meter: %s", line)

    async def _read_block(self, block: Block) -> dict[tuple[Function, int], int]:
        """Reads at once; a meter that refuses that is asked for each number alone."""
        if self._clock() >= self._split.get(block, 0.0):
            try:
                return await self._ask(block.fc, block.start, block.count)
            except RefusedError as refusal:
                if len(block.numbers) == 1 or not refusal.for_good:
                    raise
                self._say_once("block", f"{refusal}; asking for each number alone")
                self._split[block] = self._clock() + _WHOLE_AGAIN_S
        words: dict[tuple[Function, int], int] = {}
        try:
            for start, count in block.numbers:
                words |= await self._ask(block.fc, start, count)
        except NoAnswerError:
            self._split.pop(block, None)
            raise
        return words

    async def _ask(self, function: Function, start: int, count: int) -> dict[tuple[Function, int], int]:
        """Asks a busy meter once more. Raises NoAnswerError."""
        try:
            return await self._ask_once(function, start, count)
        except RefusedError as refusal:
            if not refusal.busy:
                raise
        await asyncio.sleep(_BUSY_S)
        return await self._ask_once(function, start, count)

    async def _ask_once(self, function: Function, start: int, count: int) -> dict[tuple[Function, int], int]:
        await asyncio.sleep(self._setup.gap_s)
        try:
            return await self._bus.ask(self._setup.unit, function, start, count)
        except RefusedError:
            raise
        except NoAnswerError:
            self.close()
            raise


def longest(setup: MeterSetup, phases: int) -> int:
    """Returns the registers of the longest answer that a reading of that meter asks for."""
    asked = blocks(setup.map, phases, setup.max_block, of_house=setup.of_house)
    return max(block.count for block in asked)
