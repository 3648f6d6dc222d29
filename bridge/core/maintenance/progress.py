"""The statuses of an errand on their way to the Central System: each sent once, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Literal

from bridge.core.outgoing import Outgoing

MOST_UNREPORTED = 12  # three whole updates
MOST_SENDINGS = 3  # of one status that is never answered

Action = Literal["DiagnosticsStatusNotification", "FirmwareStatusNotification"]


class Progress:
    """Sends each status until it is answered; a CALLERROR counts as an answer. What was lost with the link is
    sent again on the next one, and what was not answered in time is too, `MOST_SENDINGS` times in all.
    """

    def __init__(self, action: Action, unreported: Iterable[str] = ()) -> None:
        self._action: Action = action
        self._unreported = deque(unreported)
        self._ticket = 0
        self._sendings = 0
        self._resting = False  # nothing more on this connection before the next status

    @property
    def unreported(self) -> tuple[str, ...]:
        """Returns what waits, oldest first; the first may be under way."""
        return tuple(self._unreported)

    def report(self, status: str) -> None:
        """Queues a status, to be sent as soon as those before it are answered. The newest few wait: of
        errands that were asked for again and again while nobody answered only the last are of use."""
        self._unreported.append(status)
        if len(self._unreported) > MOST_UNREPORTED:
            del self._unreported[1]  # the first may be under way

    def next_call(self) -> Outgoing | None:
        """Returns the next call; to be asked only while there is a registered link."""
        if not self._unreported or self._resting:
            return None
        self._resting = True
        self._ticket += 1
        self._sendings += 1
        return Outgoing(self._action, {"status": self._unreported[0]}, ticket=self._ticket)

    def answered(self, ticket: int) -> bool:
        """Follows a CALLRESULT or CALLERROR, late or not. Says whether `unreported` has changed."""
        return ticket == self._ticket and self._sendings > 0 and self._drop_first()

    def unanswered(self, ticket: int) -> bool:
        """Keeps what was not answered in time for the next link. Says whether `unreported` changed."""
        return ticket == self._ticket and self._sendings >= MOST_SENDINGS and self._drop_first()

    def link_lost(self) -> None:
        """Lets the next connection send whatever was under way again."""
        self._resting = False

    def _drop_first(self) -> bool:
        self._unreported.popleft()
        self._sendings = 0
        self._resting = False
        return True
