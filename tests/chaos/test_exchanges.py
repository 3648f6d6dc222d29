"""A Central System that closes, keeps silent, is late or refuses, at every point of every exchange.

No session is lost or told twice, the last status told is the true one, and the conversation goes on.
"""

from __future__ import annotations

import pytest

from bridge.central_system.operations import SUPPORTED
from tests.campaigns import many
from tests.chaos.exchanges import Exchange, Fate, Point, Sender, Sessions

pytestmark = pytest.mark.campaign
ASKED_BY_US = (
    "Authorize", "BootNotification", "DataTransfer", "DiagnosticsStatusNotification",
    "FirmwareStatusNotification", "Heartbeat", "MeterValues", "StartTransaction", "StatusNotification",
    "StopTransaction",
)  # fmt: skip
EXCHANGES: tuple[tuple[Sender, str], ...] = (
    *(("charge point", action) for action in ASKED_BY_US),
    *(("central system", action) for action in sorted(SUPPORTED)),
)
GROUPS = many(2, 5)  # lives for each point; in each every so-manieth exchange fails where it comes first
POINTS: tuple[Point, ...] = ("before", "between", "after")


@pytest.mark.part
@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.parametrize("point", POINTS)
def test_a_close_at_every_point_of_every_exchange(point: Point, group: int) -> None:
    left = set(EXCHANGES[group::GROUPS])

    def fates(exchange: Exchange) -> Fate | None:
        kind = (exchange.sender, exchange.action)
        if kind not in left:
            return None
        left.remove(kind)
        return point

    sessions = Sessions(fates)
    assert sessions.live() == []
    assert left == set(), "never happened"


def every(number: int, fate: Fate) -> Sessions:
    """Each so-manieth answer to us, for ever; registration goes well."""
    return Sessions(
        lambda exchange: (
            fate
            if exchange.sender == "charge point"
            and exchange.action != "BootNotification"
            and exchange.number % number == 0
            else None
        ),
        lasting=True,
    )


@pytest.mark.parametrize(("number", "fate"), [(3, "late"), (1, "late"), (2, "error"), (3, "silent")])
def test_answers_that_are_late_refused_or_missing_for_ever(number: int, fate: Fate) -> None:
    """Late: by 60.5 s. All of them: who answers late is not hung up on again and again."""
    assert every(number, fate).live(calm_s=1800.0) == []


def test_accepts_and_never_answers_for_the_whole_of_two_sessions() -> None:
    fates: dict[Sender, Fate | None] = {"charge point": "silent", "central system": None}
    sessions = Sessions(lambda it: None if it.action == "BootNotification" else fates[it.sender])
    assert sessions.live() == []
