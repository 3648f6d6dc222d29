"""PURE: judges whether the programs run, answer and fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.core.maintenance.outcome import Outcome
from bridge.core.maintenance.trial import Trial
from bridge.doctor.check import Check, Subject
from hal.contract import REAL_TIME_GRANTED, Box, Status

SAFETY = Subject("programs.safety", "hal.safety", "answers")
INSTRUMENTS = Subject("programs.instruments", "hal.instruments", "speaks")
HELD = Subject("programs.held", "may run", "not moved away, no restore unfinished")
BRIDGE = Subject("programs.bridge", "bridge", "sends a wish each second")
VERSIONS = Subject("programs.versions", "versions", "one for all")
TRIAL = Subject("programs.trial", "trial", "no new version is on trial")
UPDATE = Subject("programs.update", "last update", "the new version was kept")
REAL_TIME = Subject("programs.real_time", "real time", "granted; no late tick")

YOUNG_S = 60.0  # a program that cannot run ends within its start
UNITS = {"safety": "evse-safety", "instruments": "evse-instruments", "bridge": "evse-bridge"}


@dataclass(frozen=True, slots=True)
class Running:
    """One living process, as /proc shows it."""

    pid: int
    uid: int
    age_s: float


def start_how(name: str, *, by_units: bool) -> str:
    """Says what to do when it does not run or does not answer. Only a mock box is a person's own `run`."""
    if not by_units:
        return "Start all: evse-bridge run --mock; its lines say why a program ends."
    return f"systemctl status {UNITS[name]}; its log: journalctl -u {UNITS[name]} -e"


@dataclass(frozen=True, slots=True)
class Unit:
    """What systemd reports about the service of a program, and the last line that the program wrote."""

    state: str  # ActiveState: active, activating, failed, ...
    result: str  # success, exit-code, watchdog, ...
    restarts: int
    last_line: str


@dataclass(frozen=True, slots=True)
class Process:
    """A program as the system sees it: its living process, its unit."""

    running: Running | None = None
    unit: Unit | None = None  # None: it has none, or systemd cannot be asked

    def __str__(self) -> str:
        """Writes `pid 123 for 2 h`; of one that ends again and again, why."""
        running, unit = self.running, self.unit
        living = "no process seen" if running is None else f"pid {running.pid} for {_age(running.age_s)}"
        if unit is None or (running is not None and not self.ends_again):
            return living
        ended = f"restarted {unit.restarts} times, " * bool(unit.restarts)
        last = f'; its last line: "{unit.last_line}"' if unit.last_line else ""
        return f"{living}; unit {unit.state}, {ended}last end: {unit.result}{last}"

    @property
    def ends_again(self) -> bool:
        """Says whether it was restarted and lives for a moment only."""
        young = self.running is None or self.running.age_s < YOUNG_S
        return self.unit is not None and self.unit.restarts > 0 and young


def _age(age_s: float) -> str:
    for unit, size_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if age_s >= 2 * size_s:
            return f"{age_s / size_s:.0f} {unit}"
    return f"{age_s:.0f} s"


def safety_silent(why: str, do: str, process: Process) -> Check:
    """Reports that nobody answers on its socket."""
    return SAFETY.fault(f"{why} ({process})", do)


def unheard(subject: Subject, name: str, process: Process) -> Check:
    """Reports a program that speaks through `hal.safety`, of which only its process is seen."""
    if process.ends_again:
        return subject.fault(str(process), start_how(name, by_units=True))
    return subject.not_checked(f"hal.safety does not answer ({process})")


def safety(box: Box, status: Status, process: Process, *, mock: bool) -> Check:
    """Reports that `hal.safety` answers, and is a mock or a real box as expected."""
    measured = f"start {status.start_id}, {process}"
    if box.mock != mock:
        real = "a MOCK box" if box.mock else "a real box"
        return SAFETY.fault(f"it is {real}", f"Run the doctor {'with' if box.mock else 'without'} --mock.")
    return SAFETY.ok(measured)


def instruments(*, speaks: bool, process: Process, by_units: bool) -> Check:
    """Judges whether hal.instruments is heard through `hal.safety`."""
    if speaks:
        return INSTRUMENTS.ok(str(process))
    return INSTRUMENTS.fault(f"does not answer ({process})", start_how("instruments", by_units=by_units))


def bridge(statuses: Sequence[Status], process: Process, *, by_units: bool) -> Check:
    """Judges whether the number of its wish rises from one Status to a later one."""
    if statuses and statuses[-1].wish_seq != statuses[0].wish_seq:
        return BRIDGE.ok(str(process))
    return BRIDGE.fault(f"sends no wish ({process})", start_how("bridge", by_units=by_units))


_FREED_BY = {  # by the kind of `bridge.store.held.Held`
    "moved": "If no other box speaks in its name: evse-bridge restore FILE of that move, here.",
    "restoring": "A boot ends the restore; so does sudo systemctl restart evse-bridge.target.",
    "unreadable": "Read docs/backup.md first: two boxes with one identity send each session twice.",
}


def held(kind: str, why: str) -> Check:
    """Reports a box whose bridge connects to nobody. `kind`: empty where nothing holds it."""
    return HELD.fault(why, _FREED_BY[kind]) if kind else HELD.ok("nothing holds this box")


@dataclass(frozen=True, slots=True)
class Versions:
    """What runs and what is installed. Of the bridge only four numbers are known; empty: not even these."""

    safety: str
    bridge: str
    installed: str
    installed_numbers: str


def versions(seen: Versions, *, by_units: bool) -> Check:
    """Reports a program that was not started again after an update: an older one."""
    bridge = f", bridge {seen.bridge}" * bool(seen.bridge)
    measured = f"hal.safety {seen.safety}{bridge}, doctor {seen.installed}"
    if seen.safety == seen.installed and seen.bridge in ("", seen.installed_numbers):
        return VERSIONS.ok(measured)
    how = "systemctl restart evse-bridge.target" if by_units else "end evse-bridge run --mock, start it again"
    return VERSIONS.warning(measured, f"Restart all programs: {how}")


def trial(found: Trial) -> Check:
    """Reports that no session begins because a new version has to prove itself."""
    if not found.why:
        return TRIAL.ok("none")
    do = "Wait 5 minutes, run the doctor again; then see: journalctl -u evse-update -e"
    return TRIAL.warning(f"{found.why}: no session starts before that is over", do)


def update(last: Outcome | None) -> Check:
    """Reports a version that was tried and taken back: it is gone, and nobody tries it again by himself."""
    if last is None:
        return UPDATE.ok("none")
    measured = f"{last.text} ({last.at})"
    if not last.failed:
        return UPDATE.ok(measured)
    do = (
        "See why: journalctl -u evse-update -u evse-bridge. It is not tried again by itself; to try it once "
        "more: sudo dpkg-reconfigure evse-bridge, or sudo evse-bridge update FILE."
    )
    return UPDATE.warning(measured, do)


def real_time(status: Status) -> Check:
    """Judges what the system granted `hal.safety`, and whether a tick came late."""
    late = status.counters.late_ticks
    measured = status.real_time + (f"; {late} late tick{'s' * (late > 1)}" if late else "")
    values: Mapping[str, float] = {"late_ticks": float(late)}
    if status.real_time != REAL_TIME_GRANTED:
        if status.mock:
            return REAL_TIME.warning(
                measured, "This is enough for a mock box, but never for a real one.", values
            )
        do = "Start it by its unit (CPUSchedulingPolicy=fifo, LimitMEMLOCK), or as root."
        return REAL_TIME.fault(measured, do, values)
    if late:
        return REAL_TIME.warning(measured, "Something keeps the machine busy: top, journalctl -k.", values)
    return REAL_TIME.ok(measured, values)
