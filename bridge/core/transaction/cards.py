"""Cards as `hal` tells of them: the one event that crosses its socket."""

from __future__ import annotations

from bridge.core.now import Now
from hal.contract import Card

CARD_LIFE_S = 5.0


class Cards:
    """Knows which were taken."""

    def __init__(self) -> None:
        self._last: tuple[str, int] | None = None

    def take(self, card: Card, now: Now) -> bool:
        """False: it was told before, or it is older than 5 s."""
        last, self._last = self._last, (card.start_id, card.seq)
        repeated = last is not None and last[0] == card.start_id and card.seq <= last[1]
        return not repeated and now.s - card.at_s <= CARD_LIFE_S
