"""An Eastron SDM630 on a serial wire: a real Modbus RTU server that shows what the plant measures."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from hal.mock.box import SimulatedBox
from hal.mock.plant import Plant
from hal.mock.wire import SerialWire

SERIAL_NUMBER = 63_000_001  # shown with MOCK in front wherever the box names it
_INPUTS = 0x0160  # registers 0 to 0x15F; those not listed below read 0
# SDM630 Modbus protocol, input registers (function 4), each a float32, most significant word first
_VOLTAGE, _CURRENT, _POWER = 0x0000, 0x0006, 0x000C  # three phases each
_TOTAL_POWER, _FREQUENCY, _IMPORT_KWH = 0x0034, 0x0046, 0x0048
_SERIAL_NUMBER = 0xFC00  # holding register (function 3), uint32
_READ_HOLDING, _READ_INPUT = 3, 4
_FAR_END = "meter-server"  # the server's own end of the cable, beside the one for drivers


class MockMeter:
    """Answers on the tty behind `link` for one unit only; all others hear nothing, as on a real bus."""

    def __init__(self, link: Path, unit: int, box: SimulatedBox) -> None:
        """Power and faults of the box are looked at for each answer."""
        self._unit = unit
        self._box = box
        self._driver_side = SerialWire(link)
        self._server_link = link.with_name(_FAR_END)
        self._server_side = SerialWire(self._server_link)
        self._server: ModbusSerialServer | None = None

    async def start(self) -> None:
        """Serves from now on, in this event loop."""
        self._server = ModbusSerialServer(
            # 0: it answers for any unit; what is not for ours is dropped in `_through_faults`
            SimDevice(id=0, simdata=_blocks(self._box.plant), action=self._refresh),
            port=str(self._server_link),
            baudrate=9600,
            parity="N",
            trace_packet=self._through_faults,
        )
        await self._server.serve_forever(background=True)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._driver_side.descriptor, self._carry, self._driver_side, self._server_side)
        loop.add_reader(self._server_side.descriptor, self._carry, self._server_side, self._driver_side)

    async def stop(self) -> None:
        """Ends the server and hangs up."""
        loop = asyncio.get_running_loop()
        for wire in (self._driver_side, self._server_side):
            loop.remove_reader(wire.descriptor)
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
        self._driver_side.close()
        self._server_side.close()

    @staticmethod
    def _carry(source: SerialWire, sink: SerialWire) -> None:
        sink.write(source.read())

    def _through_faults(self, sending: bool, packet: bytes) -> bytes:
        if not sending or not packet:
            return packet
        if packet[0] != self._unit or not self._box.powered or "meter_silent" in self._box.wire_faults:
            return b""
        return packet[:-1] + bytes([packet[-1] ^ 0xFF]) if "meter_crc" in self._box.wire_faults else packet

    async def _refresh(
        self,
        function: int,
        _start: int,
        _address: int,
        _count: int,
        registers: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Called by the server before it answers; `registers` is the whole block."""
        if "meter_exception" in self._box.wire_faults:
            return ExcCodes.DEVICE_FAILURE
        if written or function not in (_READ_HOLDING, _READ_INPUT):
            return ExcCodes.ILLEGAL_FUNCTION
        if function == _READ_INPUT and "meter_frozen" not in self._box.wire_faults:
            registers[:] = input_registers(self._box.plant)
        return None


def input_registers(plant: Plant) -> list[int]:
    """What the meter shows now, as 16-bit words."""
    volts, amps = plant.voltage_v, plant.current_a
    apparent_va = sum(v * a for v, a in zip(volts, amps, strict=True))
    factor = plant.power_w / apparent_va if apparent_va else 1.0
    shown = {_TOTAL_POWER: plant.power_w, _FREQUENCY: 50.0, _IMPORT_KWH: plant.register_wh / 1000}
    for phase in range(3):
        shown[_VOLTAGE + 2 * phase] = volts[phase]
        shown[_CURRENT + 2 * phase] = amps[phase]
        shown[_POWER + 2 * phase] = volts[phase] * amps[phase] * factor
    words = [0] * _INPUTS
    for address, number in shown.items():
        words[address : address + 2] = struct.unpack(">HH", struct.pack(">f", number))
    return words


def _blocks(plant: Plant) -> tuple[list[SimData], list[SimData], list[SimData], list[SimData]]:
    """Coils, discrete inputs, holding and input registers. The server wants all four; a meter has two."""
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    serial = [SimData(_SERIAL_NUMBER, values=SERIAL_NUMBER, datatype=DataType.UINT32)]
    inputs = [SimData(0, values=list[int | float](input_registers(plant)), datatype=DataType.REGISTERS)]
    return bits, bits, serial, inputs
