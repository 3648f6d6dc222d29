"""When to connect again: who hangs up at once again and again is not called each second."""

from __future__ import annotations

import asyncio

import pytest

from bridge.central_system.back_off import MOST_SHORT, SHORT_S, STABLE_S, Attempts
from bridge.central_system.events import Opened
from tests.bridge.central_system.listening import central, running
from tests.bridge.central_system.simulated_loop import now_s, simulated
from tests.bridge.central_system.test_link_in_time import usual


def numbers(lived_s: float, *, normally: bool, times: int = 10) -> list[int]:
    attempts = Attempts()
    following = []
    for _ in range(times):
        attempts.ended(lived_s, normally=normally)
        following.append(attempts.next())
    return following


@pytest.mark.parametrize("lived_s", [0.0, 1.0, SHORT_S, STABLE_S - 1])
def test_what_breaks_is_called_less_and_less_often(lived_s: float) -> None:
    assert numbers(lived_s, normally=False) == list(range(1, 11))


@pytest.mark.parametrize(("lived_s", "normally"), [(STABLE_S, False), (STABLE_S, True), (SHORT_S, True)])
def test_after_a_connection_of_use_the_next_comes_soon(lived_s: float, normally: bool) -> None:
    assert numbers(lived_s, normally=normally) == [1] * 10


def test_who_hangs_up_right_after_the_handshake_has_some_tries() -> None:
    assert numbers(0.1, normally=True) == [1] * MOST_SHORT + [2, 3, 4, 5, 6]


def test_who_always_hangs_up_is_called_once_a_minute_at_last() -> None:
    async def thirty_times() -> float:
        async with central() as central_system, running(usual(central_system.url)) as (_, heard):
            for times in range(1, 31):
                while len(heard.of(Opened)) < times:  # noqa: ASYNC110 - costs nothing here
                    await asyncio.sleep(0.2)
                await central_system.close_socket(1000, "")
            return now_s()

    assert simulated(thirty_times()) > 240
