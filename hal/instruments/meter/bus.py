"""One line to one or more meters: it is opened, asked one question at a time, and closed after a silence."""

from __future__ import annotations

import asyncio
import termios

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.pdu import ExceptionResponse

from hal.configuration.meter_map import Function
from hal.instruments.meter import answer
from hal.instruments.meter.model import Link, SerialLine, TcpLink

THINKING_S = 0.5  # a meter's own time before it answers, with room
FRAME_BYTES = 13  # request and answer without the registers
BITS_A_BYTE = 11  # with start, parity and stop
_TCP_ANSWER_S = 1.0  # readings are stale after 3 s
_MOST_HEARD = 8192  # bytes that may come before the answer is complete: 0.6 s of noise at 115200 baud
# Modbus Application Protocol V1.1b3, 7
_EXCEPTIONS = {
    1: "function not known", 2: "no such register", 3: "count not allowed", 4: "the meter failed",
    6: "busy", 10: "the gateway has no path", 11: "the gateway hears nothing from the meter",
}  # fmt: skip
_BUSY = 6
_FOR_GOOD = (1, 2, 3)  # what it refuses so it will refuse again; the others pass: busy, failed, out of reach


class NoAnswerError(Exception):
    """The meter gave no registers; the text says what happened instead."""


class RefusedError(NoAnswerError):
    """The meter answered with an exception."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.for_good = code in _FOR_GOOD
        self.busy = code == _BUSY


def wait_s(line: SerialLine, registers: int) -> float:
    """Returns how long an answer of so many registers is waited for."""
    return THINKING_S + (FRAME_BYTES + 2 * registers) * BITS_A_BYTE / line.baud


class Bus:
    """The line. Two meters on it take turns: whoever reads holds `turn` for one whole reading."""

    def __init__(self, link: Link, longest: int) -> None:
        """`longest`: the registers of the longest answer that will be asked for."""
        self.link = link
        self.turn = asyncio.Lock()
        self.closed_by: object = None  # who closed it in order; None: nobody, or it is open
        self._request, self._heard = b"", b""
        self._client = self._new_client(longest)

    @property
    def connected(self) -> bool:
        """Says whether it is open."""
        return self._client.connected

    async def open(self) -> None:
        """Opens it anew. Raises NoAnswerError."""
        self._client.close()
        self.closed_by = None
        link = self.link
        try:
            connected = await self._client.connect()
        except (termios.error, ValueError) as error:  # a tty that cannot do this parity or baud rate
            raise NoAnswerError(f"{link} cannot be opened so: {error}") from None
        if not connected:
            hint = "is the adapter plugged in?" if isinstance(link, SerialLine) else "is it on the network?"
            raise NoAnswerError(f"{link} cannot be opened; {hint}")

    def close(self, by: object) -> None:
        """Lets go of the line: a late answer must not be taken for the next one."""
        self._client.close()
        self.closed_by = by

    async def ask(
        self, unit: int, function: Function, start: int, count: int
    ) -> dict[tuple[Function, int], int]:
        """Asks once. Raises NoAnswerError; after all but a refusal the line is to be closed."""
        ask = self._client.read_holding_registers if function == 3 else self._client.read_input_registers
        try:
            pdu = await ask(start, count=count, device_id=unit)
        except ModbusException:
            raise NoAnswerError(self._silence(unit)) from None
        if isinstance(pdu, ExceptionResponse):
            code = pdu.exception_code
            why = _EXCEPTIONS.get(code, "not in the standard")
            text = f"unit {unit} on {self.link} answers {start:#06x} with exception {code}: {why}"
            raise RefusedError(text, code)
        if (pdu.function_code, len(pdu.registers)) != (function, count):
            raise NoAnswerError(f"unit {unit} on {self.link} answered another question; is it late?")
        return {(function, start + offset): word for offset, word in enumerate(pdu.registers)}

    def _new_client(self, longest: int) -> AsyncModbusSerialClient | AsyncModbusTcpClient:
        """Makes it without retries: the next reading is one; and it never connects again by itself."""
        link = self.link
        match link:
            case SerialLine():
                client = AsyncModbusSerialClient(
                    link.port,
                    baudrate=link.baud,
                    parity=link.parity,
                    stopbits=link.stop_bits,
                    timeout=wait_s(link, longest),
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

    def _silence(self, unit: int) -> str:
        """Says why there is no answer; of a wire that is heard, by what came."""
        if not self._request:  # over TCP, or nothing could be sent
            return f"no answer from unit {unit} on {self.link}"
        return answer.missed(self._request, self._heard, str(self.link))
