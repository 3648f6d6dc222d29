"""A value is kept for its time, counted from when it was put."""

from __future__ import annotations

import pytest

from bridge.local.desk import LOOK_EVERY_S, QUEUE_EVERY_S
from bridge.local.kept import KeptFor


@pytest.mark.parametrize(("at_s", "value"), [(10.0, "seen"), (10.24, "seen"), (10.25, None), (11.0, None)])
def test_it_is_kept_for_its_time(at_s: float, value: str | None) -> None:
    kept: KeptFor[str] = KeptFor(0.25)
    assert kept.get(9.0) is None
    assert kept.put("seen", 10.0) == "seen"
    assert kept.get(at_s) == value


def test_the_state_is_drawn_at_most_four_times_a_second_and_the_store_asked_more_seldom() -> None:
    assert (LOOK_EVERY_S, QUEUE_EVERY_S) == (0.25, 5.0)
