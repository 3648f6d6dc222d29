"""PURE: the faults that are present, from their begin until they are cleared, across restarts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass

from hal.contract import Fault, FaultRef
from hal.core.faults.table import KINDS
from hal.core.persistent_state import PersistentState

STANDS_S = 1.0  # a fault that clears itself is seen in at least one of the statuses of each second


@dataclass(frozen=True, slots=True)
class _Standing:
    fault: Fault
    cause_seen_s: float


class FaultLedger:
    """Occurrence numbers rise with each raising of an id, from 1, for the life of the box."""

    def __init__(self, stored: PersistentState, now_s: float) -> None:
        """Continues what stood when the last process ended, since now; ids no longer known are left out."""
        self._standing: dict[str, _Standing] = {}
        self._occurrences = Counter(stored.occurrences)
        for ref in stored.faults:
            if ref.id in KINDS:
                self._standing[ref.id] = _Standing(_fault(ref.id, ref.occurrence, now_s), now_s)

    @property
    def opens(self) -> bool:
        """Says whether one of severity `open` stands."""
        return any(entry.fault.opens for entry in self._standing.values())

    @property
    def awaits_unplug(self) -> bool:
        """Says whether one that ends by unplugging stands."""
        return any(entry.fault.clears == "unplug" for entry in self._standing.values())

    def stands(self, name: str) -> bool:
        """Says whether that fault is present now."""
        return name in self._standing

    def all(self) -> tuple[Fault, ...]:
        """Returns the faults that are present, the oldest first."""
        return tuple(entry.fault for entry in self._standing.values())

    def latched(self) -> tuple[FaultRef, ...]:
        """Returns those that a restart must not end."""
        faults = self.all()
        return tuple(FaultRef(fault.id, fault.occurrence) for fault in faults if fault.clears != "itself")

    @property
    def occurrences(self) -> dict[str, int]:
        """Returns the last number of each id."""
        return dict(self._occurrences)

    def add(self, name: str, now_s: float) -> None:
        """Adds one whose cause is there at this tick; one that stands already stays the same occurrence."""
        if name in self._standing:
            fault = self._standing[name].fault
        else:
            self._occurrences[name] += 1
            fault = _fault(name, self._occurrences[name], now_s)
        self._standing[name] = _Standing(fault, now_s)

    def judge(self, causes: Iterable[str], *, unplugged: bool, now_s: float) -> None:
        """Raises the faults whose cause is new, and clears what may clear. `causes`: there now."""
        for name in causes:
            self.add(name, now_s)
        if self._standing:
            for name in [name for name in self._standing if self._is_over(name, unplugged, now_s)]:
                del self._standing[name]

    def clear(self, refs: Iterable[FaultRef], causes: Set[str]) -> None:
        """Clears for a person: only kinds that need one, that occurrence, and only once the cause is gone."""
        for ref in refs:
            entry = self._standing.get(ref.id)
            if entry is None or entry.fault.clears != "person" or ref.id in causes:
                continue
            if entry.fault.occurrence == ref.occurrence:
                del self._standing[ref.id]

    def _is_over(self, name: str, unplugged: bool, now_s: float) -> bool:
        entry = self._standing[name]
        if entry.cause_seen_s == now_s:
            return False
        if entry.fault.clears == "unplug":
            return unplugged
        return entry.fault.clears == "itself" and now_s - entry.cause_seen_s >= STANDS_S


def _fault(name: str, occurrence: int, now_s: float) -> Fault:
    kind = KINDS[name]
    return Fault(name, occurrence, now_s, kind.clears, kind.severity == "open")
