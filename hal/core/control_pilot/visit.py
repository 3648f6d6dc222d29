"""PURE: one car from plug-in to unplug. A pilot that is open for a moment does not count as unplugged."""

from __future__ import annotations

from hal.contract import Vehicle
from hal.core.steady import Steady

LEFT_S = 1.0  # of A: no contact of a plug bounces for so long
GONE_S = 2.0  # of A, with a fixed cable, until what ends by unplugging ends
EMPTY_S = 0.1  # likewise with a socket, where the proximity pilot says it too


class Visit:
    """`here` from the first state that is not A until the car has left."""

    def __init__(self, *, socket: bool) -> None:
        self.here = False
        self.left = False  # at this tick
        self.plug_gone = False  # surely: what ends by unplugging may end
        self.plug_ins = 0
        self.without_b = False  # this car came from A straight to C
        self._socket = socket
        self._away = Steady(LEFT_S)
        self._gone = Steady(EMPTY_S if socket else GONE_S)
        self._a_seen = False

    def feed(self, vehicle: Vehicle, *, plug_pulled: bool, seen: bool, now_s: float) -> None:
        """Judges a tick. `plug_pulled`: of the socket; `seen`: the pilot showed the car since it was dark."""
        empty = vehicle == "A" and seen
        pulled = self._socket and plug_pulled
        away = self._away.feed(empty, now_s)
        self.plug_gone = self._gone.feed(empty and (pulled or not self._socket), now_s)
        self.left = self.here and empty and (away or pulled)
        if self.left:
            self.here = self.without_b = False
        elif not self.here and vehicle != "A":
            self.here = True
            self.plug_ins += 1
            self.without_b = vehicle == "C" and self._a_seen
        self._a_seen = seen and (self._a_seen or vehicle == "A")
