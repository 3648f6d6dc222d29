"""The charging profiles of this charge point: which are installed, when each ends, and the present limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from bridge.core.box_view import BoxView
from bridge.core.charging_profile import NEVER, ChargingProfile, Mains, Moment, Purpose, moment
from bridge.core.decisions import Decisions
from bridge.core.limits.charging_schedule import (
    Circumstances,
    CompositeSchedule,
    Ruling,
    composite,
    prevailing,
    rulings,
)
from bridge.core.now import Now
from bridge.core.rows import ProfileInstalled, ProfilesRemoved
from bridge.core.session import Authorized, Authorizing, State, Transaction
from bridge.core.zaptec import MOST_PROFILES

AHEAD_S = 604_800  # a week: what recurs has come round by then
MOST_AHEAD = 16  # changes that are looked at: whoever asks often is no burden
VOLTAGE_EVERY_S = 60.0  # watts become amps anew at most so often: the offer does not twitch


@dataclass(frozen=True, slots=True)
class Criteria:
    """OCPP 1.6 5.4 ClearChargingProfile: None matches everything; an id alone decides."""

    profile_id: int | None = None
    connector_id: int | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None

    def match(self, profile: ChargingProfile) -> bool:
        """Says whether this profile is meant."""
        if self.profile_id is not None:
            return profile.profile_id == self.profile_id
        return (
            self.connector_id in (None, profile.connector_id)
            and self.purpose in (None, profile.purpose)
            and self.stack_level in (None, profile.stack_level)
        )


class InstalledProfiles:
    """Holds the installed profiles. Call `follow` at every step, so that a TxProfile ends in time."""

    def __init__(self, recalled: Iterable[ChargingProfile], decisions: Decisions) -> None:
        self.decisions = decisions
        self._profiles: tuple[ChargingProfile, ...] = tuple(recalled)
        self._of_start: ChargingProfile | None = None  # of a RemoteStart that waits for its car
        self._ruling: tuple[Circumstances, Moment, Ruling] | None = None  # None: to be found anew
        self._voltage: tuple[float, float] | None = None  # (V, found at)

    # What is installed

    def install(self, profile: ChargingProfile) -> bool:
        """Stores it, in force at once. False: there are 24, and it replaces none of them."""
        if not _has_room(profile, self.every):
            return False
        if self._of_start is not None and self._of_start.profile_id == profile.profile_id:
            self._of_start = None
        self._put(profile)
        return True

    @property
    def _waiting(self) -> tuple[ChargingProfile, ...]:
        """Returns the profile of a start that is waited for: its place is kept."""
        return (self._of_start,) if self._of_start is not None else ()

    def _put(self, profile: ChargingProfile) -> None:
        self._keep(tuple(each for each in self._profiles if not profile.replaces(each)))
        self._profiles = (*self._profiles, profile)
        self._ruling = None
        self.decisions.changes.append(ProfileInstalled(profile))

    @property
    def every(self) -> tuple[ChargingProfile, ...]:
        """Returns all that are installed, and that of a start that is waited for."""
        return (*self._profiles, *self._waiting)

    @property
    def want_one_phase(self) -> bool:
        """Says whether a profile asks for one phase only: an installed one, or that of a start."""
        return any(profile.wants_one_phase for profile in self.every)

    def clear(self, criteria: Criteria) -> bool:
        """Removes the profiles that match. False: none did."""
        staying = tuple(profile for profile in self._profiles if not criteria.match(profile))
        of_start = self._of_start is not None and criteria.match(self._of_start)
        if of_start:
            self._of_start = None
        return self._keep(staying) or of_start

    def hold(self, profile: ChargingProfile | None) -> bool:
        """Holds the profile of the RemoteStart that is now waited for, in place of a former one's.

        False: there are 24 already. Not durable: an authorization does not outlive the program either.
        """
        if profile is not None and not _has_room(profile, self._profiles):
            return False
        self._of_start = profile
        return True

    def follow(self, state: State) -> None:
        """Drops TxProfiles when their transaction ends, and the profile of a start when that start ends."""
        row_id = state.row_id if isinstance(state, Transaction) else None
        self._keep(tuple(each for each in self._profiles if each.row_id in (None, row_id)))
        of_start = self._of_start
        if of_start is None:
            return
        if row_id is not None:
            self._of_start = None
            self._put(replace(of_start, row_id=row_id))
        elif not (isinstance(state, Authorizing | Authorized) and state.source == "remote"):
            self._of_start = None

    def _keep(self, staying: tuple[ChargingProfile, ...]) -> bool:
        """Keeps these and removes the others; says whether there were others."""
        gone = tuple(each.profile_id for each in self._profiles if each not in staying)
        if gone:
            self._profiles, self._ruling = staying, None
            self.decisions.changes.append(ProfilesRemoved(gone))
        return bool(gone)

    def date(self, now: Now) -> None:
        """Dates what counts from its receipt: time is known now."""
        self._profiles = tuple(each.dated(now) for each in self._profiles)
        self._of_start = self._of_start and self._of_start.dated(now)
        self._ruling = None

    # What they say

    def limit_a(self, transaction: Transaction, box: BoxView, now: Now) -> float:
        """Returns the prevailing limit, the installation's included."""
        return self.ruling(transaction, box, now).limit_a

    def ruling(self, transaction: Transaction, box: BoxView, now: Now) -> Ruling:
        """Returns the limit with the profile that sets it; computed again only after a change."""
        at = moment(now.utc)
        circumstances = self.circumstances(transaction, box, now)
        if self._ruling is not None:
            judged, since, ruling = self._ruling
            if judged == circumstances and since <= at < ruling.until:
                return ruling
        ruling = prevailing(self._profiles, circumstances, at)
        self._ruling = (circumstances, at, ruling)
        return ruling

    def composite(self, state: State, box: BoxView, duration_s: int, now: Now) -> CompositeSchedule:
        """Computes as if a transaction began now, if none runs, with the profile of a start waited for."""
        circumstances = self.circumstances(state, box, now)
        return composite(self.every, circumstances, moment(now.utc), duration_s)

    def foresee(self, state: State, box: BoxView, now: Now, least_a: float) -> tuple[Ruling, float]:
        """Returns the prevailing limit, of a transaction that begins now if none runs, and the moment of its
        next change; of one below `least_a` the moment at which it is not below any more. NEVER: none is near.

        Remembers nothing: whoever looks changes nothing.
        """
        circumstances, at = (
            self._circumstances(state, box, self._found_voltage(box, now)[0], now),
            moment(now.utc),
        )
        ruling = prevailing(self.every, circumstances, at)
        if ruling.limit_a >= least_a:
            return ruling, ruling.until
        coming = islice(rulings(self.every, circumstances, at, AHEAD_S), MOST_AHEAD)
        return ruling, next((at + start_s for start_s, each in coming if each.limit_a >= least_a), NEVER)

    def circumstances(self, state: State, box: BoxView, now: Now) -> Circumstances:
        """Returns those of the running transaction, or of one that would begin now."""
        return self._circumstances(state, box, self.mains(box, now).voltage_v, now)

    def _circumstances(self, state: State, box: BoxView, voltage_v: float, now: Now) -> Circumstances:
        transaction = state if isinstance(state, Transaction) else None
        return Circumstances(
            row_id=transaction.row_id if transaction is not None else None,
            begins_at=moment(transaction.started_at if transaction is not None else now.utc),
            installation_a=box.installation_a,
            mains=Mains(box.supply.phases, voltage_v),
        )

    def mains(self, box: BoxView, now: Now) -> Mains:
        """Returns the mean of fresh phase voltages, else nominal, found at most each 60 s."""
        self._voltage = self._found_voltage(box, now)
        return Mains(box.supply.phases, self._voltage[0])

    def _found_voltage(self, box: BoxView, now: Now) -> tuple[float, float]:
        """Returns volts, and when they were found."""
        if self._voltage is not None and now.s - self._voltage[1] < VOLTAGE_EVERY_S:
            return self._voltage
        reading, supply = box.fresh_reading(now.s), box.supply
        return supply.mean_voltage_v(reading.voltage_v) if reading else supply.nominal_voltage_v, now.s


def _has_room(profile: ChargingProfile, held: Sequence[ChargingProfile]) -> bool:
    """Says whether there is room; a replacement never counts against the 24."""
    return len(held) < MOST_PROFILES or any(profile.replaces(each) for each in held)
