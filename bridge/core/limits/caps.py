"""All limits that no charging profile sets. The least of them wins, each by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from bridge.core.box_view import BoxView
from bridge.core.configuration.phase_rotation import phases_of
from bridge.core.limits.absence import Absence
from bridge.core.limits.cap import Cap
from bridge.core.limits.dimming import Dimming
from bridge.core.limits.house_load import HouseLoads, Wires
from bridge.core.limits.main_fuse import MainFuse
from bridge.core.limits.owner_limit import OwnerLimit
from bridge.core.limits.surplus import Surplus
from bridge.core.now import Now
from bridge.core.setup import SurplusSetup
from hal.contract import FRESH_S, LOST_PAUSE_S, House, HouseReading, Reading

LOST_CAP_A = 6.0  # without a meter, for LOST_PAUSE_S; then nothing
R = TypeVar("R", Reading, HouseReading)
_DRAWS_A = 1.0  # on a phase: less is noise


class Caps:
    """Call `step` at every step; `each` are the limits of that moment."""

    def __init__(
        self, owner: OwnerLimit, absence: Absence, dimming: Dimming, surplus: SurplusSetup | None, now: Now
    ) -> None:
        self.owner = owner
        self._absence = absence
        self.dimming = dimming
        self._surplus = Surplus(surplus) if surplus is not None else None
        self._loads = HouseLoads()
        self._fuse = MainFuse(now.s)
        self._car_phases: int | None = None  # that the present car was seen to use; None: not yet

    def step(self, box: BoxView, rotation: str, *, online: bool, now: Now) -> None:
        """Follows meters, dimming input and link. `rotation`: of the wires at the box (OCPP 1.6 9.1)."""
        self._absence.observe(online=online, now_s=now.s)
        self.dimming.step(box, now)
        house = box.house
        if house is not None:
            self._follow_house(house, box, rotation, now.s)

    def each(self, box: BoxView, now: Now) -> tuple[Cap, ...]:
        """Returns the limits, with what sets them; empty: there is none now."""
        house = box.house
        found = (
            self.owner.cap(),
            of_meter(box, now.s),
            self._absence.cap(now.s),
            self.dimming.cap(box),
            self._fuse.cap(house, now.s) if house is not None else None,
            self._surplus.cap() if self._surplus is not None else None,
        )
        return tuple(cap for cap in found if cap is not None)

    def by_name(self, box: BoxView, now: Now) -> Mapping[str, float]:
        """Returns the amps of each."""
        return {cap.name: cap.limit_a for cap in self.each(box, now)}

    def _follow_house(self, house: House, box: BoxView, rotation: str, now_s: float) -> None:
        self._see_car(box, now_s)
        self._loads.feed(_of_now(box.reading, now_s), _of_now(box.house_reading, now_s))
        hangs = wires(rotation, house, box.supply.phases)
        for load in self._loads.step(hangs, now_s):
            self._fuse.feed(load, house, hangs)
            if self._surplus is not None:
                self._surplus.feed(load)
        self._fuse.observe(house, charges=box.contactor_closed, now_s=now_s)
        if self._surplus is not None:
            phases = self._car_phases or box.supply.phases
            phase_w_a = phases * self._volts(box, now_s)
            self._surplus.observe(phase_w_a, charges=box.contactor_closed, now_s=now_s)

    def _see_car(self, box: BoxView, now_s: float) -> None:
        """Counts the phases on which the present car draws."""
        if not box.car_connected:
            self._car_phases = None
        reading = box.fresh_reading(now_s)
        if reading is not None and box.contactor_closed:
            self._car_phases = sum(amps >= _DRAWS_A for amps in reading.current_a) or self._car_phases

    @staticmethod
    def _volts(box: BoxView, now_s: float) -> float:
        reading, supply = box.fresh_reading(now_s), box.supply
        return supply.mean_voltage_v(reading.voltage_v) if reading else supply.nominal_voltage_v


def _of_now(reading: R | None, now_s: float) -> R | None:
    """Returns a reading that can be of now; one of another clock, or a later one, is none."""
    return reading if reading is not None and abs(now_s - reading.at_s) <= FRESH_S else None


def wires(rotation: str, house: House, phases: int) -> Wires:
    """Returns how the box hangs in the house: as its rotation says, RST where nobody has said."""
    return (house.box_phase - 1,) if phases == 1 else phases_of(rotation) or (0, 1, 2)


def of_meter(box: BoxView, now_s: float) -> Cap | None:
    """Returns 6 A without a meter, 0 after a minute; None: no cap."""
    lost_s = box.lasting_s("meter_lost", now_s)
    if lost_s is None:
        return None
    if lost_s >= LOST_PAUSE_S:
        return Cap("the lost meter", 0.0)
    return Cap("the lost meter", LOST_CAP_A)
