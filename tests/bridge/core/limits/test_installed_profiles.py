"""Which profiles are installed, with whom they die, and that the limit is always that of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bridge.core.box_view import BoxView
from bridge.core.charging_profile import ChargingProfile, Mains, Period, moment
from bridge.core.decisions import Decisions
from bridge.core.limits.charging_schedule import Circumstances, Step
from bridge.core.limits.installed_profiles import Criteria, InstalledProfiles
from bridge.core.now import Now
from bridge.core.rows import TransactionRow, TransactionStarted
from bridge.core.session import Authorized, Authorizing, Finishing, Idle, State, Transaction
from bridge.core.zaptec import MOST_PROFILES
from bridge.store.database import IN_MEMORY, Database
from hal.contract import Box, Reading
from tests.bridge.core.limits import charging_model as model
from tests.bridge.store.model import a_row

BEGIN = datetime.fromtimestamp(model.BASE, UTC)


def at(elapsed_s: float) -> Now:
    return Now(1000.0 + elapsed_s, BEGIN + timedelta(seconds=elapsed_s))


def transaction(row_id: int, now: Now) -> Transaction:
    return Transaction(row_id, "04AABBCC", None, 0, now.s, now.utc)


def remote(now: Now) -> Authorized:
    return Authorized("04AABBCC", None, "remote", now.s, None, Idle())


def box_of(phases: Any = 3, volts: float | None = None, at_s: float = 0.0) -> BoxView:
    box = BoxView()
    box.box = Box(
        version=1, phases=phases, nominal_voltage_v=230.0, socket=True, installation_max_a=16.0,
        mock=True, software="0",
    )  # fmt: skip
    if volts is not None:
        box.reading = Reading(at_s, 0, 0.0, (0.0, 0.0, 0.0), (volts, volts, volts))
    return box


def profile(profile_id: int = 1, limit: float = 10.0, **changed: Any) -> ChargingProfile:
    fields = {
        "connector_id": 1, "purpose": "TxDefaultProfile", "stack_level": 0, "kind": "Absolute", "unit": "A",
        "periods": (Period(0, limit),), "received_at": model.BASE,
    }  # fmt: skip
    return ChargingProfile(profile_id=profile_id, **{**fields, **changed})


class Machine(RuleBasedStateMachine):
    """One charge point with its store; it is restarted, and its clock is set, at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Database(IN_MEMORY)
        self.profiles = InstalledProfiles((), Decisions())
        self.box = box_of()
        self.kept: list[ChargingProfile] = []
        self.held: ChargingProfile | None = None
        self.state: State = Idle()
        self.elapsed_s = 0.0
        self.clock_off_s = 0
        self.last_row_id = 0

    @property
    def now(self) -> Now:
        now = at(self.elapsed_s)
        return Now(now.s, now.utc + timedelta(seconds=self.clock_off_s))

    @property
    def row_id(self) -> int | None:
        return self.state.row_id if isinstance(self.state, Transaction) else None

    @rule(data=st.data())
    def install(self, data: st.DataObject) -> None:
        new = data.draw(model.charging_profiles(self.row_id, units=["A"]))
        if new.purpose == "TxProfile" and self.row_id is None:
            return  # refused before it comes here
        if self.held is not None and self.held.profile_id == new.profile_id:
            self.held = None
        assert self.profiles.install(new)
        self.kept = [each for each in self.kept if not new.replaces(each)] + [new]

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), begins_in_s=st.integers(1, 120))
    def replace_by_one_that_begins_later(self, data: st.DataObject, begins_in_s: int) -> None:
        old = data.draw(st.sampled_from(self.kept))
        start_at = moment(self.now.utc) + begins_in_s
        new = replace(old, kind="Absolute", recurrency=None, start_at=start_at)
        if self.held is not None and self.held.profile_id == new.profile_id:
            self.held = None
        assert self.profiles.install(new)
        self.kept = [each for each in self.kept if not new.replaces(each)] + [new]

    @rule(
        profile_id=st.none() | st.integers(1, 9),
        connector_id=st.none() | st.integers(0, 1),
        purpose=st.none() | st.sampled_from(model.PURPOSES),
        stack_level=st.none() | st.integers(0, 3),
    )
    def clear(self, profile_id: int | None, connector_id: int | None, purpose: Any, stack_level: Any) -> None:
        def meant(each: ChargingProfile) -> bool:
            if profile_id is not None:
                return each.profile_id == profile_id
            wanted = (connector_id, purpose, stack_level)
            given = (each.connector_id, each.purpose, each.stack_level)
            return all(one is None or one == other for one, other in zip(wanted, given, strict=True))

        matched = [each for each in (*self.kept, *([self.held] if self.held else [])) if meant(each)]
        assert self.profiles.clear(Criteria(profile_id, connector_id, purpose, stack_level)) == bool(matched)
        self.kept = [each for each in self.kept if not meant(each)]
        self.held = None if self.held in matched else self.held

    @precondition(lambda self: not isinstance(self.state, Transaction))
    @rule(data=st.data(), with_profile=st.booleans())
    def remote_start(self, data: st.DataObject, with_profile: bool) -> None:
        of_tx = model.charging_profiles(None, units=["A"]).filter(lambda each: each.purpose == "TxProfile")
        self.held = data.draw(of_tx) if with_profile else None
        assert self.profiles.hold(self.held)
        self.state = remote(self.now)

    @precondition(lambda self: isinstance(self.state, Authorized))
    @rule(in_time=st.booleans())
    def start_or_expire(self, in_time: bool) -> None:
        if not in_time:
            self.state, self.held = Idle(), None
            return
        self.last_row_id += 1
        self.store.apply([TransactionStarted(row_of(self.last_row_id))])
        self.state = transaction(self.last_row_id, self.now)
        if self.held is not None:
            new = replace(self.held, row_id=self.last_row_id)
            self.kept = [each for each in self.kept if not new.replaces(each)] + [new]
            self.held = None

    @precondition(lambda self: isinstance(self.state, Transaction))
    @rule()
    def stop(self) -> None:
        self.state = Finishing()
        self.kept = [each for each in self.kept if each.purpose != "TxProfile"]

    @rule(
        seconds=st.integers(1, 60) | st.just(model.DAY_S), clock_set_s=st.sampled_from([0, 0, 0, -100, 100])
    )
    def time_passes(self, seconds: int, clock_set_s: int) -> None:
        self.elapsed_s += seconds + 0.25
        self.clock_off_s += clock_set_s

    @rule()
    def killed(self) -> None:
        self.settle()
        self.profiles = InstalledProfiles(self.store.charging_profiles(), Decisions())
        if not isinstance(self.state, Transaction):
            self.state, self.held = Idle(), None

    @invariant()
    def settle(self) -> None:
        self.profiles.follow(self.state)
        self.store.apply(self.profiles.decisions.changes)
        self.profiles.decisions.changes.clear()

    @invariant()
    def what_is_stored_is_what_is_installed(self) -> None:
        self.settle()
        assert sorted(self.store.charging_profiles(), key=by_id) == sorted(self.kept, key=by_id)

    @invariant()
    def the_limit_is_that_of_the_model(self) -> None:
        self.settle()
        now = self.now
        if isinstance(self.state, Transaction):
            circumstances = Circumstances(self.row_id, moment(self.state.started_at), 16.0, Mains(3, 230.0))
            wanted = model.limit_a(self.kept, circumstances, moment(now.utc))
            assert self.profiles.limit_a(self.state, self.box, now) == wanted
        else:
            supposed = Circumstances(None, moment(now.utc), 16.0, Mains(3, 230.0))
            all_of_them = (*self.kept, *([self.held] if self.held else []))
            wanted = model.limit_a(all_of_them, supposed, moment(now.utc))
            assert self.profiles.composite(self.state, self.box, 1, now).steps == (Step(0, wanted),)

    def teardown(self) -> None:
        self.store.close()


def by_id(each: ChargingProfile) -> int:
    return each.profile_id


def row_of(row_id: int) -> TransactionRow:
    return a_row(row_id)


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAgainstModel = Machine.TestCase


# At once


def test_what_is_set_and_cleared_rules_at_once() -> None:
    profiles, box, running = InstalledProfiles((), Decisions()), box_of(), transaction(3, at(0))
    assert profiles.limit_a(running, box, at(1)) == 16.0
    assert profiles.install(profile(1, limit=8.0))
    assert profiles.limit_a(running, box, at(1)) == 8.0
    assert profiles.clear(Criteria(profile_id=1, connector_id=0, stack_level=5)), "the id decides alone"
    assert profiles.limit_a(running, box, at(1)) == 16.0
    assert not profiles.clear(Criteria(profile_id=1))


def test_a_clock_that_is_set_back_is_noticed() -> None:
    profiles, box, running = (
        InstalledProfiles((profile(start_at=model.BASE),), Decisions()),
        box_of(),
        transaction(3, at(0)),
    )
    assert profiles.limit_a(running, box, at(5)) == 10.0
    set_back = Now(at(6).s, at(-1).utc)
    assert profiles.limit_a(running, box, set_back) == 16.0


# Room for 24


def filled() -> InstalledProfiles:
    profiles = InstalledProfiles((), Decisions())
    levels: Iterator[tuple[int, int]] = ((level, connector) for connector in (0, 1) for level in range(9))
    for profile_id, (level, connector) in enumerate(levels, start=1):
        assert profiles.install(profile(profile_id, stack_level=level, connector_id=connector))
    for profile_id in range(19, MOST_PROFILES + 1):
        whole = profile(
            profile_id, stack_level=profile_id - 19, connector_id=0, purpose="ChargePointMaxProfile"
        )
        assert profiles.install(whole)
    return profiles


def test_the_24th_is_installed_and_the_25th_is_not() -> None:
    profiles = filled()
    eighth: dict[str, Any] = {"stack_level": 8, "connector_id": 0, "purpose": "ChargePointMaxProfile"}
    assert not profiles.install(profile(MOST_PROFILES + 1, **eighth))
    assert profiles.install(profile(1, limit=7.0, stack_level=0, connector_id=0)), "the same id replaces"
    assert profiles.install(profile(99, stack_level=1, connector_id=0)), "the same place replaces"
    assert profiles.clear(Criteria(profile_id=24))
    assert profiles.install(profile(MOST_PROFILES + 1, **eighth))


def test_the_profile_of_a_start_has_its_place_kept() -> None:
    profiles = filled()
    of_start = profile(50, purpose="TxProfile")
    assert not profiles.hold(of_start)
    assert profiles.clear(Criteria(profile_id=24))
    assert profiles.hold(of_start)
    another = profile(51, stack_level=8, connector_id=0, purpose="ChargePointMaxProfile")
    assert not profiles.install(another)
    assert profiles.hold(profile(52, stack_level=1, purpose="TxProfile")), (
        "it replaces that of the former start"
    )
    assert not profiles.install(another)
    profiles.follow(Idle())
    assert profiles.install(another)


# The profile of a RemoteStart


@pytest.mark.parametrize(
    "waiting", [remote, lambda now: Authorizing("04AABBCC", "remote", now.s, Finishing())]
)
def test_the_profile_of_a_start_waits_with_it(waiting: Callable[[Now], State]) -> None:
    profiles, box = InstalledProfiles((), Decisions()), box_of()
    assert profiles.hold(profile(limit=8.0, purpose="TxProfile", kind="Relative"))
    profiles.follow(waiting(at(0)))
    assert not profiles.decisions.changes, "it is not durable before its start"
    running = transaction(3, at(50))
    profiles.follow(running)
    assert profiles.limit_a(running, box, at(50)) == 8.0
    assert [change for change in profiles.decisions.changes if getattr(change, "profile", None)], "now it is"


@pytest.mark.parametrize(
    "otherwise", [Idle(), Finishing(), Authorized("04DDEEFF", None, "card", 0.0, None, Idle())]
)
def test_the_profile_of_a_start_dies_with_it(otherwise: State) -> None:
    profiles, box = InstalledProfiles((), Decisions()), box_of()
    assert profiles.hold(profile(limit=8.0, purpose="TxProfile"))
    profiles.follow(remote(at(0)))
    profiles.follow(otherwise)
    running = transaction(3, at(50))
    profiles.follow(running)
    assert profiles.limit_a(running, box, at(50)) == 16.0
    assert not profiles.decisions.changes


# Watts


def test_the_voltage_is_looked_at_once_a_minute() -> None:
    profiles = InstalledProfiles((profile(limit=6900.0, unit="W"),), Decisions())
    running = transaction(3, at(0))
    asked = [
        profiles.limit_a(running, box_of(volts=volts, at_s=at(elapsed_s).s), at(elapsed_s))
        for elapsed_s, volts in ((0, 230.0), (30, 240.0), (59, 240.0), (60, 240.0), (61, 220.0), (120, 220.0))
    ]
    assert asked == [10.0, 10.0, 10.0, 9.5, 9.5, 10.4]


def test_without_a_fresh_reading_the_voltage_is_nominal() -> None:
    profiles = InstalledProfiles((profile(limit=6900.0, unit="W"),), Decisions())
    running = transaction(3, at(0))
    assert profiles.limit_a(running, box_of(volts=250.0, at_s=at(-4).s), at(0)) == 10.0
    assert profiles.limit_a(running, box_of(volts=0.2, at_s=at(60).s), at(60)) == 10.0
    assert profiles.limit_a(running, box_of(), at(120)) == 10.0


def test_a_current_that_flows_on_one_phase_only_does_not_raise_the_limit() -> None:
    box = box_of()
    box.reading = Reading(at(0).s, 0, 1380.0, (6.0, 0.0, 0.0), (230.0, 230.0, 230.0))
    profiles = InstalledProfiles((profile(limit=6900.0, unit="W"),), Decisions())
    assert profiles.limit_a(transaction(3, at(0)), box, at(0)) == 10.0
