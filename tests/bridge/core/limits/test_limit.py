"""What is asked of the box: limited from a transaction's first wish; found anew at change points only."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.charge_point import ChargePoint
from bridge.core.charging_profile import ChargingProfile, Moment, Period, Span
from bridge.core.rows import ProfileInstalled, TransactionStarted
from bridge.core.session import Transaction
from tests.bridge.core.charge_points import at, charge_point, hear
from tests.bridge.core.limits.charging_model import BASE
from tests.bridge.core.messages import WAITING, reading, status

FIELDS: dict[str, Any] = {
    "profile_id": 1, "connector_id": 1, "purpose": "TxDefaultProfile", "stack_level": 0, "kind": "Absolute",
    "unit": "A", "periods": (Period(0, 10.0),), "received_at": BASE,
}  # fmt: skip


def limits_until_the_transaction(core: ChargePoint) -> list[float]:
    """What is asked after each event, from the car's arrival to the transaction and its first wish."""
    limits = []
    for seconds in range(1, 5):
        now = at(seconds)
        for message in (status(now.s, **WAITING), reading(now.s)):
            hear(core, message, now)
            limits.append(core.wish(now).limit_a)
            if isinstance(core.state, Transaction):
                return limits
    raise AssertionError("no transaction began")


@pytest.mark.parametrize("limit_a", [0.0, 6.0, 10.0])
def test_the_first_wish_of_a_transaction_carries_the_limit_of_the_default(limit_a: float) -> None:
    core = charge_point(profiles=(ChargingProfile(**{**FIELDS, "periods": (Period(0, limit_a),)}),))
    core.connector.authorize("04AABBCC", "card", at(0))
    *before, first = limits_until_the_transaction(core)
    assert set(before) == {0.0}
    assert first == limit_a


def test_the_first_wish_carries_the_limit_that_came_with_the_remote_start() -> None:
    core = charge_point()
    assert core.profiles.hold(ChargingProfile(**{**FIELDS, "purpose": "TxProfile"}))
    core.connector.authorize("04AABBCC", "remote", at(0))
    core.step(at(0))
    core.drain()
    *_, first = limits_until_the_transaction(core)
    assert first == 10.0
    durable = [type(change) for change in core.drain().changes]
    assert durable.index(TransactionStarted) < durable.index(ProfileInstalled), "in one batch, in this order"


def test_the_limit_is_found_anew_only_at_a_change_point_or_a_change() -> None:
    asked_at: list[Moment] = []

    class Watched(ChargingProfile):
        def span(self, relative_to: Moment, at: Moment) -> Span:
            asked_at.append(at)
            return ChargingProfile.span(self, relative_to, at)

    periods = (Period(0, 10.0), Period(30, 8.0), Period(50, 8.0))
    core = charge_point(profiles=(Watched(**{**FIELDS, "periods": periods}),))
    core.connector.authorize("04AABBCC", "card", at(0))
    limits_until_the_transaction(core)
    asked_at.clear()
    limits = [core.wish(at(quarter / 4)).limit_a for quarter in range(8, 4 * 58)]
    assert limits == [10.0] * (4 * 28) + [8.0] * (4 * 28)
    assert asked_at == [BASE + 30, BASE + 50]
    core.profiles.install(ChargingProfile(**{**FIELDS, "profile_id": 2, "stack_level": 1}))
    assert core.wish(at(58)).limit_a == 10.0
