"""OCPP 1.6 4.7: from a reading of the meter to sampled values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bridge.core.box_view import Supply
from bridge.core.now import timestamp
from bridge.core.rows import Phases, Sample
from bridge.core.zaptec import (
    CURRENT,
    ENERGY,
    INTERVAL,
    OFFERED_CURRENT,
    OFFERED_POWER,
    POWER,
    TEMPERATURE,
    VOLTAGE,
    Behaviour,
)
from hal.contract import Reading

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Occasion:
    """The time, the context and the measurands of a set of values."""

    at: datetime
    context: str  # OCPP 1.6 ReadingContext
    measurands: str
    stop_measurands: str = ""  # for transactionData
    interval_wh: int | None = None  # since the set before it, where its context has an interval


def sample(reading: Reading, supply: Supply, occasion: Occasion) -> Sample:
    """Freezes one set of numbers at its moment. Measurands that have no value now are left out."""
    taken = Sample(
        at=occasion.at,
        context=occasion.context,
        energy_wh=reading.energy_wh,
        power_w=reading.power_w,
        current_a=reading.current_a,
        voltage_v=reading.voltage_v,
        offered_a=supply.offered_a,
        measurands=occasion.measurands,
        stop_measurands=occasion.stop_measurands,
        interval_wh=occasion.interval_wh,
        contacts_c=supply.contacts_c,
    )
    return replace(
        taken,
        measurands=_with_value(taken.measurands, taken),
        stop_measurands=_with_value(taken.stop_measurands, taken),
    )


def _with_value(measurands: str, taken: Sample) -> str:
    missing = {
        name
        for name, value in ((INTERVAL, taken.interval_wh), (TEMPERATURE, taken.contacts_c))
        if value is None
    }
    return ",".join(name for name in measurands.split(",") if name not in missing)


def stop_values(taken: Sample, supply: Supply, behaviour: Behaviour) -> list[dict[str, Any]]:
    """Returns the set for `transactionData`: OCPP 1.6 9.1 StopTxnSampledData, StopTxnAlignedData."""
    return meter_values(replace(taken, measurands=taken.stop_measurands), supply, behaviour)


def meter_values(taken: Sample, supply: Supply, behaviour: Behaviour) -> list[dict[str, Any]]:
    """Returns `meterValue`: one element with all values (cloud) or one for each measurand (native)."""
    groups = [_sampled_values(name, taken, supply, behaviour) for name in taken.measurands.split(",") if name]
    if behaviour.one_element:
        groups = [[value for group in groups for value in group]]
    return [{"timestamp": timestamp(taken.at), "sampledValue": group} for group in groups if group]


def _sampled_values(name: str, taken: Sample, supply: Supply, behaviour: Behaviour) -> list[Value]:
    for measurand, values_of in _VALUES.items():
        if name == measurand:
            return values_of(taken, supply, behaviour)
        if name.startswith(measurand + "."):
            phase = name.removeprefix(measurand + ".")
            return [value for value in values_of(taken, supply, behaviour) if value.get("phase") == phase]
    return []


def _value(number: str, measurand: str, unit: str, context: str, **more: str) -> Value:
    return {
        "value": number,
        "context": context,
        "format": "Raw",
        "measurand": measurand,
        **more,
        "unit": unit,
    }


def _outlet(behaviour: Behaviour) -> dict[str, str]:
    return {} if behaviour.mode == "cloud" else {"location": "Outlet"}


def _power(taken: Sample, _supply: Supply, behaviour: Behaviour) -> list[Value]:
    number = f"{taken.power_w:.0f}" if behaviour.mode == "cloud" else f"{taken.power_w:.1f}"
    return [_value(number, POWER, "W", taken.context, **_outlet(behaviour))]


def _energy(taken: Sample, _supply: Supply, behaviour: Behaviour) -> list[Value]:
    if behaviour.energy_in_kwh:
        # Integer arithmetic, so that value x 1000 is exactly the Wh of meterStart and meterStop.
        whole, rest = divmod(taken.energy_wh, 1000)
        return [_value(f"{whole}.{rest:03d}", ENERGY, "kWh", taken.context)]
    return [_value(str(taken.energy_wh), ENERGY, "Wh", taken.context)]


def _offered_power(taken: Sample, supply: Supply, _behaviour: Behaviour) -> list[Value]:
    watts = taken.offered_a * supply.phases * supply.mean_voltage_v(taken.voltage_v)
    return [_value(f"{watts:.0f}", OFFERED_POWER, "W", taken.context)]


def _offered_current(taken: Sample, _supply: Supply, _behaviour: Behaviour) -> list[Value]:
    return [_value(f"{taken.offered_a:.1f}", OFFERED_CURRENT, "A", taken.context)]


def _current(taken: Sample, _supply: Supply, behaviour: Behaviour) -> list[Value]:
    return _by_phase(taken.current_a, CURRENT, "A", taken, behaviour)


def _voltage(taken: Sample, _supply: Supply, behaviour: Behaviour) -> list[Value]:
    return _by_phase(taken.voltage_v, VOLTAGE, "V", taken, behaviour)


def _temperature(taken: Sample, _supply: Supply, behaviour: Behaviour) -> list[Value]:
    """Returns that of the contacts. One thermometer is one value: a Zaptec has one for each phase."""
    if taken.contacts_c is None:
        return []
    return [_value(f"{taken.contacts_c:.1f}", TEMPERATURE, "Celsius", taken.context, **_outlet(behaviour))]


def _interval(taken: Sample, _supply: Supply, _behaviour: Behaviour) -> list[Value]:
    if taken.interval_wh is None:
        return []
    return [_value(f"{taken.interval_wh / 1000:.2f}", INTERVAL, "kWh", taken.context)]


def _by_phase(numbers: Phases, measurand: str, unit: str, taken: Sample, behaviour: Behaviour) -> list[Value]:
    """Returns always three, an unwired phase 0.0."""
    return [
        _value(f"{number:.1f}", measurand, unit, taken.context, phase=phase, **_outlet(behaviour))
        for phase, number in zip(behaviour.phases, numbers, strict=True)
    ]


_VALUES: dict[str, Callable[[Sample, Supply, Behaviour], list[Value]]] = {
    POWER: _power,
    ENERGY: _energy,
    OFFERED_POWER: _offered_power,
    OFFERED_CURRENT: _offered_current,
    CURRENT: _current,
    VOLTAGE: _voltage,
    TEMPERATURE: _temperature,
    INTERVAL: _interval,
}
