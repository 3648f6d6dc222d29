"""Polls one Modbus meter: a whole, plausible reading, or none and a word about why."""

from __future__ import annotations

import asyncio
import logging
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.pdu import ExceptionResponse

from hal.contract import Reading
from hal.instruments.meter_model import EnergyGuard, ImplausibleError, MeterModel, Quantity, number, reading
from hal.settings import Meter

OK = "ok"
_SILENT_AFTER = 3  # polls in a row without an answer, until the meter counts as silent
_ANSWER_S = 0.5  # 12 registers take 40 ms at 9600 baud, 240 ms at 1200; the rest is the meter's thinking

log = logging.getLogger("hal.instruments")


class NoAnswerError(Exception):
    """The meter gave no registers; the text says what happened instead."""


@dataclass(frozen=True, slots=True)
class SerialLine:
    """How the port is to be opened."""

    port: str
    baud: int
    parity: Literal["N", "E", "O"]
    stop_bits: Literal[1, 2]


class MeterHealth:
    """PURE: from the outcome of each poll to words. A single lost answer is not worth a word."""

    def __init__(self) -> None:
        self.text = "no reading yet"
        self._missed = 0

    def read(self) -> None:
        """A good reading came."""
        self.text, self._missed = OK, 0

    def no_answer(self, why: str) -> None:
        """Named from the third poll in a row on."""
        self._missed += 1
        if self._missed >= _SILENT_AFTER:
            self.text = f"silent for {_SILENT_AFTER} polls and more: {why}"

    def implausible(self, why: str) -> None:
        """Named at once: the meter answers, but what cannot be."""
        self.text, self._missed = f"implausible: {why}", 0


class MeterPort:
    """The meter at the end of a serial line."""

    def __init__(self, line: SerialLine, unit: int, model: MeterModel) -> None:
        self._line = line
        self._unit = unit
        self._model = model
        self._client = AsyncModbusSerialClient(
            line.port,
            baudrate=line.baud,
            parity=line.parity,
            stopbits=line.stop_bits,
            timeout=_ANSWER_S,
            retries=0,  # the next poll is the retry
            reconnect_delay=0,  # `_connect` does it at each poll: pymodbus never repeats a failed first one
        )
        self._guard = EnergyGuard(model.step_wh)
        self._serial: str | None = None

    async def read(self, serial_prefix: str) -> Reading:
        """Raises NoAnswerError or ImplausibleError; nothing of such a poll is used."""
        await self._connect()
        if self._serial is None and self._model.serial_number is not None:
            self._serial = serial_prefix + await self._serial_number(self._model.serial_number)
        words: dict[int, int] = {}
        for start, count in self._model.blocks:
            words |= await self._registers(self._model.fc, start, count)
        measured = reading(self._model, words, time.monotonic(), self._serial)
        self._guard.check(measured.energy_wh)
        return measured

    def close(self) -> None:
        """Lets go of the port."""
        self._client.close()

    async def _connect(self) -> None:
        """Raises NoAnswerError."""
        if self._client.connected:
            return
        self._serial = None  # it may be another meter now
        try:
            connected = await self._client.connect()
        except (termios.error, ValueError) as error:  # a tty that cannot do this parity or baud rate
            raise NoAnswerError(f"{self._line}: {error}") from None
        if not connected:
            raise NoAnswerError(f"{self._line.port} cannot be opened; is the adapter plugged in?")

    async def _serial_number(self, quantity: Quantity) -> str:
        first = quantity.at[0]
        words = await self._registers(quantity.fc or self._model.fc, first, 2)
        return f"{number(self._model, quantity, 0, words):.0f}"

    async def _registers(self, function: Literal[3, 4], start: int, count: int) -> dict[int, int]:
        """By address. Raises NoAnswerError."""
        await asyncio.sleep(self._model.gap_ms / 1000)
        ask = self._client.read_holding_registers if function == 3 else self._client.read_input_registers
        try:
            answer = await ask(start, count=count, device_id=self._unit)
        except ModbusException:
            raise NoAnswerError(f"no answer from unit {self._unit} on {self._line.port}") from None
        if isinstance(answer, ExceptionResponse):
            raise NoAnswerError(
                f"unit {self._unit} answers exception {answer.exception_code} to {start:#06x}"
            )
        if len(answer.registers) != count:
            raise NoAnswerError(
                f"unit {self._unit} sent {len(answer.registers)} registers, {count} were asked"
            )
        return dict(enumerate(answer.registers, start))


class MeterPoll:
    """Polls for ever: each good reading goes to `on_reading`, each change of health to `on_health`."""

    def __init__(
        self, port: MeterPort, on_reading: Callable[[Reading], None], on_health: Callable[[str], None]
    ) -> None:
        self._port = port
        self._on_reading = on_reading
        self._on_health = on_health
        self._health = MeterHealth()

    async def run(self, poll_s: float, serial_prefix: str = "") -> None:
        """A reading each `poll_s`, or as fast as the meter can; `serial_prefix` marks a mock's serial."""
        try:
            while True:
                next_s = time.monotonic() + poll_s
                before = self._health.text
                await self._poll(serial_prefix)
                if self._health.text != before:
                    log.info("meter: %s", self._health.text)
                    self._on_health(self._health.text)
                await asyncio.sleep(max(0.0, next_s - time.monotonic()))
        finally:
            self._port.close()

    async def _poll(self, serial_prefix: str) -> None:
        try:
            measured = await self._port.read(serial_prefix)
        except NoAnswerError as error:
            self._health.no_answer(str(error))
        except ImplausibleError as error:
            self._health.implausible(str(error))
        else:
            self._health.read()
            self._on_reading(measured)


def serial_line(meter: Meter, mock_port: str | None) -> SerialLine:
    """As in wallbox.toml; at the mock's pty always 8N1, since a pty takes no parity."""
    if mock_port is not None:
        return SerialLine(mock_port, meter.baud, "N", 1)
    return SerialLine(meter.port, meter.baud, meter.parity, meter.stop_bits)
