"""PURE: OCPP 1.6 4.2, BootNotification: whether we are accepted here, and when to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bridge.core.now import Now

ASK_AGAIN_S = 120.0  # after silence, a CALLERROR, or an interval of 0
CLOSE_BEYOND_S = 60.0  # a Rejected for longer than this is waited out without a link

Standing = Literal["unasked", "accepted", "pending", "rejected"]


@dataclass(slots=True)
class Registration:
    """The state of the registration; it is not stored."""

    ask_again_s: float = ASK_AGAIN_S
    standing: Standing = "unasked"
    _ask_s: float = 0.0  # no BootNotification of our own before

    @property
    def accepted(self) -> bool:
        """Says whether everything may be sent."""
        return self.standing == "accepted"

    @property
    def answers(self) -> bool:
        """Says whether CALLs of the Central System are answered: not while it has rejected us."""
        return self.standing != "rejected"

    def connected(self) -> None:
        """Asks again on each new connection after silence and CALLERROR; an interval given is kept."""
        if self.standing == "unasked":
            self._ask_s = 0.0

    def due(self, now: Now) -> bool:
        """Says whether to send BootNotification now."""
        return self.standing != "accepted" and now.s >= self._ask_s

    def asked(self, now: Now) -> None:
        """Notes one that is out: none other before its answer, or the time to ask again."""
        self._ask_s = now.s + self.ask_again_s

    def answered(self, status: str, interval_s: float, now: Now) -> None:
        """Follows BootNotification.conf. A triggered one is answered like any other."""
        standings: dict[str, Standing] = {
            "Accepted": "accepted",
            "Pending": "pending",
            "Rejected": "rejected",
        }
        self.standing = standings[status]
        self._ask_s = now.s + (interval_s or self.ask_again_s)

    def rest_s(self, now: Now) -> float | None:
        """Says how long to stay without a link; None: keep it."""
        wait_s = self._ask_s - now.s
        return wait_s if self.standing == "rejected" and wait_s > CLOSE_BEYOND_S else None
