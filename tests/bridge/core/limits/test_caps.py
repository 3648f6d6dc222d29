"""What the charge point makes of a house: the limits by name, and readings that cannot be of now."""

from __future__ import annotations

import msgspec

from bridge.core.charge_point import ChargePoint
from hal.contract import House, HouseReading
from tests.bridge.core.charge_points import at, charge_point
from tests.bridge.core.messages import BOX, reading, status


def with_house(phases: int = 3) -> ChargePoint:
    core = charge_point(phases=phases)
    box = msgspec.structs.replace(
        BOX,
        phases=phases,
        installation_max_a=16.0,
        house=House(25.0, 6.0, phases=3, box_phase=2 if phases == 1 else 1),
        dimming_w=4200.0,
    )
    core.heard(box, at(0))
    return core


def hear(core: ChargePoint, second: float, *, read_at: float | None = None, dimmed: bool = False) -> None:
    """One second: both meters, and the state of the box."""
    now, moment_s = at(second), at(second if read_at is None else read_at).s
    core.heard(status(now.s, dimmed=dimmed), now)
    core.heard(reading(now.s), now)
    house = HouseReading(
        at_s=moment_s, current_a=(10.0, 5.0, -3.0), voltage_v=(230.0, 230.0, 230.0), power_w=2760.0
    )
    core.heard(house, now)
    core.step(now)


def test_each_limit_has_its_name() -> None:
    core = with_house()
    assert core.caps_a(at(0)) == {"the house meter, which was not read yet": 0.0}
    hear(core, 1)
    assert core.caps_a(at(1)) == {"the main fuse": 14.5}
    hear(core, 2, dimmed=True)
    assert core.caps_a(at(2)) == {"dimming by the grid operator": 6.0, "the main fuse": 14.5}
    assert core.caps_a(at(10)) == {"dimming by the grid operator": 6.0, "the quiet house meter": 6.0}


def test_a_box_of_one_phase_hangs_where_it_was_said() -> None:
    core = with_house(phases=1)
    hear(core, 1)
    assert core.caps_a(at(1)) == {"the main fuse": 19.5}


def test_a_reading_of_another_clock_is_none() -> None:
    """Neither does it count, nor does it hide those that follow."""
    core = with_house()
    hear(core, 1, read_at=1e9)
    hear(core, 2, read_at=-1e9)
    assert "the main fuse" not in core.caps_a(at(2))
    hear(core, 3)
    assert core.caps_a(at(3)) == {"the main fuse": 14.5}


def test_a_box_without_a_house_has_no_such_limits() -> None:
    core = charge_point()
    hear(core, 1, dimmed=True)
    assert core.caps_a(at(1)) == {}
