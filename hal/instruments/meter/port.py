"""The Modbus side of a meter: the registers of one reading, over a serial line or TCP."""

from __future__ import annotations

import asyncio
import logging
import termios
import time
from collections.abc import Callable

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.pdu import ExceptionResponse

from hal.configuration.meter_map import Function, words_of
from hal.instruments.meter import answer
from hal.instruments.meter.model import MeterSetup, SerialLine, TcpLink
from hal.instruments.meter.registers import Block, Words, blocks, serial_text

_THINKING_S = 0.5  # a meter's own time before it answers, with room
_FRAME_BYTES = 13  # request and answer without the registers
_BITS_A_BYTE = 11  # with start, parity and stop
_TCP_ANSWER_S = 1.0  # readings are stale after 3 s
_MOST_HEARD = 8192  # bytes that may come before the answer is complete: 0.6 s of noise at 115200 baud
_SERIAL_AGAIN_S = 60.0  # the number is for the record; a question without an answer costs half a second
_WHOLE_AGAIN_S = 600.0  # then a block that was refused is asked for again: the refusal may have been made up
# Modbus Application Protocol V1.1b3, 7
_EXCEPTIONS = {
    1: "function not known", 2: "no such register", 3: "count not allowed", 4: "the meter failed",
    6: "busy", 10: "the gateway has no path", 11: "the gateway hears nothing from the meter",
}  # fmt: skip
_BUSY = 6
_BUSY_S = 0.1  # then it is asked once more
_FOR_GOOD = (1, 2, 3)  # what it refuses so it will refuse again; the others pass: busy, failed, out of reach

log = logging.getLogger("hal.instruments")


class NoAnswerError(Exception):
    """The meter gave no registers; the text says what happened instead."""


class _RefusedError(NoAnswerError):
    """The meter answered with an exception."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.for_good = code in _FOR_GOOD
        self.busy = code == _BUSY


class MeterPort:
    """The meter at the end of a line. It connects by itself, again at each reading if need be."""

    def __init__(self, setup: MeterSetup, phases: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._setup = setup
        self._clock = clock
        self._blocks = blocks(setup.map, phases, setup.max_block)
        self._split: dict[Block, float] = {}  # which the meter does not give at once, and until when
        self._request, self._heard = b"", b""
        self._asked_serial = False
        self._ask_serial_from_s = 0.0
        self._said: set[str] = set()  # kinds of lines that would come with each reading, once each
        self._client = self._new_client()
        self.serial: str | None = None

    async def read(self) -> Words:
        """Reads all registers of one reading. Raises NoAnswerError; nothing of such a reading is used."""
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
        self._client.close()
        self._split.clear()
        self._asked_serial = False

    def _new_client(self) -> AsyncModbusSerialClient | AsyncModbusTcpClient:
        """Makes it without retries: the next reading is one; and it never connects again by itself."""
        link = self._setup.link
        match link:
            case SerialLine():
                longest = _FRAME_BYTES + 2 * max(block.count for block in self._blocks)
                client = AsyncModbusSerialClient(
                    link.port,
                    baudrate=link.baud,
                    parity=link.parity,
                    stopbits=link.stop_bits,
                    timeout=_THINKING_S + longest * _BITS_A_BYTE / link.baud,
                    retries=0,
                    reconnect_delay=0,
                    trace_packet=self._listen,
                )
                client.ctx.max_buffer_size = _MOST_HEARD
                return client
            case TcpLink():
                return AsyncModbusTcpClient(
                    link.host,
                    port=link.port,
                    timeout=_TCP_ANSWER_S,
                    retries=0,
                    reconnect_delay=0,
                )

    def _listen(self, sending: bool, packet: bytes) -> bytes:
        """Gives pymodbus the answer alone, once; it hands over all that came since the request each time."""
        if sending:
            self._request, self._heard = packet, b""
            return packet
        if not self._request:
            return b""
        self._heard = packet
        if frame := answer.found(self._request, packet):
            self._request = b""
        return frame

    async def _connect(self) -> None:
        if self._client.connected:
            return
        self.close()
        link = self._setup.link
        try:
            connected = await self._client.connect()
        except (termios.error, ValueError) as error:  # a tty that cannot do this parity or baud rate
            raise NoAnswerError(f"{link} cannot be opened so: {error}") from None
        if not connected:
            hint = "is the adapter plugged in?" if isinstance(link, SerialLine) else "is it on the network?"
            raise NoAnswerError(f"{link} cannot be opened; {hint}")

    async def _read_serial(self) -> None:
        """Reads the number, if the meter gives it: no reading fails for want of it. Raises NoAnswerError
        when the line cannot be opened again."""
        where = self._setup.map.serial_number
        self.serial = None
        self._asked_serial = True
        if where is None:
            return
        function = self._setup.map.function_of(where)
        try:
            words = await self._ask(function, where.total, words_of(self._setup.map.type_of(where)))
        except NoAnswerError as error:
            self._say_once("number", f"no serial number: {error}")
            self._asked_serial = isinstance(error, _RefusedError) and error.for_good
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
            except _RefusedError as refusal:
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
        except _RefusedError as refusal:
            if not refusal.busy:
                raise
        await asyncio.sleep(_BUSY_S)
        return await self._ask_once(function, start, count)

    async def _ask_once(self, function: Function, start: int, count: int) -> dict[tuple[Function, int], int]:
        unit, link = self._setup.unit, self._setup.link
        await asyncio.sleep(self._setup.gap_s)
        ask = self._client.read_holding_registers if function == 3 else self._client.read_input_registers
        try:
            pdu = await ask(start, count=count, device_id=unit)
        except ModbusException:
            self.close()  # a late answer must not be taken for the next one
            raise NoAnswerError(self._silence()) from None
        if isinstance(pdu, ExceptionResponse):
            code = pdu.exception_code
            why = _EXCEPTIONS.get(code, "not in the standard")
            text = f"unit {unit} on {link} answers {start:#06x} with exception {code}: {why}"
            raise _RefusedError(text, code)
        if (pdu.function_code, len(pdu.registers)) != (function, count):
            self.close()
            raise NoAnswerError(f"unit {unit} on {link} answered another question; is it late?")
        return {(function, start + offset): word for offset, word in enumerate(pdu.registers)}

    def _silence(self) -> str:
        """Says why there is no answer; of a wire that is heard, by what came."""
        if not self._request:  # over TCP, or nothing could be sent
            return f"no answer from unit {self._setup.unit} on {self._setup.link}"
        return answer.missed(self._request, self._heard, str(self._setup.link))
