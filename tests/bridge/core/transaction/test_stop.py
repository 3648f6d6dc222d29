"""OCPP 1.6 7.36: why a transaction ends, and the reading it ends with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.core.box_view import BoxView
from bridge.core.session import Stopping, Transaction
from bridge.core.transaction.stop import MeterStop, end_reason, meter_stop
from tests.bridge.core.messages import CHARGING, WAITING, fault, reading, status

RUNNING = Transaction(1, "TAG", None, 1000, 0.0, datetime(2026, 1, 1, tzinfo=UTC))
ABOUT_TO_CLOSE = {**WAITING, "vehicle": "C", "pilot_offer": 16.0, "limits_a": {"wish": 16.0}}
STOPPING = Stopping("Local", "TAG", 100.0, "Charging")


def box(at_s: float = 100.0, **facts: Any) -> BoxView:
    made = BoxView()
    made.feed(status(0.0, **facts), 0.0)
    made.feed(status(at_s, **facts), at_s)
    return made


@pytest.mark.parametrize(
    ("facts", "now_s", "reason"),
    [
        (CHARGING, 100.0, None),
        (WAITING, 100.0, None),
        ({}, 100.0, "EVDisconnected"),
        ({}, 103.1, None),  # not said by a `hal.safety` that lives
        (CHARGING, 159.9, None),
        (CHARGING, 160.0, "Reboot"),
        ({**WAITING, "vehicle": "E"}, 100.0, None),
        ({**WAITING, "faults": (fault("welded"),)}, 100.0, "Other"),
        ({**WAITING, "faults": (fault("rcm_trip"),)}, 100.0, "Other"),
        ({"faults": (fault("plug_lost"),)}, 100.0, "Other"),
        ({**WAITING, "faults": (fault("diode_missing"),)}, 100.0, None),
        ({**WAITING, "faults": (fault("emergency_stop"),)}, 100.0, "EmergencyStop"),
        ({**CHARGING, "stop_pressed": True}, 100.0, "Local"),
        ({**CHARGING, "faults": (fault("thermometer_lost", -499.9, opens=False),)}, 100.0, None),
        ({**CHARGING, "faults": (fault("thermometer_lost", -500.0, opens=False),)}, 100.0, "Other"),
        ({**CHARGING, "faults": (fault("meter_lost", -499.9, opens=False),)}, 100.0, None),
        ({**CHARGING, "faults": (fault("meter_lost", -500.0, opens=False),)}, 100.0, "Other"),
    ],
)
def test_the_reason(facts: dict[str, Any], now_s: float, reason: str | None) -> None:
    assert end_reason(RUNNING, box(**facts), now_s) == reason


@pytest.mark.parametrize(("since_s", "reason"), [(-500.0, "Other"), (-499.9, None), (None, None)])
def test_a_fault_has_10_minutes_to_clear(since_s: float | None, reason: str | None) -> None:
    state = replace(RUNNING, fault_since_s=since_s)
    assert end_reason(state, box(100.0, **WAITING), 100.0) == reason


@pytest.mark.parametrize(
    ("facts", "read_at_s", "now_s", "stop"),
    [
        # Open since 101; the first reading after that counts.
        ({**WAITING, "contactor_changed_at_s": 101.0}, 101.5, 102.0, MeterStop(1500, estimated=False)),
        ({**WAITING, "contactor_changed_at_s": 101.0}, 100.9, 102.0, None),
        ({**WAITING, "contactor_changed_at_s": 101.0}, 100.9, 105.9, None),
        ({**WAITING, "contactor_changed_at_s": 101.0}, 100.9, 106.0, MeterStop(1500, estimated=True)),
        # Long open already: nothing can have been counted since, once nothing is wished any more.
        ({**WAITING, "contactor_changed_at_s": 20.0}, 99.5, 100.1, MeterStop(1500, estimated=False)),
        ({**WAITING, "contactor_changed_at_s": 20.0}, 99.5, 100.0, None),
        ({**ABOUT_TO_CLOSE, "contactor_changed_at_s": 20.0}, 99.5, 100.1, None),
        # Still closed: 6 s for the car, 5 s for the reading.
        (CHARGING, 110.0, 110.9, None),
        (CHARGING, 110.0, 111.0, MeterStop(1500, estimated=True)),
    ],
)
def test_meter_stop(facts: dict[str, Any], read_at_s: float, now_s: float, stop: MeterStop | None) -> None:
    seen = box(now_s, **facts)
    seen.reading = reading(read_at_s, 1500)
    assert meter_stop(RUNNING, STOPPING, seen, 1400, now_s) == stop


@pytest.mark.parametrize(("last_wh", "wh"), [(1400, 1400), (None, 1000), (900, 1000)])
def test_without_any_reading_the_last_durable_one(last_wh: int | None, wh: int) -> None:
    """And never less than meterStart."""
    assert meter_stop(RUNNING, STOPPING, BoxView(), last_wh, 111.0) == MeterStop(wh, estimated=True)


def test_a_register_that_ran_backwards_bills_nothing() -> None:
    seen = box(102.0, **WAITING, contactor_changed_at_s=101.0)
    seen.reading = reading(101.5, 10)
    assert meter_stop(RUNNING, STOPPING, seen, None, 102.0) == MeterStop(1000, estimated=False)
