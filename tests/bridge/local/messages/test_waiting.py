"""What one outlet has not delivered yet."""

from __future__ import annotations

from bridge.local.messages.telling import Noted, Said
from bridge.local.messages.texts import Message, message
from bridge.local.messages.waiting import FIRST_PAUSE_S, LONGEST_PAUSE_S, MOST, Waiting


def a_message(key: str = "disk_refuses") -> Message:
    return message(
        Said(Noted(kind="disk_refuses", key=key), over=False), "en", box="EV1", mock=False, at=None
    )


def test_the_oldest_first_and_each_once() -> None:
    waiting, first, second = Waiting(), a_message("a"), a_message("b")
    waiting.put(first)
    waiting.put(second)
    assert waiting.due(0.0) is first
    waiting.delivered(first)
    assert waiting.due(0.0) is second
    waiting.delivered(second)
    assert waiting.due(0.0) is None


def test_a_failure_makes_a_pause_that_doubles_up_to_ten_minutes() -> None:
    waiting = Waiting([a_message()])
    pauses, now_s = [], 0.0
    for _ in range(10):
        pauses.append(waiting.failed(now_s))
        assert waiting.due(now_s + pauses[-1] - 0.1) is None
        now_s += pauses[-1]
        assert waiting.due(now_s) is not None
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_it_is_bounded_and_the_oldest_gives_way() -> None:
    waiting = Waiting()
    sent = [a_message(str(number)) for number in range(MOST + 5)]
    for each in sent:
        waiting.put(each)
    assert len(waiting) == MOST
    assert waiting.lost == 5
    waiting.delivered(sent[0])  # it gave way while it was being sent
    assert waiting.due(0.0) is sent[5]
