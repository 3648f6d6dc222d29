"""PURE: the faults of a box, in one table, and the ledger of those that stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Literal

from hal.contract import Clears, Fault, FaultRef

Severity = Literal["open", "derate", "report"]  # open: the contactor may not be closed while it stands


@dataclass(frozen=True, slots=True)
class Kind:
    """One row: what it does, what ends it, and when it is there (limit and source)."""

    severity: Severity
    clears: Clears  # unplug: the vehicle state was A and the cause is gone; itself: a second after the cause
    when: str


KINDS: dict[str, Kind] = {
    "welded": Kind(
        "open", "person", "mirror contact closed 350 ms after the command to open, or > 0.5 A 3 s after it"
    ),
    "did_not_close": Kind("open", "unplug", "mirror contact open 350 ms or more after the command to close"),
    "diode_missing": Kind(
        "open", "unplug", "x2 in B, C or D: low side outside -12 +- 1.5 V for 100 ms (Table A.4 note)"
    ),
    "pilot_short": Kind("open", "itself", "state E for 500 ms (IEC 61851-1 Table A.6 sequence 12)"),
    "pilot_out_of_range": Kind("open", "itself", "above +13 V for 100 ms (source +12 V +- 0.6 V)"),
    "ventilation": Kind("open", "unplug", "state D for 500 ms: this box has no ventilation to offer"),
    "proximity_implausible": Kind("open", "unplug", "below 75 ohm for 500 ms (IEC 61851-1 Table B.2)"),
    "plug_lost": Kind("open", "unplug", "above 2200 ohm while closed (IEC 61851-1 Table B.2)"),
    "rating_lost": Kind("open", "unplug", "below 75 ohm while closed (IEC 61851-1 Table B.2)"),
    "lock_failed": Kind("open", "unplug", "not locked after the last retry"),
    "lock_opened": Kind("open", "unplug", "feedback says unlocked while closed"),
    "unlock_failed": Kind("report", "itself", "not unlocked after the last retry"),
    "over_current": Kind("open", "unplug", "10 % and 0.5 A above the offer for 7 s (field practice)"),
    "over_temperature": Kind("derate", "itself", "contacts at rules.derate_from_c or hotter"),
    "rcm_trip": Kind("open", "unplug", "the residual current monitor says so"),
    "loop_late": Kind(
        "open", "itself", "a tick later than rules.late_limit_s while closed (Table A.6 sequence 8.1)"
    ),
}

STANDS_S = 1.0  # a fault that clears itself is seen in at least one of the statuses of each second


@dataclass(frozen=True, slots=True)
class _Standing:
    fault: Fault
    cause_seen_s: float


class FaultLedger:
    """The faults that stand. Occurrence numbers rise with each raising of an id, from 1."""

    def __init__(self) -> None:
        self._standing: dict[str, _Standing] = {}
        self._occurrences: Counter[str] = Counter()

    @property
    def opens(self) -> bool:
        """One of severity `open` stands."""
        return any(entry.fault.opens for entry in self._standing.values())

    def stands(self, name: str) -> bool:
        """That fault, now."""
        return name in self._standing

    def all(self) -> tuple[Fault, ...]:
        """Oldest first."""
        return tuple(entry.fault for entry in self._standing.values())

    def add(self, name: str, now_s: float) -> None:
        """Its cause is there at this tick; one that stands already stays the same occurrence."""
        if name in self._standing:
            fault = self._standing[name].fault
        else:
            self._occurrences[name] += 1
            kind = KINDS[name]
            opens = kind.severity == "open"
            fault = Fault(name, self._occurrences[name], now_s, kind.clears, opens)
        self._standing[name] = _Standing(fault, now_s)

    def judge(self, causes: Iterable[str], *, unplugged: bool, now_s: float) -> None:
        """`causes` are the faults whose cause is there now: raises the new ones, clears what may clear."""
        for name in causes:
            self.add(name, now_s)
        if self._standing:
            for name in [name for name in self._standing if self._is_over(name, unplugged, now_s)]:
                del self._standing[name]

    def clear(self, refs: Iterable[FaultRef], causes: Set[str]) -> None:
        """By a person: only kinds that need one, only that occurrence, and only once the cause is gone."""
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
