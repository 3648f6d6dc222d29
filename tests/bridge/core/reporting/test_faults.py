"""Which error is reported of what is wrong."""

from __future__ import annotations

import pytest

from bridge.core.box_view import BoxView
from bridge.core.reporting.faults import error
from bridge.core.service import Service
from hal.contract import READER_GRACE_S, InstrumentBox
from tests.bridge.core.messages import fault, status

FIT = Service(accepted=True, operative=True)


def instruments(reader: str | None, health: str) -> InstrumentBox:
    return InstrumentBox(meter="m", meter_health="ok", meter_serial=None, reader=reader, reader_health=health)


@pytest.mark.parametrize(
    ("reader", "health", "error_code"),
    [
        ("rdm6300", "ok", "NoError"),
        ("rdm6300", "/dev/ttyAMA0 cannot be read", "ReaderFailure"),
        (None, "none", "NoError"),  # a box without a reader lacks nothing
    ],
)
def test_a_card_reader_that_fails_is_told_after_the_grace(
    reader: str | None, health: str, error_code: str
) -> None:
    box = BoxView()
    box.feed(instruments(reader, health), 0.0)
    assert error(box, FIT, READER_GRACE_S - 0.1).error_code == "NoError"
    assert error(box, FIT, READER_GRACE_S).error_code == error_code


@pytest.mark.parametrize(
    ("faults", "meter", "reader", "error_code"),
    [
        ((), True, ("r", "ok"), "NoError"),
        ((), True, ("r", "gone"), "ReaderFailure"),
        ((), True, (None, "none"), "NoError"),
        ((), False, ("r", "gone"), "PowerMeterFailure"),
        ((fault("over_temperature", opens=False),), False, ("r", "ok"), "HighTemperature"),
        ((fault("over_temperature", opens=False), fault("welded")), True, ("r", "ok"), "PowerSwitchFailure"),
        ((fault("rcm_trip", 5.0), fault("diode_missing", 4.0)), True, ("r", "ok"), "OtherError"),
        ((fault("a_new_one"),), True, ("r", "ok"), "InternalError"),
        ((fault("under_voltage", opens=False),), True, ("r", "ok"), "InternalError"),
        ((fault("under_voltage", opens=False),), False, ("r", "ok"), "PowerMeterFailure"),
        ((fault("under_voltage", opens=False),), True, ("r", "gone"), "ReaderFailure"),
    ],
)
def test_which_error_is_told(
    faults: tuple[object, ...], meter: bool, reader: tuple[str | None, str], error_code: str
) -> None:
    """One that opens first, the oldest of them; then other faults, meter, reader; internal ones last."""
    box = BoxView()
    box.feed(status(100.0, faults=faults), 100.0)
    box.feed(instruments(*reader), 100.0)
    for at_s in range(100, 111):
        box.meter.observe(float(at_s) if meter else 90.0, float(at_s))
    told = error(box, FIT, 110.0)
    assert told.error_code == error_code
    assert told.info is None or len(told.info) <= 50
