"""Limits how often something expensive may be done."""

from __future__ import annotations


class Allowance:
    """Allows a burst, and a number per second in the long run."""

    def __init__(self, burst: int, a_second: int) -> None:
        self._burst, self._a_second = float(burst), float(a_second)
        self._left = self._burst
        self._at_s: float | None = None

    def admit(self, now_s: float) -> bool:
        """Says whether one more may be. What is refused is a level and comes later."""
        passed_s = now_s - self._at_s if self._at_s is not None else 0.0
        self._left, self._at_s = min(self._burst, self._left + passed_s * self._a_second), now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
