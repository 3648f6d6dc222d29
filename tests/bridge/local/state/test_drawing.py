"""What the State says of a charge point, and that whoever looks changes nothing."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from bridge.core.now import SINCE_BOOT, Now
from bridge.local.orders import Looked, encode, reply
from bridge.local.state.drawing import MEASURED_S, REFUSAL_SHOWN_S, LinkLook, drawn
from bridge.local.state.state import Limit, State
from hal.contract import Card, HouseReading
from tests.bridge.core.charge_points import at, charge_point, hear
from tests.bridge.core.limits.test_caps import with_house
from tests.bridge.core.messages import CHARGING, WAITING, fault, reading, status
from tests.scenarios.player import play
from tests.scenarios.pure import PureWorld
from tests.scenarios.test_scenarios import SCENARIOS
from tests.scenarios.trace import Trace

LINK = LinkLook(connected=True, standing="accepted", since_s=at(-60).s, heard_s=at(-2).s)


def charging(measured_a: float, since_closed_s: float) -> State:
    """A car in C whose contactor is closed; the meter has just been read."""
    core, now = charge_point(), at(100)
    closed_at_s = now.s - since_closed_s
    hear(core, status(now.s, **CHARGING, contactor_changed_at_s=closed_at_s), now)
    taken = msgspec.structs.replace(reading(now.s), current_a=(0.0, measured_a, 0.0))
    hear(core, taken, now)
    return drawn(core, LINK, now)


@pytest.mark.parametrize(
    ("measured_a", "since_closed_s", "charges"),
    [(10.0, 60.0, True), (0.6, 60.0, True), (0.4, 60.0, False), (0.0, MEASURED_S - 1.0, True)],
)
def test_a_closed_contactor_without_current_is_no_charging(
    measured_a: float, since_closed_s: float, charges: bool
) -> None:
    assert charging(measured_a, since_closed_s).charges == charges


@pytest.mark.parametrize("more", [{"vehicle": "B"}, {"contactor_closed": False}])
def test_what_does_not_flow_is_not_said_to(more: dict[str, object]) -> None:
    core = charge_point()
    hear(core, status(at(1).s, **{**CHARGING, **more}), at(1))
    assert not drawn(core, LINK, at(1)).charges


def test_a_silent_box_is_not_said_to_charge() -> None:
    core = charge_point()
    hear(core, status(at(1).s, **CHARGING), at(1))
    state = drawn(core, LINK, at(10))
    assert (state.charges, state.box.alive, state.box.silent_s) == (False, False, 9.0)
    assert state.why[0].id == "reflexes_silent"


def test_times_are_utc_beside_for_how_long() -> None:
    state = drawn(charge_point(), LINK, at(0))
    assert (state.at, state.link.since, state.link.since_s) == (
        "2026-01-01T00:00:00Z", "2025-12-31T23:59:00Z", 60.0,
    )  # fmt: skip
    assert (state.link.heard_at, state.link.heard_s) == ("2025-12-31T23:59:58Z", 2.0)


def test_a_time_that_nobody_knows_is_not_said() -> None:
    undated = Now(1000.0, SINCE_BOOT + timedelta(seconds=1000))
    state = drawn(charge_point(), LINK, undated)
    assert (state.at, state.link.since, state.link.since_s) == (None, None, 60.0)
    assert orders_keep(state) == state


def orders_keep(state: State) -> State | None:
    """As it crosses the desk."""
    return reply(encode(Looked(state)), Looked).state


def test_every_limit_has_its_name_and_the_least_is_first() -> None:
    core = charge_point()
    limits_a = {"wish": 0.0, "cable": 20.0, "installation": 16.0, "temperature": 0.0}
    hear(
        core, status(at(1).s, **WAITING, limits_a=limits_a, faults=(fault("meter_lost", opens=False),)), at(1)
    )
    named = [(limit.name, limit.limit_a) for limit in drawn(core, LINK, at(1)).limits]
    assert named == [("the lost meter", 0.0), ("temperature", 0.0), ("installation", 16.0), ("cable", 20.0)]


def test_a_limit_of_the_house_says_until_when() -> None:
    """A pause of the main fuse: 2 min at least, and 60 s of enough; CLOCK_MONOTONIC becomes UTC."""
    core = with_house()
    loaded = HouseReading(
        at_s=at(1).s, current_a=(24.0, 0.0, 0.0), voltage_v=(230.0, 230.0, 230.0), power_w=5520.0
    )
    hear(core, reading(at(1).s), at(1))
    core.heard(loaded, at(1))
    core.step(at(1))
    (fuse, *_) = drawn(core, LINK, at(11)).limits
    assert (fuse.name, fuse.limit_a) == ("the quiet house meter", 0.0)
    (fuse, *_) = drawn(core, LINK, at(5)).limits
    assert (fuse.name, fuse.limit_a) == ("the main fuse", 0.0)
    assert (fuse.until_s, fuse.until) == (116.0, "2026-01-01T00:02:01Z")


def test_a_cable_whose_rating_is_not_known_is_no_limit() -> None:
    core = charge_point()
    hear(core, status(at(1).s, limits_a={"wish": 0.0, "cable": 0.0}), at(1))
    assert drawn(core, LINK, at(1)).limits == (Limit(name="installation", limit_a=16.0),)


def test_a_refused_card_is_forgotten_after_a_minute() -> None:
    core = charge_point()
    core.connector.card_presented(Card("i", 1, at(-10).s, "04AABBCC"), at(0))
    refusal = drawn(core, LINK, at(REFUSAL_SHOWN_S)).connector.refusal
    assert refusal is not None
    assert (refusal.id_tag, refusal.ago_s, refusal.online) == ("04AABBCC", REFUSAL_SHOWN_S, True)
    assert drawn(core, LINK, at(REFUSAL_SHOWN_S + 1)).connector.refusal is None


def test_how_long_the_pilot_offers_counts_from_the_first_amp() -> None:
    core = charge_point()
    for s, offer in ((1, "x1"), (2, 6.0), (5, 16.0)):
        hear(core, status(at(s).s, **WAITING, pilot_offer=offer), at(s))
    assert drawn(core, LINK, at(6)).box.offered_for_s == 4.0
    hear(core, status(at(7).s, **WAITING, pilot_offer="x1"), at(7))
    assert drawn(core, LINK, at(7)).box.offered_for_s is None


def test_whoever_looks_changes_no_voltage() -> None:
    """Watts become amps anew each 60 s, counted from the first use by the program itself."""
    core = charge_point()
    hear(core, reading(at(1).s), at(1))
    drawn(core, LINK, at(1))
    hear(core, msgspec.structs.replace(reading(at(2).s), voltage_v=(200.0, 200.0, 200.0)), at(2))
    assert core.profiles.mains(core.box, at(2)).voltage_v == 200.0


def traced(name: str, *, looking: bool) -> Trace:
    (scenario,) = [each for each in SCENARIOS if each.name == name]
    world = PureWorld(scenario, scenario.modes[0])
    if looking:
        world.stirred = world.look
    try:
        play(scenario, world)
        return world.end()
    finally:
        world.close()


@pytest.mark.parametrize("name", ["watts.scenario", "reservation_expires.scenario"])
def test_whoever_looks_at_every_event_changes_nothing(name: str) -> None:
    assert traced(name, looking=True) == traced(name, looking=False)
