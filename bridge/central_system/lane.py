"""PURE: lane 1: the calls that are useless later, in order. A status may wait for its row's stop."""

from __future__ import annotations

from collections import deque

from bridge.core.outgoing import Outgoing

MOST_ALIKE = 20  # more than a session begun and ended in a minute leads to
WAIT_FOR_STOP_S = (
    10.0  # wire order: StopTransaction, then Finishing; a backlog does not hold the status without end
)


class Lane:
    """A queue of calls that is emptied when the link is lost."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, Outgoing]] = deque()
        self._stops_sent: set[int] = set()

    def put(self, call: Outgoing, now_s: float) -> None:
        """Puts a call behind those that wait. Of calls that nobody asks after only the newest few wait: a
        Central System that triggers them and does not answer cannot fill our memory."""
        self._waiting.append((now_s, call))
        if not call.ticket:
            alike = [each for each in self._waiting if each[1].action == call.action and not each[1].ticket]
            if len(alike) > MOST_ALIKE:
                self._waiting.remove(alike[0])

    @property
    def empty(self) -> bool:
        """Says whether no call waits."""
        return not self._waiting

    def has(self, action: str) -> bool:
        """Says whether such a call waits already."""
        return any(call.action == action for _, call in self._waiting)

    def stop_sent(self, row_id: int) -> None:
        """Lets go what waited for this row's StopTransaction."""
        self._stops_sent.add(row_id)

    def hold_no_longer(self) -> None:
        """Lets everything go: no StopTransaction can be sent now."""
        self._stops_sent.update(
            call.after_stop_of for _, call in self._waiting if call.after_stop_of is not None
        )

    def drop(self) -> list[Outgoing]:
        """Drops everything; the caller informs those who wait for an answer."""
        dropped = [call for _, call in self._waiting]
        self._waiting.clear()
        self._stops_sent.clear()
        return dropped

    def next(self, now_s: float) -> Outgoing | None:
        """Returns the first that may go. No status overtakes a status."""
        status_held = False
        for index, (since_s, call) in enumerate(self._waiting):
            status_held = status_held or self._held(call, since_s, now_s)
            if not (status_held and call.action == "StatusNotification"):
                del self._waiting[index]
                return call
        return None

    def _held(self, call: Outgoing, since_s: float, now_s: float) -> bool:
        row_id = call.after_stop_of
        return row_id is not None and row_id not in self._stops_sent and now_s - since_s < WAIT_FOR_STOP_S
