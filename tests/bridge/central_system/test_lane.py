"""Lane 1: in order, but a status may wait for the StopTransaction that goes before it."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from bridge.central_system.lane import MOST_ALIKE, WAIT_FOR_STOP_S, Lane
from bridge.core.outgoing import Outgoing


def status(name: str, after_stop_of: int | None = None) -> Outgoing:
    return Outgoing("StatusNotification", {"status": name}, after_stop_of=after_stop_of)


AUTHORIZE = Outgoing("Authorize", {"idTag": "TAG"}, ticket=1)
FINISHING, AVAILABLE = status("Finishing", after_stop_of=7), status("Available")


def lane(*calls: Outgoing) -> Lane:
    made = Lane()
    for call in calls:
        made.put(call, 0.0)
    return made


def drained(of: Lane, now_s: float = 0.0) -> list[Outgoing]:
    return list(iter(lambda: of.next(now_s), None))


def test_in_order() -> None:
    assert drained(lane(AUTHORIZE, AVAILABLE)) == [AUTHORIZE, AVAILABLE]


def test_a_status_waits_for_its_stop_and_no_status_overtakes_it() -> None:
    waiting = lane(FINISHING, AVAILABLE)
    assert drained(waiting) == []
    waiting.stop_sent(7)
    assert drained(waiting) == [FINISHING, AVAILABLE]


def test_what_is_no_status_overtakes_one_that_waits() -> None:
    waiting = lane(FINISHING, AUTHORIZE, AVAILABLE)
    assert drained(waiting) == [AUTHORIZE]


def test_another_rows_stop_is_not_waited_for() -> None:
    waiting = lane(FINISHING)
    waiting.stop_sent(6)
    assert drained(waiting) == []


def test_a_backlog_holds_a_status_for_10_s_at_most() -> None:
    waiting = lane(FINISHING, AVAILABLE)
    assert drained(waiting, WAIT_FOR_STOP_S - 0.1) == []
    assert drained(waiting, WAIT_FOR_STOP_S) == [FINISHING, AVAILABLE]


def test_nothing_is_waited_for_while_no_stop_can_go() -> None:
    waiting = lane(FINISHING, AVAILABLE)
    waiting.hold_no_longer()
    assert drained(waiting) == [FINISHING, AVAILABLE]


def test_dropped_as_a_whole() -> None:
    waiting = lane(AUTHORIZE, AVAILABLE)
    assert waiting.has("Authorize")
    assert waiting.drop() == [AUTHORIZE, AVAILABLE]
    assert not waiting.has("Authorize")
    assert drained(waiting) == []


def test_of_statuses_that_nobody_takes_the_newest_few_wait() -> None:
    """A Central System that triggers them and answers none; what somebody waits for stays."""
    waiting = lane(AUTHORIZE, FINISHING, *(status(f"{number}") for number in range(1000)), AUTHORIZE)
    waiting.hold_no_longer()
    calls = drained(waiting)
    assert calls[0] == calls[-1] == AUTHORIZE
    assert calls[1:-1] == [status(f"{number}") for number in range(1000 - MOST_ALIKE, 1000)]


@pytest.mark.parametrize("action", sorted(set(get_args(get_type_hints(Outgoing)["action"]))))
def test_of_whatever_may_be_triggered_the_newest_few_wait(action: str) -> None:
    """Of the firmware's statuses those that are reported in their order stay."""
    reported = Outgoing(action, {"status": "Installed"}, ticket=3)  # type: ignore[arg-type]
    triggered = [Outgoing(action, {"status": f"{number}"}) for number in range(1000)]  # type: ignore[arg-type]
    assert drained(lane(reported, *triggered)) == [reported, *triggered[-MOST_ALIKE:]]
