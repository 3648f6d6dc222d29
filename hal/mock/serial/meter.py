"""The meter on a serial wire: a real Modbus RTU server that shows what the plant measures."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from hal.mock.serial.meter_face import Face, Image, sdm630
from hal.mock.serial.wire import SerialWire
from hal.mock.simulated_box import SimulatedBox

_LATE_S = 0.7  # beyond any patience of ours
_SMALL_BLOCK = 4  # registers: the widest number
_FAR_END = "-server"  # the server's own end of the cable, beside the one for drivers


@dataclass(frozen=True, slots=True)
class Unit:
    """One meter on a bus; that of the house has no faults but silence."""

    number: int
    face: Face = sdm630
    of_house: bool = False


class MockMeter:
    """Answers on the tty behind `link` for its units only; all others hear nothing, as on a real bus."""

    def __init__(self, link: Path, box: SimulatedBox, units: Sequence[Unit]) -> None:
        """Looks at power and faults of the box for each answer."""
        self._units = {unit.number: unit for unit in units}
        self._box = box
        self._shown: dict[int, Image] = {}  # by unit
        self._driver_side = SerialWire(link)
        self._server_link = link.with_name(link.name + _FAR_END)
        self._server_side = SerialWire(self._server_link)
        self._server: ModbusSerialServer | None = None
        self._noise = random.Random(485)  # the same noise in each run
        self._requests = 0

    async def start(self) -> None:
        """Serves from now on, in this event loop."""
        self._server = ModbusSerialServer(
            [self._device(unit) for unit in self._units.values()],
            port=str(self._server_link),
            baudrate=9600,
            parity="N",
            trace_packet=self._through_faults,
        )
        await self._server.serve_forever(background=True)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._driver_side.descriptor, self._carry_request)
        loop.add_reader(self._server_side.descriptor, self._carry_answer)

    async def stop(self) -> None:
        """Ends the server and hangs up."""
        loop = asyncio.get_running_loop()
        for wire in (self._driver_side, self._server_side):
            loop.remove_reader(wire.descriptor)
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
        self._driver_side.close()
        self._server_side.close()

    def _carry_request(self) -> None:
        request = self._driver_side.read()
        if "meter_echo" in self._box.wire_faults:
            self._driver_side.write(request)
        self._server_side.write(request)

    def _carry_answer(self) -> None:
        answer = self._server_side.read()
        if "meter_noise" in self._box.wire_faults:
            answer = self._noise.randbytes(5) + answer + self._noise.randbytes(5)
        if "meter_late" in self._box.wire_faults:
            asyncio.get_running_loop().call_later(_LATE_S, self._answer_late, answer)
        else:
            self._driver_side.write(answer)

    def _answer_late(self, answer: bytes) -> None:
        with contextlib.suppress(OSError):  # the cable was pulled out meanwhile
            self._driver_side.write(answer)

    def _through_faults(self, sending: bool, packet: bytes) -> bytes:
        if not sending or not packet:
            return packet
        faults = self._box.wire_faults
        unit = self._units.get(packet[0])
        if unit is None or not self._box.powered:
            return b""
        if unit.of_house:
            return b"" if "house_silent" in faults else packet
        if "meter_silent" in faults:
            return b""
        if "meter_cut" in faults:
            return packet[: len(packet) // 2]
        return packet[:-1] + bytes([packet[-1] ^ 0xFF]) if "meter_crc" in faults else packet

    def _device(self, unit: Unit) -> SimDevice:
        refusal = _gives_all if unit.of_house else self._refusal
        return simulated_device(partial(self._image, unit), refusal, unit=unit.number)

    def _image(self, unit: Unit) -> Image:
        frozen = "meter_frozen" in self._box.wire_faults and not unit.of_house
        if unit.number not in self._shown or not frozen:
            self._shown[unit.number] = unit.face(self._box.plant)
        return self._shown[unit.number]

    def _refusal(self, count: int) -> ExcCodes | None:
        if "meter_exception" in self._box.wire_faults:
            return ExcCodes.DEVICE_FAILURE
        self._requests += 1
        if "meter_busy" in self._box.wire_faults and self._requests % 2:
            return ExcCodes.DEVICE_BUSY
        small = "meter_small" in self._box.wire_faults
        return ExcCodes.ILLEGAL_VALUE if small and count > _SMALL_BLOCK else None


def _gives_all(_count: int) -> None:
    """Refuses no count of registers."""


def simulated_device(
    image: Callable[[], Image],
    refusal: Callable[[int], ExcCodes | None] = _gives_all,
    unit: int = 0,
) -> SimDevice:
    """Makes a device that shows `image` anew for each answer; its registers stay in place.

    `refusal` is asked with the count of registers before; `unit` 0 answers for every unit.
    """

    async def refresh(
        function: int,
        start: int,
        _address: int,
        count: int,
        registers: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if (refused := refusal(count)) is not None:
            return refused
        if written or (function != 3 and function != 4):
            return ExcCodes.ILLEGAL_FUNCTION
        for register, word in image()[function].items():
            registers[register - start] = word
        return None

    shown = image()
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]  # the server wants all four tables
    return SimDevice(id=unit, simdata=(bits, bits, _table(shown[3]), _table(shown[4])), action=refresh)


def _table(words: dict[int, int]) -> list[SimData]:
    """Makes a block for each run of registers; the others do not exist."""
    runs = groupby(enumerate(sorted(words)), key=lambda place: place[1] - place[0])
    blocks = [[register for _, register in run] for _, run in runs]
    return [
        SimData(block[0], values=[words[register] for register in block], datatype=DataType.REGISTERS)
        for block in blocks
    ] or [SimData(0xFFFF, datatype=DataType.INVALID)]
