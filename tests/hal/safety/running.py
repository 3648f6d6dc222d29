"""`hal.safety` without its process: the loop on the real drivers, core and plant, in simulated time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from hal.configuration.sections import Wallbox
from hal.contract import STATE_FILE, Status
from hal.core.evse import Evse
from hal.core.persistent_state import PersistentState
from hal.notify import Notify
from hal.safety.configured import box_of, notes_of, rules_of
from hal.safety.journal import Journal
from hal.safety.loop import Loop, Parts, Voice
from hal.safety.requests import Requests
from hal.safety.server.server import Server
from hal.safety.state.file import StateFile
from hal.safety.status import Identity
from tests.hal.safety.peers import hello, of, wish
from tests.hal.safety.rig import CONTACTOR, SOCKET_BOX, Rig

RULES = rules_of(SOCKET_BOX, mock=True, fifo=True)
IDENTITY = Identity("start", mock=True, real_time="fifo, memory locked", notes=notes_of(SOCKET_BOX, RULES))


class Running:
    """`hal.safety` without its process: the loop is stepped, the bridge renews its wish each second."""

    def __init__(
        self,
        runtime_dir: Path,
        journal: Journal,
        notify: Notify | None = None,
        *,
        box: Wallbox = SOCKET_BOX,
        stored: PersistentState | None = None,
    ) -> None:
        self.rig = Rig(runtime_dir, box)
        self.rig.now_s = time.monotonic()
        self.server = Server(runtime_dir, box_of(box, mock=True), journal)
        voice = Voice(journal, notify or Notify({}), RULES.late_limit_s)
        rules = rules_of(box, mock=True, fifo=True)
        self.evse = Evse(rules, self.rig.now_s, stored or PersistentState())
        self.state_file = StateFile(runtime_dir / STATE_FILE, runtime_dir)
        self.state_file.ready()
        requests = Requests(self.evse, rules, self.rig.now_s)
        parts = Parts(self.evse, self.rig.lines, self.server, self.state_file, requests)
        self.loop = Loop(parts, voice, IDENTITY)
        self.bridge = hello(runtime_dir, "bridge")
        self.observer = hello(runtime_dir, "observer")
        self.limit_a = 16.0
        self.renewing = True
        self.ticks = 0
        self.each_tick: Callable[[], object] = lambda: None
        self.seen: list[Status] = []
        self._wished_at_s = 0.0

    def tick(self, late_s: float = 0.0) -> float:
        """One tick of the loop, after the plant lived until it was due. The planned distance to it."""
        if self.renewing and self.rig.now_s - self._wished_at_s >= 1:
            self._wished_at_s = self.rig.now_s
            self.bridge.say(wish(self.limit_a, seq=self.ticks + 1, valid_until_s=self.rig.now_s + 15))
        self.each_tick()
        distance_s = self.loop.seconds_to_next(self.rig.now_s)
        self.rig.step(distance_s + late_s)
        self.loop.tick(self.rig.now_s)
        self.ticks += 1
        self.seen += of(Status, self.observer.heard())
        self.bridge.heard()
        return distance_s

    def until(self, holds: Callable[[], bool], within_s: float = 20.0) -> float:
        """Simulated seconds until it holds."""
        began_s = self.rig.now_s
        while not holds():
            assert self.rig.now_s - began_s < within_s, self.seen[-1]
            self.tick()
        return self.rig.now_s - began_s

    def charge(self) -> None:
        self.rig.plant.plug_in()
        self.until(lambda: self.status.contactor_closed)

    @property
    def status(self) -> Status:
        if not self.seen:
            self.tick()
        return self.seen[-1]

    @property
    def ended(self) -> bool:
        return self.loop.ended(self.rig.now_s)

    def relay_high(self) -> bool:
        return self.rig.line_map.driven_high(CONTACTOR)

    def close(self) -> None:
        self.server.close()
        self.state_file.close()
        self.bridge.close()
        self.observer.close()
        self.rig.close()
