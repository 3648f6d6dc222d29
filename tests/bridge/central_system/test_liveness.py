"""How many CALLs without an answer end a connection."""

from __future__ import annotations

from datetime import UTC, datetime

from bridge.central_system.liveness import Liveness
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now
from bridge.core.zaptec import CLOUD

NOW = Now(1.0, datetime(2026, 1, 1, tzinfo=UTC))


def time_outs(liveness: Liveness) -> int:
    """Until it wants another connection."""
    liveness.connected(NOW)
    times = 1
    while liveness.timed_out() is None:
        times += 1
    return times


def test_two_and_more_after_each_connection_on_which_nothing_was_answered() -> None:
    liveness = Liveness(Configuration(CLOUD, {}, {}, authorization_required=True))
    assert [time_outs(liveness) for _ in range(5)] == [2, 4, 8, 8, 8]
    liveness.connected(NOW)
    liveness.answered()
    assert time_outs(liveness) == 2


def test_an_answer_counts_anew() -> None:
    liveness = Liveness(Configuration(CLOUD, {}, {}, authorization_required=True))
    liveness.connected(NOW)
    assert liveness.timed_out() is None
    liveness.answered()
    assert liveness.timed_out() is None
    liveness.heard(NOW)
    told = liveness.timed_out()
    assert told is not None
    assert told.reason == "2 calls in a row were not answered; last answer at 2026-01-01 00:00:00 UTC"
