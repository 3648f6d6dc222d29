"""A short part of the campaign of absurd numbers, and that it can fail."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.chaos.numbers import Rate, campaign

STEPS = 150


def test_no_number_of_a_peer_harms_the_box() -> None:
    for name, absurd, fault in islice(campaign(20261129, STEPS), 2):
        assert not fault, f"{name}: {fault}"
        assert absurd.draw.absurd > STEPS / 10
        assert absurd.charged


def test_a_minute_with_more_than_was_asked_for_is_seen() -> None:
    rate = Rate("frames", 10)
    for minute in range(5):
        rate.feed(60.0 * minute, 10 * minute, 0)
    rate.feed(270.0, 40 + 12, 3)
    with pytest.raises(AssertionError, match="more frames in a minute"):
        rate.feed(280.0, 40 + 12 + 9, 3)
