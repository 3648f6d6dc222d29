"""Who answers at the meter's port: a reading with the configured setting, then as the make is shipped."""

from __future__ import annotations

import time

import msgspec

from hal.configuration.sections import Meter, Wallbox
from hal.contract import Reading
from hal.instruments.meter.bus import NoAnswerError
from hal.instruments.meter.model import MeterSetup, setup_of
from hal.instruments.meter.poll import MOCK_PREFIX
from hal.instruments.meter.port import MeterPort
from hal.instruments.meter.registers import ImplausibleError, Wiring, reading
from hal.instruments.requests import Result


async def probe_meter(wallbox: Wallbox, mock_port: str | None) -> Result:
    """Tries the meter; the port must be free."""
    configured, shipped = _setups(wallbox.meter, mock_port)
    wiring = Wiring(wallbox.installation.phases, wallbox.installation.nominal_voltage_v)
    prefix = "" if mock_port is None else MOCK_PREFIX
    found, text = await _look(configured, wiring, prefix)
    if found is not None or shipped == configured:
        return Result(found is not None, text, _numbers(found))
    found, more = await _look(shipped, wiring, prefix)
    return Result(False, f"{text}; as shipped: {more}", _numbers(found))


def _setups(meter: Meter, mock_port: str | None) -> tuple[MeterSetup, MeterSetup]:
    """Returns it as in wallbox.toml, and as it comes from its factory."""
    plain = msgspec.structs.replace(meter, unit="auto", baud="auto", parity="auto", stop_bits="auto")
    return setup_of(meter, mock_port), setup_of(plain, mock_port)


async def _look(setup: MeterSetup, wiring: Wiring, prefix: str) -> tuple[Reading | None, str]:
    port = MeterPort(setup, wiring.phases)
    try:
        found = reading(setup.map, wiring, await port.read(), time.monotonic())
    except (NoAnswerError, ImplausibleError) as error:
        return None, str(error)
    finally:
        port.close()
    number = f", serial number {prefix}{port.serial}" if port.serial else ""
    return found, f"unit {setup.unit} on {setup.link} answers{number}"


def _numbers(found: Reading | None) -> dict[str, float]:
    if found is None:
        return {}
    volts = {f"voltage_l{phase}_v": volt for phase, volt in enumerate(found.voltage_v, start=1)}
    return volts | {"power_w": found.power_w, "energy_wh": float(found.energy_wh)}
