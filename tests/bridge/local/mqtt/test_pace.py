"""When a retained topic is published."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bridge.local.mqtt.pace import EVERY_S, MEASURED_EVERY_S, Pace


def pace() -> Pace:
    return Pace(frozenset({"meter"}))


def published(each: Pace, wanted: dict[str, bytes], now_s: float) -> list[str]:
    """Topics that the broker got."""
    found = each.due(wanted, now_s)
    for topic, payload in found:
        each.published(topic, payload, now_s)
    return [topic for topic, _ in found]


def test_on_change_and_no_more_often_than_allowed() -> None:
    each = pace()
    assert published(each, {"state": b"1", "meter": b"1"}, 0.0) == ["state", "meter"]
    assert published(each, {"state": b"1", "meter": b"1"}, 100.0) == []
    assert published(each, {"state": b"2", "meter": b"2"}, 100.0) == ["state", "meter"]
    assert published(each, {"state": b"3", "meter": b"3"}, 100.9) == []
    assert published(each, {"state": b"4", "meter": b"4"}, 101.0) == ["state"]
    assert published(each, {"state": b"4", "meter": b"5"}, 110.0) == ["meter"]


def test_a_broker_that_forgot_gets_all_again() -> None:
    each = pace()
    published(each, {"state": b"1"}, 0.0)
    each.forget()
    assert published(each, {"state": b"1"}, 0.1) == ["state"]


@given(st.lists(st.tuples(st.floats(0.01, 5.0), st.integers(0, 3)), min_size=1, max_size=60))
def test_the_broker_ends_up_with_the_newest(steps: list[tuple[float, int]]) -> None:
    each, now_s, has, times = pace(), 0.0, b"", list[float]()
    for pause_s, value in [*steps, (MEASURED_EVERY_S, steps[-1][1])]:
        now_s += pause_s
        for _, payload in each.due({"state": b"%d" % value}, now_s):
            each.published("state", payload, now_s)
            has = payload
            times.append(now_s)
    assert has == b"%d" % steps[-1][1]
    assert all(b - a >= EVERY_S for a, b in pairwise(times))
