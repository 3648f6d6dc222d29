"""PURE: the `EvseView` of an `Evse`: what other programs may see."""

from __future__ import annotations

from dataclasses import dataclass

from hal.contract import Counters, EvseView, Fault
from hal.core.contactor.history import Contactor
from hal.core.control_pilot.offer import Offer
from hal.core.control_pilot.vehicle import VehicleFilter
from hal.core.control_pilot.visit import Visit
from hal.core.plug.lock import Lock
from hal.core.plug.proximity_pilot import Plug
from hal.core.supervision.stop_button import StopButton


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one box that `status` and the log read."""

    vehicle: VehicleFilter
    visit: Visit
    plug: Plug
    offer: Offer
    lock: Lock | None
    contactor: Contactor
    stop_button: StopButton


def view_of(
    parts: Parts,
    faults: tuple[Fault, ...],
    limits_a: dict[str, float],
    withheld_by: tuple[str, ...],
    wish_seq: int,
    notes: tuple[str, ...],
) -> EvseView:
    """Makes a snapshot: nothing in it changes later."""
    contactor = parts.contactor
    return EvseView(
        vehicle=parts.vehicle.state,
        pilot_offer="x1" if parts.offer.testing else parts.offer.shown,
        cable_present=parts.plug.present,
        cable_rating_a=parts.plug.rating_a,
        lock=parts.lock.state if parts.lock is not None else None,
        contactor_commanded=contactor.commanded,
        contactor_closed=contactor.mirror_closed,
        contactor_changed_at_s=contactor.mirror_changed_s,
        limits_a=dict(limits_a),
        limited_by=min(limits_a, key=lambda name: limits_a[name]),
        withheld_by=withheld_by,
        faults=faults,
        counters=Counters(  # the others are the loop's
            closings=contactor.closings,
            openings_under_load=contactor.openings_under_load,
            last_open_ms=contactor.last_open_ms,
        ),
        wish_seq=wish_seq,
        car_here=parts.visit.here,
        plug_ins=parts.visit.plug_ins,
        stop_pressed=parts.stop_button.pressed,
        notes=notes,
    )
