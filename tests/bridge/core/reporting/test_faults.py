"""Which error is reported of what is wrong."""

from __future__ import annotations

import pytest

from bridge.core.box_view import BoxView
from bridge.core.reporting.faults import error
from bridge.core.service import Service
from hal.contract import Fault
from tests.bridge.core.messages import fault, status

FIT = Service(accepted=True, operative=True)


METER = fault("meter_lost", 99.0, opens=False)
READER = fault("reader_lost", 98.0, opens=False)


@pytest.mark.parametrize(
    ("faults", "error_code"),
    [
        ((), "NoError"),
        ((READER,), "ReaderFailure"),
        ((METER,), "PowerMeterFailure"),
        ((METER, READER), "ReaderFailure"),
        ((fault("over_temperature", 97.0, opens=False), METER), "HighTemperature"),
        ((fault("over_temperature", opens=False), fault("welded")), "PowerSwitchFailure"),
        ((fault("rcm_trip", 5.0), fault("diode_missing", 4.0)), "OtherError"),
        ((fault("a_new_one"),), "InternalError"),
        ((fault("under_voltage", opens=False),), "InternalError"),
        ((fault("under_voltage", 90.0, opens=False), METER), "PowerMeterFailure"),
        ((fault("under_voltage", 90.0, opens=False), READER), "ReaderFailure"),
    ],
)
def test_which_error_is_reported(faults: tuple[Fault, ...], error_code: str) -> None:
    """One that opens first, the oldest of them; then others, the oldest first; internal ones last."""
    box = BoxView()
    box.feed(status(100.0, faults=faults), 100.0)
    told = error(box, FIT)
    assert told.error_code == error_code
    assert told.info is None or len(told.info) <= 50
