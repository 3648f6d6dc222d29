"""The doctor knows a refusal by its words: here from the programs themselves."""

from __future__ import annotations

import pytest

from bridge.doctor.answers import was_done
from hal.contract import Request
from hal.core.evse import Evse
from hal.core.rules import BoxRules
from hal.safety.requests import Requests
from tests.bridge.doctor.doctored import answer

SOCKET = BoxRules(socket=True, installation_max_a=16.0, has_rcm_test=True)
FIXED = BoxRules(socket=False, installation_max_a=16.0, fixed_cable_rating_a=32.0)


def requests(rules: BoxRules) -> Requests:
    """Of a box that has just started, without a car."""
    return Requests(Evse(rules, 0.0), rules, 0.0)


def asked(do: str, argument: str = "") -> Request:
    """Of `hal.safety`."""
    return Request(id="1", owner="safety", do=do, argument=argument)


def refused(why: str) -> bool:
    """It is one, and the doctor takes it for one."""
    return bool(why) and not was_done(answer(f"asked: {why}", ok=False))


@pytest.mark.parametrize(
    ("rules", "what"),
    [(SOCKET, asked("dance")), (FIXED, asked("lock-pulse")), (FIXED, asked("rcm-test"))],
)
def test_what_a_box_cannot_do(rules: BoxRules, what: Request) -> None:
    assert refused(requests(rules).begin(what, 1.0))


def test_what_is_not_possible_yet() -> None:
    busy = requests(SOCKET)
    assert busy.begin(asked("lock-pulse"), 1.0) == ""
    assert refused(busy.begin(asked("rcm-test"), 2.0))
