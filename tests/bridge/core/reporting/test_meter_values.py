"""OCPP 1.6 4.7: sampled values in both forms; the numbers are worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.box_view import Supply
from bridge.core.reporting.meter_log import Sampler
from bridge.core.reporting.meter_values import Occasion, meter_values, sample
from bridge.core.zaptec import CLOUD, NATIVE, Behaviour
from hal.contract import Reading

AT = datetime(2026, 4, 17, 17, 34, 6, 900_000, tzinfo=UTC)
# 10.04 A x 231 V + 10.05 A x 229 V + 9.96 A x 230 V = 2319.24 + 2301.45 + 2290.8 = 6911.49 W
READING = Reading(
    at_s=0.0,
    energy_wh=12_345_678,
    power_w=6911.49,
    current_a=(10.04, 10.05, 9.96),
    voltage_v=(231.0, 229.0, 230.0),
)
THREE = Supply(3, 230.0, 16.0, contacts_c=31.26)

# The definition's table, in its order: measurand, phase, unit.
DEFINITION = [
    ("Power.Active.Import", None, "W"),
    ("Energy.Active.Import.Register", None, "kWh"),
    ("Power.Offered", None, "W"),
    ("Current.Import", "L1-N", "A"),
    ("Current.Import", "L2-N", "A"),
    ("Current.Import", "L3-N", "A"),
]


def values(behaviour: Behaviour, measurands: str, reading: Reading = READING, supply: Supply = THREE) -> Any:
    taken = sample(reading, supply, Occasion(AT, "Sample.Periodic", measurands, interval_wh=1234))
    return meter_values(taken, supply, behaviour)


def test_cloud_is_the_definitions_table() -> None:
    (element,) = values(CLOUD, CLOUD.sampled_measurands)
    assert element["timestamp"] == "2026-04-17T17:34:06Z"
    rows = [(each["measurand"], each.get("phase"), each["unit"]) for each in element["sampledValue"]]
    assert rows == DEFINITION
    # 16 A x 3 x 230 V (the mean of 231, 229, 230) = 11040 W
    numbers = ["6911", "12345.678", "11040", "10.0", "10.1", "10.0"]
    assert [each["value"] for each in element["sampledValue"]] == numbers
    assert all(each["context"] == "Sample.Periodic" for each in element["sampledValue"])
    assert all(each["format"] == "Raw" and "location" not in each for each in element["sampledValue"])


def test_native_has_an_element_for_each_measurand() -> None:
    elements = values(NATIVE, ",".join(NATIVE.measurands))
    assert [[each["value"] for each in element["sampledValue"]] for element in elements] == [
        ["6911.5"],
        ["12345678"],
        ["10.0", "10.1", "10.0"],
        ["16.0"],
        ["231.0", "229.0", "230.0"],
        ["31.3"],
        ["1.23"],
    ]
    assert {element["timestamp"] for element in elements} == {"2026-04-17T17:34:06Z"}
    assert [element["sampledValue"][0].get("location") for element in elements] == [
        "Outlet", None, "Outlet", None, "Outlet", "Outlet", None,
    ]  # fmt: skip
    assert [element["sampledValue"][0]["unit"] for element in elements] == [
        "W", "Wh", "A", "A", "V", "Celsius", "kWh",
    ]  # fmt: skip
    assert [each["phase"] for each in elements[2]["sampledValue"]] == ["L1", "L2", "L3"]


def test_a_phase_may_follow_a_measurand() -> None:
    (element,) = values(CLOUD, "Current.Import.L2-N,Voltage.L3-N")
    assert [(each["phase"], each["value"]) for each in element["sampledValue"]] == [
        ("L2-N", "10.1"),
        ("L3-N", "230.0"),
    ]


def test_nothing_to_say_is_no_element() -> None:
    assert values(CLOUD, "") == []
    assert values(NATIVE, "") == []


@pytest.mark.parametrize(
    ("supply", "voltage_v", "watts"),
    [
        (Supply(1, 230.0, 16.0), (235.0, 0.0, 0.0), "3760"),  # 16 x 1 x 235
        (Supply(3, 230.0, 6.0), (231.0, 229.0, 230.0), "4140"),  # 6 x 3 x 230
        (Supply(3, 230.0, 6.0), (0.1, 0.1, 0.1), "4140"),  # measured behind an open contactor: nominal
        (Supply(3, 230.0, 6.0), (240.0, 0.0, 0.0), "4320"),  # one phase is lost: 6 x 3 x 240
        (Supply(3, 230.0, 0.0), (231.0, 229.0, 230.0), "0"),  # the pilot offers nothing
    ],
)
def test_power_offered(supply: Supply, voltage_v: tuple[float, float, float], watts: str) -> None:
    reading = Reading(at_s=0, energy_wh=0, power_w=0, current_a=(0, 0, 0), voltage_v=voltage_v)
    (element,) = values(CLOUD, "Power.Offered", reading, supply)
    assert element["sampledValue"][0]["value"] == watts


def test_the_mean_voltage_is_nominal_when_nothing_is_measured() -> None:
    assert THREE.mean_voltage_v((0.0, 0.0, 0.0)) == 230.0


@given(st.integers(0, 2_147_483_647))
def test_kwh_times_1000_is_the_wh_of_start_and_stop(energy_wh: int) -> None:
    reading = Reading(at_s=0, energy_wh=energy_wh, power_w=0, current_a=(0, 0, 0), voltage_v=(0, 0, 0))
    (element,) = values(CLOUD, "Energy.Active.Import.Register", reading)
    assert Decimal(element["sampledValue"][0]["value"]) * 1000 == energy_wh


# When a sample is due


def due_at(sampler: Sampler, interval_s: int, until_s: int) -> list[int]:
    return [at_s for at_s in range(until_s + 1) if sampler.due(interval_s, float(at_s))]


def test_samples_come_at_the_interval() -> None:
    assert due_at(Sampler(120, 0.0), 120, 400) == [120, 240, 360]


def test_interval_0_is_never() -> None:
    assert due_at(Sampler(0, 0.0), 0, 1000) == []


def test_a_changed_interval_counts_from_now() -> None:
    sampler = Sampler(120, 0.0)
    assert [at_s for at_s in range(100) if sampler.due(120, at_s)] == []
    assert [at_s for at_s in range(100, 170) if sampler.due(30, at_s)] == [130, 160]


def test_missed_samples_are_left_out_not_made_up_for() -> None:
    sampler = Sampler(60, 0.0)
    assert sampler.due(60, 200.0)
    assert [at_s for at_s in range(201, 310) if sampler.due(60, at_s)] == [240, 300]


@pytest.mark.parametrize(
    ("interval_s", "elapsed_s", "first_s"), [(120, 50, 70), (120, 130, 110), (60, 0, 60)]
)
def test_after_a_restart_the_phase_continues(interval_s: int, elapsed_s: int, first_s: int) -> None:
    sampler = Sampler.resumed(interval_s, AT, AT + timedelta(seconds=elapsed_s), 1000.0)
    assert next(at_s for at_s in range(1000) if sampler.due(interval_s, 1000.0 + at_s)) == first_s


def test_after_a_restart_with_interval_0_nothing_is_due() -> None:
    sampler = Sampler.resumed(0, AT, AT + timedelta(seconds=50), 0.0)
    assert due_at(sampler, 0, 500) == []
