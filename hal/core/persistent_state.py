"""PURE: the part of the core's state that outlasts its process."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hal.contract import FaultRef


@dataclass(frozen=True, slots=True)
class PersistentState:
    """`Evse.persistent_state()` at one time is `stored` of `Evse(rules, now_s, stored)` at another; that of
    a first start is `PersistentState()`.

    Times are on the clock of `now_s`: whoever reads it after a boot asks for `after_boot`.
    """

    faults: tuple[FaultRef, ...] = ()  # that stood and end by unplugging or by a person
    occurrences: dict[str, int] = field(default_factory=dict)  # the last number of each fault ever raised
    closings: int = 0
    openings_under_load: int = 0
    car_in_c: bool = False  # at the last tick
    lock_moves_s: tuple[float, ...] = ()  # of the last minute
    starts_s: tuple[float, ...] = ()  # with a car in C, of the last 10 minutes
    lost: bool = False  # there was something, but it cannot be read

    def after_boot(self, moves_by_s: float, starts_by_s: float) -> PersistentState:
        """Returns the same with these many seconds added to the times.

        When the mains go, the contactor falls some ticks before the box does: it is not to blame.
        """
        return replace(
            self,
            faults=tuple(fault for fault in self.faults if fault.id != "did_not_close"),
            lock_moves_s=tuple(at_s + moves_by_s for at_s in self.lock_moves_s),
            starts_s=tuple(at_s + starts_by_s for at_s in self.starts_s),
        )
