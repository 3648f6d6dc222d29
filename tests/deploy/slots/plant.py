"""A machine in simulated time: programs that start, crash and charge as a version makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.slots.names import ConfigFile
from deploy.slots.proof import Bridge, Program, Safety, Seen
from deploy.slots.systemd import PROGRAMS, SystemdError
from tests.deploy.slots.box import IN_TRIAL, NEW, OLD, Box

SAFETY, INSTRUMENTS, BRIDGE = PROGRAMS
BEGAN = datetime(2026, 11, 29, 12, tzinfo=UTC)


@dataclass
class Conduct:
    """How a version behaves."""

    starts: bool = True  # its units become ready
    crashes_after_s: float | None = None  # its bridge, once
    ticks: bool = True
    answers: bool = True
    store_open: bool = True
    central_system: str = "accepted"
    says: str = ""  # another version than it is
    fault: str = ""  # why it need not be tried
    migrated: dict[ConfigFile, str] = field(default_factory=dict)  # what it makes of the configuration


@dataclass
class Plant:
    """What `deploy.slots.update` needs of a machine. A program that runs writes into the database."""

    on: Box
    conduct: dict[str, Conduct] = field(default_factory=lambda: {OLD: Conduct(), NEW: Conduct()})
    charges_until_s: float = 0.0
    charge_begins: Callable[[float], bool] = lambda _s: False  # while the bridge is being stopped
    active: bool = True
    s: float = 0.0
    began_s: dict[str, float] = field(default_factory=dict)  # of each program that runs
    runs: str = OLD
    pid: int = 100
    log: list[str] = field(default_factory=list)
    stopped_while_charging: bool = False

    def __post_init__(self) -> None:
        self.began_s = dict.fromkeys(PROGRAMS, 0.0)

    @property
    def way(self) -> Conduct:
        return self.conduct[self.runs]

    def charges(self) -> bool:
        return self.s < self.charges_until_s

    # As `machine.Machine`

    def is_active(self) -> bool:
        return self.active

    def stop(self, *names: str) -> None:
        self.log.append(f"stop {len(names)}")
        if BRIDGE in names and self.charge_begins(self.s):
            self.charges_until_s = self.s + 60
        if SAFETY in names and self.charges():
            self.stopped_while_charging = True
        for name in names:
            self.began_s.pop(name, None)

    def start(self, *names: str) -> None:
        runs = self.on.look().current
        assert runs is not None, "nothing to start"
        self.log.append(f"start {len(names)} of {runs}")
        assert (self.on.places.mark.exists()) == (self.on.look().trial_file), (
            "the bridge must know of a trial"
        )
        self.runs, self.pid = runs, self.pid + 10
        for name in names:
            self.began_s.setdefault(name, self.s)
        if runs == NEW:
            for name, content in IN_TRIAL.items():
                (self.on.places.bridge / name).write_bytes(content)
        if not self.way.starts:
            raise SystemdError("systemctl start: Job for evse-bridge.service failed")

    def see(self) -> Seen:
        self.s += 0.1
        programs = tuple(self._program(name, number) for number, name in enumerate(PROGRAMS))
        return Seen(programs, self._safety(), self._bridge())

    def _program(self, name: str, number: int) -> Program:
        began_s = self.began_s.get(name)
        if began_s is None:
            return Program(name, active=False, restarts=0, pid=0)
        dies_s = self.way.crashes_after_s if name == BRIDGE else None
        restarts = int(dies_s is not None and self.s - began_s >= dies_s)
        return Program(name, active=self.way.starts, restarts=restarts, pid=self.pid + number + restarts)

    def _safety(self) -> Safety | None:
        if SAFETY not in self.began_s:
            return None
        seq = int(self.s * 10) if self.way.ticks else 1
        return Safety(f"{self.began_s[SAFETY]}", seq, self.charges())

    def _bridge(self) -> Bridge | None:
        if BRIDGE not in self.began_s or not self.way.answers:
            return None
        way = self.way
        return Bridge(way.says or self.runs, way.store_open, way.central_system)

    def fault(self, slot: Path) -> str:
        return self.conduct[slot.name].fault

    def migrated(self, slot: Path) -> dict[ConfigFile, str]:
        assert not self.began_s, "a program could read a file while it is changed"
        return self.conduct[slot.name].migrated

    def now_s(self) -> float:
        return self.s

    def pause(self, s: float) -> None:
        self.s += s

    def boot_id(self) -> str:
        return "boot-1"

    def calendar(self) -> datetime:
        return BEGAN + timedelta(seconds=self.s)
