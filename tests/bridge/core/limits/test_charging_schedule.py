"""OCPP 1.6 3.13.2 and 3.13.3 by tables: which profiles hide which, and what is left of them."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.charging_profile import NEVER, ChargingProfile, Mains, Period
from bridge.core.limits.charging_schedule import Circumstances, prevailing

T = 1_767_225_600
RUNNING = Circumstances(row_id=7, begins_at=T, installation_a=16.0, mains=Mains(3, 230.0))
IDLE = Circumstances(row_id=None, begins_at=T, installation_a=16.0, mains=Mains(3, 230.0))


def profile(limit: float, **changed: Any) -> ChargingProfile:
    fields = {
        "profile_id": 1, "connector_id": 1, "purpose": "TxDefaultProfile", "stack_level": 0,
        "kind": "Absolute", "unit": "A", "periods": (Period(0, limit),), "received_at": T,
    }  # fmt: skip
    return ChargingProfile(**{**fields, **changed})


def whole(limit: float, **changed: Any) -> ChargingProfile:
    return profile(limit, purpose="ChargePointMaxProfile", connector_id=0, **changed)


def own(limit: float, row_id: int | None = 7, **changed: Any) -> ChargingProfile:
    return profile(limit, purpose="TxProfile", row_id=row_id, **changed)


OVER = {"duration_s": 0}  # a profile that is installed and says nothing any more


@pytest.mark.parametrize(
    ("profiles", "limit_a"),
    [
        ([], 16.0),
        ([profile(10)], 10.0),
        ([profile(32)], 16.0),
        ([whole(12)], 12.0),
        ([whole(12), profile(10)], 10.0),
        ([whole(8), profile(10)], 8.0),
        ([profile(8), profile(12, stack_level=1)], 12.0),
        ([profile(8), profile(12, stack_level=1, **OVER)], 8.0),
        ([profile(8, connector_id=0)], 8.0),
        ([profile(8, connector_id=0, stack_level=5), profile(12)], 12.0),
        ([profile(8, connector_id=0, stack_level=5), profile(12, **OVER)], 16.0),
        ([profile(8), own(12)], 12.0),
        ([profile(8), own(12, **OVER)], 8.0),
        ([profile(8), own(12, valid_to=T)], 8.0),
        ([profile(8), own(12, valid_from=T + 1)], 8.0),
        ([profile(8), own(12, start_at=T + 1)], 8.0),
        ([profile(8), own(12, stack_level=1, **OVER), own(10)], 10.0),
        ([profile(8, connector_id=0), own(12, **OVER)], 8.0),
        ([profile(8, connector_id=0), profile(12, **OVER), own(13, **OVER)], 16.0),
        ([own(12, **OVER)], 16.0),
        ([profile(8), own(12, row_id=6)], 8.0),
        ([whole(9), profile(8), own(12, **OVER)], 8.0),
        ([whole(7), profile(8), own(12, **OVER)], 7.0),
        ([whole(9, **OVER), whole(11, stack_level=1, valid_from=T + 1), own(12)], 12.0),
    ],
)
def test_in_a_transaction(profiles: list[ChargingProfile], limit_a: float) -> None:
    assert prevailing(profiles, RUNNING, T).limit_a == limit_a
    assert prevailing(profiles[::-1], RUNNING, T).limit_a == limit_a


def test_without_a_transaction_the_profile_of_a_waiting_start_counts_and_no_other() -> None:
    assert prevailing([profile(8), own(12, row_id=None)], IDLE, T).limit_a == 12.0
    assert prevailing([profile(8), own(12)], IDLE, T).limit_a == 8.0


def test_a_relative_limit_of_the_box_counts_from_its_receipt_until_there_is_a_transaction() -> None:
    steps = whole(0, kind="Relative", received_at=T - 100, periods=(Period(0, 10.0), Period(100, 6.0)))
    assert prevailing([steps], IDLE, T).limit_a == 6.0
    assert prevailing([steps], RUNNING, T).limit_a == 10.0


@pytest.mark.parametrize(
    ("profiles", "until_s"),
    [
        ([], NEVER),
        ([profile(8, valid_to=T + 50), profile(9, stack_level=1)], NEVER),
        ([profile(8), profile(9, stack_level=1, valid_from=T + 50)], 50),
        ([profile(8, valid_to=T + 30), profile(9, stack_level=1, valid_from=T + 50)], 30),
        ([profile(8, valid_to=T + 70), profile(9, stack_level=1, valid_from=T + 50)], 50),
        ([profile(8, valid_to=T + 70), whole(9, valid_to=T + 60)], 60),
        ([profile(8, valid_to=T + 70), whole(9, valid_to=T + 80)], 70),
        ([profile(8, valid_to=T + 40), own(9)], NEVER),
        ([profile(8, valid_to=T + 70), own(9, valid_to=T + 40)], 40),
        ([profile(8, valid_to=T + 70), own(9, start_at=T + 40)], 40),
        ([profile(8, valid_to=T + 30), own(9, start_at=T + 40)], 30),
    ],
)
def test_the_change_point_is_the_next_that_can_matter(
    profiles: list[ChargingProfile], until_s: float
) -> None:
    assert prevailing(profiles, RUNNING, T).until == T + until_s
