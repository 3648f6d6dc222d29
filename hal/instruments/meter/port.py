"""The Modbus side of a meter: the registers of one reading, over a serial line or TCP."""

from __future__ import annotations

import asyncio
import logging
import termios

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.pdu import ExceptionResponse

from hal.configuration.meter_map import Function, words_of
from hal.instruments.meter.model import MeterSetup, SerialLine, TcpLink
from hal.instruments.meter.registers import Block, Words, blocks, serial_text

_THINKING_S = 0.5  # a meter's own time before it answers, with room
_FRAME_BYTES = 13  # request and answer without the registers
_BITS_A_BYTE = 11  # with start, parity and stop
_TCP_ANSWER_S = 1.0  # readings are stale after 3 s
_SHOWN_BYTES = 12
# Modbus Application Protocol V1.1b3, 7
_EXCEPTIONS = {
    1: "function not known", 2: "no such register", 3: "count not allowed", 4: "the meter failed",
    6: "busy", 10: "the gateway has no path", 11: "the gateway hears nothing from the meter",
}  # fmt: skip

log = logging.getLogger("hal.instruments")


class NoAnswerError(Exception):
    """The meter gave no registers; the text says what happened instead."""


class _RefusedError(NoAnswerError):
    """The meter answered with an exception."""


class MeterPort:
    """The meter at the end of a line. It connects by itself, again at each reading if need be."""

    def __init__(self, setup: MeterSetup, phases: int) -> None:
        self._setup = setup
        self._blocks = blocks(setup.map, phases, setup.max_block)
        self._split: set[Block] = set()  # which the meter does not give at once
        self._heard = b""
        self._asked_serial = False
        self._client = self._new_client()
        self.serial: str | None = None

    async def read(self) -> Words:
        """Reads all registers of one reading. Raises NoAnswerError; nothing of such a reading is used."""
        await self._connect()
        if not self._asked_serial:
            await self._read_serial()
        words: dict[tuple[Function, int], int] = {}
        for block in self._blocks:
            words |= await self._read_block(block)
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
                return AsyncModbusSerialClient(
                    link.port,
                    baudrate=link.baud,
                    parity=link.parity,
                    stopbits=link.stop_bits,
                    timeout=_THINKING_S + longest * _BITS_A_BYTE / link.baud,
                    retries=0,
                    reconnect_delay=0,
                    trace_packet=self._listen,
                )
            case TcpLink():
                return AsyncModbusTcpClient(
                    link.host,
                    port=link.port,
                    timeout=_TCP_ANSWER_S,
                    retries=0,
                    reconnect_delay=0,
                    trace_packet=self._listen,
                )

    def _listen(self, sending: bool, packet: bytes) -> bytes:
        """Keeps what came since the last request; pymodbus hands over the bytes so far each time."""
        self._heard = b"" if sending else packet
        return packet

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
        """Reads the number; a meter that does not know the register has none."""
        where = self._setup.map.serial_number
        self.serial = None
        if where is not None:
            function = self._setup.map.function_of(where)
            try:
                words = await self._ask(function, where.total, words_of(self._setup.map.type_of(where)))
                self.serial = serial_text(self._setup.map, where, words)
            except _RefusedError as refusal:
                log.info("meter: no serial number: %s", refusal)
        self._asked_serial = True

    async def _read_block(self, block: Block) -> dict[tuple[Function, int], int]:
        """Reads at once; a meter that refuses that is asked for each number alone."""
        if block not in self._split:
            try:
                return await self._ask(block.fc, block.start, block.count)
            except _RefusedError as refusal:
                if len(block.numbers) == 1:
                    raise
                log.info("meter: %s; asking for each number alone", refusal)
                self._split.add(block)
        words: dict[tuple[Function, int], int] = {}
        try:
            for start, count in block.numbers:
                words |= await self._ask(block.fc, start, count)
        except NoAnswerError:
            self._split.discard(block)
            raise
        return words

    async def _ask(self, function: Function, start: int, count: int) -> dict[tuple[Function, int], int]:
        unit, link = self._setup.unit, self._setup.link
        await asyncio.sleep(self._setup.gap_s)
        ask = self._client.read_holding_registers if function == 3 else self._client.read_input_registers
        try:
            answer = await ask(start, count=count, device_id=unit)
        except ModbusException:
            self.close()  # a late answer must not be taken for the next one
            raise NoAnswerError(self._silence()) from None
        if isinstance(answer, ExceptionResponse):
            code = answer.exception_code
            why = _EXCEPTIONS.get(code, "not in the standard")
            raise _RefusedError(f"unit {unit} on {link} answers {start:#06x} with exception {code}: {why}")
        if (answer.function_code, len(answer.registers)) != (function, count):
            self.close()
            raise NoAnswerError(f"unit {unit} on {link} answered another question; is it late?")
        return {(function, start + offset): word for offset, word in enumerate(answer.registers)}

    def _silence(self) -> str:
        unit, link = self._setup.unit, self._setup.link
        if not self._heard:
            return f"no answer from unit {unit} on {link}"
        heard = self._heard[:_SHOWN_BYTES].hex(" ")
        return (
            f"no whole answer from unit {unit} on {link}, heard {heard}; check unit, baud rate, parity, wires"
        )
