"""PURE: when a version on trial has proven itself, and when it never will."""

from __future__ import annotations

from dataclasses import dataclass

STEADY_S = 20.0  # so long all of it is true without a break
WITHIN_S = 300.0  # of the switch
REACHED = ("accepted", "reached")  # what the bridge says of a Central System that answers


@dataclass(frozen=True, slots=True)
class Program:
    """How one of the units is at a look."""

    name: str
    active: bool
    restarts: int  # by systemd itself
    pid: int


@dataclass(frozen=True, slots=True)
class Safety:
    """What `hal.safety` reports of itself."""

    start_id: str
    seq: int
    charges: bool  # the contactor is closed, or may be at any moment
    mock: bool = False


@dataclass(frozen=True, slots=True)
class Bridge:
    """What the bridge says of itself."""

    version: str
    store_open: bool
    central_system: str  # one of REACHED, or in words why not
    in_transaction: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the box; None: that program did not answer."""

    programs: tuple[Program, ...]
    safety: Safety | None = None
    bridge: Bridge | None = None

    @property
    def reached(self) -> bool:
        """Says whether the Central System answers."""
        return self.bridge is not None and self.bridge.central_system in REACHED

    @property
    def charges(self) -> str:
        """Says why nothing may be stopped now; empty: it may.

        A `hal.safety` that does not run keeps no contactor closed; one that runs and is silent may.
        """
        if self.safety is not None and self.safety.charges:
            return "a car charges"
        if self.bridge is not None and self.bridge.in_transaction:
            return "a transaction runs"
        if self.safety is None and any(one.active and "safety" in one.name for one in self.programs):
            return "hal.safety does not say whether a car charges"
        return ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a proof may take."""

    steady_s: float = STEADY_S
    within_s: float = WITHIN_S


@dataclass(frozen=True, slots=True)
class Needs:
    """What this trial must show."""

    version: str
    reached_before: bool  # the Central System answered before the switch
    patience: Patience = Patience()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The end of a trial; `why` is empty for a good one."""

    why: str = ""


class Proof:
    """One trial. Feed it each look, in their order."""

    def __init__(self, needs: Needs, began_s: float) -> None:
        self._needs = needs
        self._began_s = began_s
        self._steady_since_s: float | None = None
        self._last: Seen | None = None

    def feed(self, seen: Seen, now_s: float) -> Verdict | None:
        """Returns the verdict, once there is one."""
        for program in seen.programs:
            if program.restarts > 0:
                return Verdict(f"{program.name} ended by itself and had to be started again")
        missing = self._missing(seen)
        if missing or not self._same_as_before(seen) or self._steady_since_s is None:
            self._steady_since_s = None if missing else now_s
        self._last = seen
        if self._steady_since_s is not None and now_s - self._steady_since_s >= self._needs.patience.steady_s:
            return Verdict()
        if now_s - self._began_s >= self._needs.patience.within_s:
            within_s = self._needs.patience.within_s
            return Verdict(f"after {within_s:g} s {missing or 'not everything was steady for long enough'}")
        return None

    def _missing(self, seen: Seen) -> str:
        needs = self._needs
        if idle := [program.name for program in seen.programs if not program.active]:
            return f"{idle[0]} is not active"
        if seen.safety is None:
            return "hal.safety reports no status"
        if seen.bridge is None:
            return "the bridge does not answer on its own socket"
        if seen.bridge.version != needs.version:
            return f"the bridge is version {seen.bridge.version}, not {needs.version}"
        if not seen.bridge.store_open:
            return "the bridge has not opened its database"
        if needs.reached_before and not seen.reached:
            return (
                "the Central System, which was reached before, is not reached: "
                f"{seen.bridge.central_system or 'no word'}"
            )
        return ""

    def _same_as_before(self, seen: Seen) -> bool:
        """Says whether the same programs run as at the last look, and `hal.safety` has ticked since."""
        last = self._last
        if last is None or last.safety is None or seen.safety is None:
            return False
        ticks = last.safety.start_id == seen.safety.start_id and seen.safety.seq > last.safety.seq
        return ticks and [one.pid for one in seen.programs] == [one.pid for one in last.programs]
