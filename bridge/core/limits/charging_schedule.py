"""OCPP 1.6 3.13.2 and 3.13.3: the limit that all charging profiles together set, now and over a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bridge.core.charging_profile import NEVER, ChargingProfile, Mains, Moment, Purpose

MOST_CHANGES = 1024  # so many change points of a composite schedule are looked at: a question is no burden


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the limit depends on besides the profiles and the time."""

    row_id: int | None  # the running transaction's; None: none runs
    begins_at: Moment  # of the transaction, or when one is supposed to begin
    installation_a: float
    mains: Mains


@dataclass(frozen=True, slots=True)
class Ruling:
    """The prevailing limit, and the next change point: until then it holds in the same circumstances."""

    limit_a: float
    until: float  # a moment, or NEVER
    profile_id: int | None  # of the profile that sets it; None: the installation does


@dataclass(frozen=True, slots=True)
class Said:
    """The limit from one purpose's profiles, and until when it cannot change."""

    limit_a: float | None  # None: nothing
    until: float  # a moment, or NEVER
    profile_id: int | None = None  # of the profile that says it


def prevailing(profiles: Sequence[ChargingProfile], circumstances: Circumstances, at: Moment) -> Ruling:
    """Returns the least of the installation's limit, of the whole box's profiles and of the transaction's.

    Where none of them says anything at this moment, they set no limit.
    """
    limit_a, profile_id = circumstances.installation_a, None
    until = NEVER
    for said in each_purpose(profiles, circumstances, at):
        until = min(until, said.until)
        if said.limit_a is not None and said.limit_a < limit_a:
            limit_a, profile_id = said.limit_a, said.profile_id
    return Ruling(limit_a, until, profile_id)


def each_purpose(
    profiles: Sequence[ChargingProfile], circumstances: Circumstances, at: Moment
) -> tuple[Said, Said]:
    """Returns what the profiles of the whole box say, and those that count for the transaction."""
    whole = _top(_of_purpose(profiles, "ChargePointMaxProfile"), circumstances, at)
    return whole, _of_transaction(profiles, circumstances, at)


def _of_transaction(profiles: Sequence[ChargingProfile], circumstances: Circumstances, at: Moment) -> Said:
    """Takes the TxProfiles, or the defaults while they say nothing: these limit again when one ends.

    OCPP 1.6 5.16.4 with errata 3.43 says so of gaps in a Recurring TxProfile; here it holds for every end.
    One default of the connector hides those of connector 0, even where it says nothing itself.
    """
    own = [each for each in _of_purpose(profiles, "TxProfile") if each.row_id == circumstances.row_id]
    said = _top(own, circumstances, at)
    if said.limit_a is not None:
        return said
    defaults = _of_purpose(profiles, "TxDefaultProfile")
    of_connector = [each for each in defaults if each.connector_id != 0]
    default = _top(of_connector or defaults, circumstances, at)
    return replace(default, until=min(said.until, default.until))


def _of_purpose(profiles: Sequence[ChargingProfile], purpose: Purpose) -> list[ChargingProfile]:
    return [profile for profile in profiles if profile.purpose == purpose]


def _top(stack: Iterable[ChargingProfile], circumstances: Circumstances, at: Moment) -> Said:
    """Takes the highest level that says something; those below do not matter before it is silent."""
    until = NEVER
    for profile in sorted(stack, key=lambda profile: profile.stack_level, reverse=True):
        span = profile.span(relative_to(profile, circumstances), at)
        until = min(until, span.until)
        if span.period is not None:
            limit_a = span.period.limit_a(profile.unit, circumstances.mains)
            return Said(limit_a, until, profile.profile_id)
    return Said(None, until)


def relative_to(profile: ChargingProfile, circumstances: Circumstances) -> Moment:
    """Begins with the transaction; a limit of the whole box without one begins at its receipt."""
    if profile.purpose == "ChargePointMaxProfile" and circumstances.row_id is None:
        return profile.received_at
    return circumstances.begins_at


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a composite schedule: its first second and its limit."""

    start_s: int
    limit_a: float


@dataclass(frozen=True, slots=True)
class CompositeSchedule:
    """Steps begin at 0, rise, and no two neighbours are equal. `duration_s` is as asked, unless there are
    more than MOST_CHANGES change points: then it ends with the last one looked at."""

    steps: tuple[Step, ...]
    duration_s: int


def rulings(
    profiles: Sequence[ChargingProfile], circumstances: Circumstances, at: Moment, duration_s: int
) -> Iterator[tuple[int, Ruling]]:
    """Yields (second, ruling) from each change point to the next, MOST_CHANGES at most."""
    offset_s: float = 0
    for _ in range(MOST_CHANGES):
        if offset_s >= duration_s:
            return
        start_s = int(offset_s)
        ruling = prevailing(profiles, circumstances, at + start_s)
        yield start_s, ruling
        offset_s = ruling.until - at


def composite(
    profiles: Sequence[ChargingProfile], circumstances: Circumstances, at: Moment, duration_s: int
) -> CompositeSchedule:
    """OCPP 1.6 5.7. A running transaction is taken to go on. Without duration there is no step."""
    steps: list[Step] = []
    end_s: float = 0
    for start_s, ruling in rulings(profiles, circumstances, at, duration_s):
        if not steps or steps[-1].limit_a != ruling.limit_a:
            steps.append(Step(start_s, ruling.limit_a))
        end_s = ruling.until - at
    return CompositeSchedule(tuple(steps), duration_s if end_s >= duration_s else int(end_s))
