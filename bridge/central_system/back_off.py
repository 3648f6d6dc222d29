"""PURE: how long to wait before connecting again."""

from __future__ import annotations


def back_off_s(attempt: int, random01: float, first_s: float, max_s: float) -> float:
    """Returns how long to wait before the next attempt, after `attempt` failed ones (1 and more).

    Spread evenly from half of `first_s` to a ceiling that doubles each time, up to `max_s`, so that charge
    points that lost their Central System in the same second come back in many different ones.
    """
    ceiling_s = min(max_s, first_s * 2.0 ** min(attempt, 30))
    shortest_s = min(first_s / 2, ceiling_s)
    return min(ceiling_s, shortest_s + random01 * (ceiling_s - shortest_s))
