"""What holds a car at 0 A is in the log: with its name, once when it begins and once when it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.charging_profile import ChargingProfile, Period
from bridge.core.decisions import Decisions
from bridge.core.limits.absence import Absence
from bridge.core.limits.caps import Caps
from bridge.core.limits.dimming import Dimming
from bridge.core.limits.holding import Holding
from bridge.core.limits.installed_profiles import Criteria, InstalledProfiles
from bridge.core.limits.owner_limit import OwnerLimit
from bridge.core.session import Idle, State, Stopping
from bridge.core.setup import LostLimit
from hal.contract import Fault
from tests.bridge.core.limits.test_installed_profiles import at, box_of, profile, transaction
from tests.bridge.core.messages import status


class Held:
    """A car in a transaction, or another state, from one second to the next."""

    def __init__(self, *profiles: ChargingProfile, lost: LostLimit | None = None) -> None:
        self.decisions = Decisions()
        self.profiles = InstalledProfiles(profiles, self.decisions)
        self.absence = Absence(lost, at(0).s)
        self.absence.observe(online=True, now_s=at(0).s)
        dimming = Dimming(None, 1, "boot", self.decisions)
        caps = Caps(OwnerLimit(None, self.decisions), self.absence, dimming, None, at(0))
        self.holding = Holding(self.profiles, caps, self.decisions)
        self.box = box_of()
        self.state: State = transaction(3, at(0))

    def during(self, begin_s: int, end_s: int) -> list[str]:
        """What is logged from one second to another."""
        for second in range(begin_s, end_s):
            self.holding.step(self.state, self.box, at(second))
        return list(self.decisions.drain().notes)


BEGINS = "charging profile 5 holds the car at 0 A: it allows {} A, and a car needs 6 A to charge"
ENDS = "charging profile 5 does not hold the car any more"


@pytest.mark.parametrize("limit_a", [0.0, 5.9])
def test_a_limit_below_6_a_is_logged_once(limit_a: float) -> None:
    assert Held(profile(5, limit=limit_a)).during(0, 300) == [BEGINS.format(f"{limit_a:g}")]


def test_6_a_hold_nobody() -> None:
    assert Held(profile(5, limit=6.0)).during(0, 300) == []


def test_its_end_is_logged_too_and_another_cause_by_its_own_name() -> None:
    held = Held(profile(5, periods=(Period(0, 16.0), Period(10, 0.0), Period(20, 16.0), Period(30, 0.0))))
    assert held.during(0, 10) == []
    assert held.during(10, 20) == [BEGINS.format(0)]
    assert held.during(20, 30) == [ENDS]
    assert held.during(30, 40) == [BEGINS.format(0)]
    held.profiles.install(profile(6, limit=0.0, stack_level=1))
    (line,) = held.during(40, 50)
    assert line.startswith("charging profile 6 holds the car")
    held.profiles.clear(Criteria())
    assert held.during(50, 60) == ["charging profile 6 does not hold the car any more"]


def test_a_limit_for_the_absence_is_a_cause_too() -> None:
    held = Held(lost=LostLimit(60.0, 0.0))
    held.absence.observe(online=False, now_s=at(10).s)
    assert held.during(10, 70) == []
    (line,) = held.during(70, 200)
    assert line.startswith("fallback.central_system_lost_limit_a holds the car at 0 A: ")


def test_a_meter_that_is_lost_for_long_is_a_cause_too() -> None:
    held = Held()
    held.box.status = status(at(0).s, faults=(Fault("meter_lost", 1, at(0).s, "itself", opens=False),))
    assert held.during(0, 60) == []
    (line,) = held.during(60, 100)
    assert line.startswith("the lost meter holds the car at 0 A: it allows 0 A")


@pytest.mark.parametrize("stopped", ["idle", "stopping", "deauthorized"])
def test_nobody_is_held_who_does_not_charge(stopped: str) -> None:
    held = Held(profile(5, limit=0.0))
    running = transaction(3, at(0))
    states: dict[str, State] = {
        "idle": Idle(),
        "stopping": replace(running, stopping=Stopping("Local", None, at(0).s, "SuspendedEVSE")),
        "deauthorized": replace(running, deauthorized=True),
    }
    held.state = states[stopped]
    assert held.during(0, 10) == []
    held.state = running
    assert len(held.during(10, 20)) == 1
    held.state = states[stopped]
    assert held.during(20, 30) == [], "its end is no news"
