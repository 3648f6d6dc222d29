"""PURE: whether the Central System still answers: when its last message came, when our last CALL was sent."""

from __future__ import annotations

from datetime import datetime

from bridge.central_system.effects import Reconnect
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now, in_words

TIME_OUTS_BEFORE_RECONNECT = 2  # in a row: the socket is open, but nobody is there
# Twice as many after each connection that ended so: who answers late, but does, must have the time to.
TIME_OUTS_MOST = 8
QUIET_HEARTBEAT_S = 900.0  # with WebSocketPingInterval 0 something must show that the link lives


class Liveness:
    """Counts time-outs and silence of one connection; starts again with each connection."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._time_outs = 0
        self._patience = TIME_OUTS_BEFORE_RECONNECT
        self._heard_at: datetime | None = None
        self.heard_s: float | None = None  # when, on the clock of durations
        self._last_call_s = 0.0

    def connected(self, now: Now) -> None:
        """Starts to count again, for a new connection."""
        self._time_outs = 0
        self._last_call_s = now.s

    def heard(self, now: Now) -> None:
        """Notes a message of the Central System, whatever it holds."""
        self._heard_at, self.heard_s = now.utc, now.s

    def called(self, now: Now) -> None:
        """Notes that a CALL of ours has left."""
        self._last_call_s = now.s

    def answered(self) -> None:
        """Notes that one of them was answered, be it late."""
        self._time_outs = 0
        self._patience = TIME_OUTS_BEFORE_RECONNECT

    def timed_out(self) -> Reconnect | None:
        """Notes that one of them was not answered, and says what follows."""
        self._time_outs += 1
        if self._time_outs < self._patience:
            return None
        self._patience = min(2 * self._patience, TIME_OUTS_MOST)
        why = f"{self._time_outs} calls in a row were not answered"
        if self._heard_at is not None:
            why += f"; last answer at {in_words(self._heard_at)}"
        return Reconnect(why)

    def heartbeat_due(self, now: Now) -> bool:
        """OCPP 1.6 4.6, counted from the last CALL sent."""
        quiet_s = now.s - self._last_call_s
        interval_s = self._configuration.whole("HeartbeatInterval")
        if self._configuration.whole("WebSocketPingInterval") == 0 and quiet_s >= QUIET_HEARTBEAT_S:
            return True
        return interval_s > 0 and quiet_s >= interval_s
