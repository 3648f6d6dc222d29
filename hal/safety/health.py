"""The health of the devices of `hal.instruments`, for the core. `None`: no instruments are connected."""

from __future__ import annotations

from hal.contract import InstrumentBox


def meter_implausible(box: InstrumentBox | None) -> bool:
    """Says whether the meter answers, but its values are refused."""
    return box is not None and box.meter_health.startswith("implausible")


def reader_healthy(box: InstrumentBox | None) -> bool | None:
    """Is None without a card reader, and while nobody reports."""
    return None if box is None or box.reader is None else box.reader_health == "ok"


def under_voltage(box: InstrumentBox | None) -> bool | None:
    """Is None while nobody reports, or when it cannot be measured."""
    if box is None or box.pi_health.startswith("not measured"):
        return None
    return box.pi_health.startswith("under-voltage")
