"""OCPP 1.6 3.13 and 7.8: one charging profile, and what it says at a moment.

Moments are whole seconds since 1970 (UTC), spans are whole seconds: a schedule counts in seconds, and what
begins within one rules from its first instant.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, assert_never

from bridge.core.now import Now

Moment = int
Purpose = Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]
Kind = Literal["Absolute", "Recurring", "Relative"]
Recurrency = Literal["Daily", "Weekly"]
RateUnit = Literal["A", "W"]

NEVER = math.inf
FIRST_DATED: Moment = 946_684_800  # 2000: what is less counts from a boot, whose time nobody knew
RECURRENCY_S: dict[Recurrency, int] = {"Daily": 86_400, "Weekly": 604_800}

PHASES_WHEN_ABSENT = 3  # OCPP 1.6 7.14: "numberPhases=3 will be assumed unless another number is given"
_A_HAIR = 1e-9  # less than any voltage resolves: 4140 W / (3 x 230 V) is 6.0 A, not 5.9


def moment(at: datetime) -> Moment:
    """Returns the second in which `at` lies. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone")
    return math.floor((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


@dataclass(frozen=True, slots=True)
class Mains:
    """Turns watts into amps by the installation's voltage and phases, whatever phases the car uses."""

    phases: int
    voltage_v: float


@dataclass(frozen=True, slots=True)
class Period:
    """OCPP 1.6 7.14 ChargingSchedulePeriod."""

    start_s: int
    limit: float  # in the unit of its profile
    number_phases: int | None = None

    def limit_a(self, unit: RateUnit, mains: Mains) -> float:
        """Returns amps on each phase; from watts down to 0.1 A: never more power than was allowed."""
        if unit == "A":
            return self.limit
        phases = min(self.number_phases or PHASES_WHEN_ABSENT, mains.phases)
        return math.floor(self.limit / (phases * mains.voltage_v) * 10.0 + _A_HAIR) / 10.0


@dataclass(frozen=True, slots=True)
class Span:
    """A value, and until when it cannot change."""

    period: Period | None  # None: the profile says nothing
    until: float  # a moment, or NEVER


@dataclass(frozen=True, slots=True)
class ChargingProfile:
    """An accepted profile: periods are not empty, begin at 0 and rise; a Recurring one has its recurrency."""

    profile_id: int
    connector_id: int  # 0 or 1, where it was installed
    purpose: Purpose
    stack_level: int
    kind: Kind
    unit: RateUnit
    periods: tuple[Period, ...]
    received_at: Moment
    start_at: Moment | None = None  # startSchedule; None: Absolute and Recurring begin at their receipt
    duration_s: int | None = None
    recurrency: Recurrency | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None  # exclusive
    min_rate: float | None = None  # minChargingRate: kept, without effect
    row_id: int | None = None  # TxProfile: the transaction it dies with; None while its start has not come

    @property
    def wants_one_phase(self) -> bool:
        """Says whether a period asks for one phase only, which is left to boxes that can switch phases."""
        return any(period.number_phases == 1 for period in self.periods)

    def replaces(self, other: ChargingProfile) -> bool:
        """OCPP 1.6 5.16.4: the same id, or the same purpose and stack level on the same connector."""
        mine = (self.purpose, self.stack_level, self.connector_id)
        return self.profile_id == other.profile_id or mine == (
            other.purpose,
            other.stack_level,
            other.connector_id,
        )

    def dated(self, now: Now) -> ChargingProfile:
        """Returns the same, once time is known."""
        received_at = datetime.fromtimestamp(self.received_at, UTC)
        return replace(self, received_at=moment(now.place(received_at)))

    def span(self, relative_to: Moment, at: Moment) -> Span:
        """Returns what it says at `at`, and until when. `relative_to`: where a Relative schedule begins.

        While nobody knows the time, dates count as not reached that end something, and as reached that begin
        it; what has a place in the calendar alone says nothing, unless it has said one thing ever since.
        """
        if at < FIRST_DATED:
            return self._undated_span(relative_to, at)
        if self.valid_from is not None and at < self.valid_from:
            return Span(None, self.valid_from)
        if self.valid_to is not None and at >= self.valid_to:
            return Span(None, NEVER)
        found = self._of_schedule(relative_to, at)
        return found if self.valid_to is None else Span(found.period, min(found.until, self.valid_to))

    def _of_schedule(self, relative_to: Moment, at: Moment) -> Span:
        begins_at = self._begins_at(relative_to, at)
        if at < begins_at:
            return Span(None, begins_at)
        length_s: float = NEVER if self.duration_s is None else self.duration_s
        next_begin: float = NEVER
        if self.recurrency is not None and self.kind == "Recurring":
            every_s = RECURRENCY_S[self.recurrency]
            begins_at = at - (at - begins_at) % every_s
            next_begin = begins_at + every_s
            length_s = min(length_s, every_s)  # what is longer is cut at the recurrence
        elapsed_s = at - begins_at
        if elapsed_s >= length_s:
            return Span(None, next_begin)
        following = bisect_right(self.periods, elapsed_s, key=lambda period: period.start_s)
        ends_s = self.periods[following].start_s if following < len(self.periods) else NEVER
        return Span(self.periods[following - 1], begins_at + min(ends_s, length_s))

    def _undated_span(self, relative_to: Moment, at: Moment) -> Span:
        if self.kind == "Relative" or (self.start_at is None and self.received_at < FIRST_DATED):
            return self._of_schedule(relative_to, at)
        begun = self.start_at is None or self.start_at <= self.received_at
        constant = len(self.periods) == 1 and self.duration_s is None and self.kind == "Absolute"
        return Span(self.periods[0] if begun and constant else None, NEVER)

    def _begins_at(self, relative_to: Moment, at: Moment) -> Moment:
        """Returns a begin that has happened: a clock that is set back takes no limit away."""
        match self.kind:
            case "Relative":
                return min(relative_to, at)
            case "Absolute" | "Recurring":
                return min(self.received_at, at) if self.start_at is None else self.start_at
            case never:
                assert_never(never)
